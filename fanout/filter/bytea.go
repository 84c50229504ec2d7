package filter

import "strings"

// byteaClass compares the text that PostgreSQL prints under bytea_output=hex:
// lower-case digits have the order of the bytes.
var byteaClass = &class{
	literal: func(text string) (datum, error) {
		canonical, ok := parseBytea(text)
		if !ok {
			return datum{}, errNot(`bytea in hex, as in \x0aff`)
		}
		return datum{bytes: canonical}, nil
	},
	read:       textClass.read,
	comparison: texts,
	ordered:    true,
}

// parseBytea takes \x and pairs of digits, between which there may be blanks.
func parseBytea(text string) ([]byte, bool) {
	rest, ok := strings.CutPrefix(text, `\x`)
	if !ok {
		return nil, false
	}
	canonical := append(make([]byte, 0, len(text)), `\x`...)
	for i := 0; i < len(rest); i++ {
		c, ok := lowerHex(rest[i])
		betweenPairs := len(canonical)%2 == 0
		switch {
		case ok:
			canonical = append(canonical, c)
		case betweenPairs && strings.IndexByte(" \t\n\r", rest[i]) >= 0:
		default:
			return nil, false
		}
	}
	return canonical, len(canonical)%2 == 0
}
