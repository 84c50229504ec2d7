package value

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

// jsonOpclass is the opclass of json, which has no equality in PostgreSQL.
var jsonOpclass = &Opclass{literal: Text.literal, Read: Text.Read}

// documents compares values of jsonb. It has no order, and so no sort key.
var documents = &Comparison{Compare: compareJSON, Hash: hashJSON}

// jsonbOpclass has jsonb's equality: numbers are equal by value, objects whatever the order
// of their members. PostgreSQL also orders jsonb, but by the database's collation, so
// Tablewire offers no order.
var jsonbOpclass = &Opclass{
	literal: func(text string) (Datum, error) {
		canonical, err := canonicalJSON(text)
		return Datum{bytes: canonical}, err
	},
	Read:       Text.Read,
	Comparison: documents,
}

// PathNumber is the opclass of a path's value in JSON that is compared with a number:
// (col->>'a')::numeric. A text that is no number, for which Read returns false,
// counts as NULL.
var PathNumber = &Opclass{
	literal:    parseNumeric,
	Read:       readDecimal,
	Comparison: decimals,
	ordered:    true,
}

// canonicalJSON writes a literal in the order in which jsonb prints values, so that it can be
// compared with a row's text token by token. Blanks and the spelling of numbers may differ.
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
		d, err := numericOpclass.literal(v.String())
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
	// jsonb orders members by the length of their names, then by bytes.
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

func appendDecimal(dst []byte, d Datum) []byte {
	if d.word == signZero {
		return append(dst, '0')
	}
	if d.word < 0 {
		dst = append(dst, '-')
	}
	dst = append(append(dst, d.bytes...), 'e')
	return strconv.AppendInt(dst, d.low*d.word-int64(len(d.bytes)), 10)
}

// compareJSON is 0 for values that are equal for jsonb. Otherwise it is some order, so that
// lists can be searched: token by token, numbers by value.
func compareJSON(x, y Datum) int {
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

func hashJSON(d Datum) uint64 {
	h := uint64(0)
	for text := d.bytes; ; {
		var token []byte
		if token, text = nextToken(text); len(token) == 0 {
			return h
		}
		if number, ok := readDecimal(token); ok {
			h = Mix(h, hashDecimal(number))
		} else {
			h = Mix(h, HashBytes(token))
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
