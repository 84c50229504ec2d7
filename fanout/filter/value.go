package filter

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// value is the right side of a member: one literal, or a JSON array of them.
type value struct {
	items []literal
	array bool
}

// literal is a JSON scalar. As in SQL, where every literal can be written in
// quotes, what counts is its text; its form matters to JSON paths alone.
type literal struct {
	form form
	text string // a string's content; else as it stands in the JSON
}

type form uint8

const (
	formNull form = iota
	formBool
	formNumber
	formString
)

var errValue = errors.New("want a string, a number, a boolean or null, or a list of them for in and notin")

func parseValue(raw json.RawMessage) (value, error) {
	if raw[0] != '[' {
		l, err := parseLiteral(raw)
		return value{items: []literal{l}}, err
	}
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return value{}, err
	}
	v := value{array: true, items: make([]literal, len(items))}
	for i, item := range items {
		var err error
		if v.items[i], err = parseLiteral(item); err != nil {
			return value{}, err
		}
	}
	return v, nil
}

func parseLiteral(raw json.RawMessage) (literal, error) {
	switch raw[0] {
	case 'n':
		return literal{form: formNull}, nil
	case 't', 'f':
		return literal{formBool, string(raw)}, nil
	case '[', '{':
		return literal{}, errValue
	case '"':
		l := literal{form: formString}
		if err := json.Unmarshal(raw, &l.text); err != nil {
			return literal{}, err
		}
		if strings.Contains(l.text, "\x00") {
			return literal{}, errors.New("holds the character U+0000, which no value can")
		}
		return l, nil
	}
	return literal{formNumber, string(raw)}, nil
}

// list is the value as the list that in and notin take: an array as it is, a
// string split at its commas, any other scalar as a list of one. Blanks around
// an item of a string don't belong to it; an array's items are taken verbatim.
func (v value) list() ([]literal, error) {
	items := v.items
	if !v.array && items[0].form == formString {
		parts := strings.Split(items[0].text, ",")
		items = make([]literal, len(parts))
		for i, part := range parts {
			items[i] = literal{formString, strings.TrimSpace(part)}
		}
	}
	switch {
	case len(items) == 0:
		return nil, errors.New("the list is empty")
	case len(items) > MaxItems:
		return nil, fmt.Errorf("the lists have more than %d items", MaxItems)
	}
	return items, nil
}

// scalar is the value as all other operators take it.
func (v value) scalar() (literal, error) {
	if v.array {
		return literal{}, errors.New("a list needs the operator in or notin")
	}
	return v.items[0], nil
}

// maxQuoted is how much of a literal an error message repeats.
const maxQuoted = 60

// String is the literal as an error message shows it.
func (l literal) String() string {
	if l.form == formNull {
		return "null"
	}
	text := l.text
	if len(text) > maxQuoted {
		n := maxQuoted
		for n > 0 && !utf8.RuneStart(text[n]) {
			n--
		}
		text = text[:n] + "…"
	}
	if l.form == formString {
		return strconv.Quote(text)
	}
	return text
}
