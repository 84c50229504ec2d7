package filter

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tablewire/tablewire/protocol/jsonstring"
)

// jsonClass is of json, which has no equality in PostgreSQL.
var jsonClass = &class{literal: textClass.literal, read: textClass.read}

// jsonbClass has jsonb's equality: numbers are equal by value, members in any
// order. Its order exists in PostgreSQL but says nothing to anybody.
var jsonbClass = &class{
	literal: func(text string) (datum, error) {
		canonical, err := canonicalJSON(text)
		return datum{bytes: canonical}, err
	},
	read:       textClass.read,
	comparison: documents,
}

// pathNumberClass compares what a path leads to with a number: the value's text
// is cast to numeric where it is a number, and counts as NULL where it isn't.
var pathNumberClass = &class{
	literal:    parseNumeric,
	read:       readDecimal,
	comparison: decimals,
	ordered:    true,
}

// canonicalJSON writes a literal as jsonb prints values, but for blanks and the
// spelling of numbers, so that it can be compared with a row's text token by
// token.
func canonicalJSON(text string) ([]byte, error) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	err := dec.Decode(&v)
	if err == nil {
		_, err = dec.Token()
	}
	if !errors.Is(err, io.EOF) || strings.TrimSpace(text) == "" {
		return nil, errNot("JSON")
	}
	return appendJSON(nil, v)
}

func appendJSON(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case string:
		return appendJSONString(dst, v)
	case json.Number:
		d, err := numericClass.literal(v.String())
		return appendDecimal(dst, d), err
	case []any:
		dst = append(dst, '[')
		for i, item := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			var err error
			if dst, err = appendJSON(dst, item); err != nil {
				return nil, err
			}
		}
		return append(dst, ']'), nil
	case map[string]any:
		return appendJSONObject(dst, v)
	}
	return nil, errNot("JSON")
}

func appendJSONObject(dst []byte, members map[string]any) ([]byte, error) {
	// jsonb keeps members by the length of their names, then by bytes.
	names := slices.SortedFunc(maps.Keys(members), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	})
	dst = append(dst, '{')
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendJSONString(dst, name); err != nil {
			return nil, err
		}
		if dst, err = appendJSON(append(dst, ':'), members[name]); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func appendJSONString(dst []byte, s string) ([]byte, error) {
	if strings.Contains(s, "\x00") {
		return nil, errors.New("holds the character U+0000, which jsonb can't")
	}
	return jsonstring.Append(dst, s), nil
}

func appendDecimal(dst []byte, d datum) []byte {
	if d.word == signZero {
		return append(dst, '0')
	}
	if d.word < 0 {
		dst = append(dst, '-')
	}
	dst = append(append(dst, d.bytes...), 'e')
	return strconv.AppendInt(dst, d.low*d.word-int64(len(d.bytes)), 10)
}

// compareJSON is 0 for values that jsonb finds equal, and else consistent, so
// that lists can be searched: token by token, numbers by value.
func compareJSON(x, y datum) int {
	a, b := x.bytes, y.bytes
	for {
		var s, t []byte
		s, a = nextToken(a)
		t, b = nextToken(b)
		if len(s) == 0 || len(t) == 0 {
			return cmp.Compare(len(s), len(t))
		}
		if order := compareTokens(s, t); order != 0 {
			return order
		}
	}
}

func compareTokens(s, t []byte) int {
	m, ok1 := readDecimal(s)
	n, ok2 := readDecimal(t)
	if ok1 && ok2 {
		return compareDecimals(m, n)
	}
	return bytes.Compare(s, t)
}

func hashJSON(d datum) uint64 {
	h := uint64(0)
	for text := d.bytes; ; {
		var token []byte
		if token, text = nextToken(text); len(token) == 0 {
			return h
		}
		if number, ok := readDecimal(token); ok {
			h = mix(h, hashDecimal(number))
		} else {
			h = mix(h, hashBytes(token))
		}
	}
}

func nextToken(text []byte) (token, rest []byte) {
	i := skipSpace(text, 0)
	if i == len(text) {
		return nil, nil
	}
	end := i + 1
	switch text[i] {
	case '"':
		end = skipString(text, i)
	case '{', '}', '[', ']', ',', ':':
	default:
		end = skipWord(text, i)
	}
	return text[i:end], text[end:]
}
