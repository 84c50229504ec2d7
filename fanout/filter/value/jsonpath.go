package value

import (
	"bytes"
	"encoding/json"
)

// These functions take JSON that PostgreSQL has found valid. In anything else they find
// nothing, and they never read past the end.

// JSONAt returns what a path of object members leads to, as SQL's col->'a'->>'b' does; false
// for NULL. The result shares the memory of text, unless it has escapes.
func JSONAt(text []byte, path []string) ([]byte, bool) {
	for _, name := range path {
		var ok bool
		if text, ok = jsonMember(text, name); !ok {
			return nil, false
		}
	}
	return JSONText(text)
}

// jsonMember finds a member of an object. Of several members with one name the last one
// counts, as in PostgreSQL.
func jsonMember(text []byte, name string) (found []byte, ok bool) {
	JSONMembers(text, func(key, value []byte) {
		if jsonStringIs(key, name) {
			found, ok = value, true
		}
	})
	return found, ok
}

// JSONMembers calls member for each member of an object, in order; for a value that is no
// object not once. key and value are the JSON as it stands in text, key with its quotes, and
// share the memory of text.
func JSONMembers(text []byte, member func(key, value []byte)) {
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

// JSONText returns what SQL's ->> makes of a value: a string's content, or another value's
// JSON; false for null, and for no value at all. The result shares the memory of raw, unless
// it has escapes.
func JSONText(raw []byte) ([]byte, bool) {
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return nil, false
	case raw[0] != '"':
		return raw, true
	}
	return Unquote(raw), true
}

func jsonStringIs(raw []byte, s string) bool { return string(Unquote(raw)) == s }

// Unquote returns a JSON string's content. It allocates only if there are escapes; otherwise
// the result shares the memory of raw. It returns nil for a string that no text can hold.
func Unquote(raw []byte) []byte {
	if len(raw) >= 2 && bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return nil
	}
	return []byte(s)
}
