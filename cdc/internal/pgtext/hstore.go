package pgtext

import "github.com/tablewire/tablewire/protocol/wal"

// hstore is the extension's type. appendHstore does its cast to json. Versions of the extension
// before 1.2 had no such cast.
var hstore = wal.ExtensionType{Name: "hstore", Type: "hstore"}

// appendHstore appends an hstore as an object of strings and nulls, which is what
// its cast to json gives, and so to_jsonb. Its text form always quotes keys and
// values: "a"=>"1", "b"=>NULL.
func appendHstore(dst, text []byte) []byte {
	start := len(dst)
	dst = append(dst, '{')
	for s := text; len(s) > 0; {
		var ok bool
		if dst, s, ok = appendPair(dst, s); !ok {
			return appendString(dst[:start], text)
		}
		if len(s) == 0 {
			break
		}
		if s, ok = cutPrefix(s, ", "); !ok || len(s) == 0 {
			return appendString(dst[:start], text)
		}
		dst = append(dst, ',')
	}
	return append(dst, '}')
}

// appendPair appends a key and its value, and returns what follows them.
func appendPair(dst, s []byte) (_, rest []byte, ok bool) {
	if s[0] != '"' {
		return dst, nil, false
	}
	if dst, s, ok = quoted(dst, s, false, appendString); !ok {
		return dst, nil, false
	}
	dst = append(dst, ':')
	if s, ok = cutPrefix(s, "=>"); !ok {
		return dst, nil, false
	}
	if rest, ok = cutPrefix(s, "NULL"); ok {
		return append(dst, "null"...), rest, true
	}
	if len(s) == 0 || s[0] != '"' {
		return dst, nil, false
	}
	return quoted(dst, s, false, appendString)
}
