package filter

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/tablewire/tablewire/fanout/filter/value"
)

// literals is the value of a member: one literal, or a JSON array of literals.
type literals struct {
	items []literal
	array bool
}

// literal is a JSON scalar. As in SQL, which takes every literal in quotes, its text counts. Its
// JSON type matters only for null, for numbers compared with integers, and for paths into JSON.
type literal struct {
	jsonType jsonType
	text     string // a string's content; otherwise as it stands in the JSON
}

type jsonType uint8

const (
	jsonNull jsonType = iota
	jsonBool
	jsonNumber
	jsonString
)

var errLiteral = errors.New("want a string, a number, a boolean or null, or a list of them for in and notin")

func parseLiterals(raw json.RawMessage) (literals, error) {
	if raw[0] != '[' {
		l, err := parseLiteral(raw)
		return literals{items: []literal{l}}, err
	}
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return literals{}, err
	}
	v := literals{array: true, items: make([]literal, len(items))}
	for i, item := range items {
		var err error
		if v.items[i], err = parseLiteral(item); err != nil {
			return literals{}, err
		}
	}
	return v, nil
}

func parseLiteral(raw json.RawMessage) (literal, error) {
	switch raw[0] {
	case 'n':
		return literal{jsonType: jsonNull}, nil
	case 't', 'f':
		return literal{jsonBool, string(raw)}, nil
	case '[', '{':
		return literal{}, errLiteral
	case '"':
		l := literal{jsonType: jsonString}
		if err := json.Unmarshal(raw, &l.text); err != nil {
			return literal{}, err
		}
		if strings.Contains(l.text, "\x00") {
			return literal{}, errors.New("holds the character U+0000, which no value can")
		}
		return l, nil
	}
	return literal{jsonNumber, string(raw)}, nil
}

// list returns the list for in and notin: an array's items as they are, or a string's items, split
// at its commas and without blanks around them. Any other scalar is a list of one.
func (v literals) list() ([]literal, error) {
	items := v.items
	if !v.array && items[0].jsonType == jsonString {
		parts := strings.Split(items[0].text, ",")
		items = make([]literal, len(parts))
		for i, part := range parts {
			items[i] = literal{jsonString, strings.TrimSpace(part)}
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

// scalar returns the literal for all other operators.
func (v literals) scalar() (literal, error) {
	if v.array {
		return literal{}, errors.New("a list needs the operator in or notin")
	}
	return v.items[0], nil
}

// String returns the literal as an error shows it.
func (l literal) String() string {
	if l.jsonType == jsonNull {
		return "null"
	}
	if l.jsonType == jsonString {
		return strconv.Quote(value.Shorten(l.text))
	}
	return value.Shorten(l.text)
}
