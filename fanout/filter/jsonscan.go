package filter

import (
	"bytes"
	"encoding/json"
	"strings"
)

// The scanner takes JSON that PostgreSQL has found valid. On anything else it
// finds nothing, and it never reads past the end.

// jsonAt follows a path of object members: col->'a'->>'b'. False means SQL NULL.
func jsonAt(text []byte, path []string) ([]byte, bool) {
	for _, name := range path {
		var ok bool
		if text, ok = jsonMember(text, name); !ok {
			return nil, false
		}
	}
	return jsonText(text)
}

// jsonMember finds a member of an object. Of several with one name the last
// counts, as in PostgreSQL.
func jsonMember(text []byte, name string) (found []byte, ok bool) {
	jsonMembers(text, func(key, value []byte) {
		if jsonStringIs(key, name) {
			found, ok = value, true
		}
	})
	return found, ok
}

// jsonMembers goes through the members of an object, if it is one: the names as they
// stand in the text, in quotes.
func jsonMembers(text []byte, member func(key, value []byte)) {
	i := skipSpace(text, 0)
	if i == len(text) || text[i] != '{' {
		return
	}
	i = skipSpace(text, i+1)
	for i < len(text) && text[i] == '"' {
		end := skipString(text, i)
		key := text[i:end]
		i = skipSpace(text, end)
		if i == len(text) || text[i] != ':' {
			return
		}
		start := skipSpace(text, i+1)
		i = skipValue(text, start)
		member(key, text[start:i])
		i = skipSpace(text, i)
		if i == len(text) || text[i] != ',' {
			return
		}
		i = skipSpace(text, i+1)
	}
}

// jsonText is what ->> makes of a value: a string's content, any other value's
// JSON; NULL for null.
func jsonText(raw []byte) ([]byte, bool) {
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return nil, false
	case raw[0] != '"':
		return raw, true
	}
	return unquote(raw), true
}

func jsonStringIs(raw []byte, s string) bool { return string(unquote(raw)) == s }

// unquote gives a JSON string's content. It allocates only if there are escapes.
func unquote(raw []byte) []byte {
	if len(raw) >= 2 && bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return nil
	}
	return []byte(s)
}

func skipSpace(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r') {
		i++
	}
	return i
}

// skipString skips the string that begins at i.
func skipString(text []byte, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	return len(text)
}

// skipValue skips the value that begins at i.
func skipValue(text []byte, i int) int {
	for depth := 0; i < len(text); {
		switch text[i] {
		case '"':
			i = skipString(text, i)
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\n', '\t', '\r':
			i++
			continue
		default:
			i = skipWord(text, i)
		}
		if depth <= 0 {
			break
		}
	}
	return i
}

// skipWord skips a number, true, false or null.
func skipWord(text []byte, i int) int {
	for i < len(text) && strings.IndexByte(" \n\t\r,:]}[{\"", text[i]) < 0 {
		i++
	}
	return i
}
