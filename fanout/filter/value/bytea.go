package value

import "strings"

// byteaOpclass compares the text that PostgreSQL prints with bytea_output = hex. Lower-case
// digits have the order of the bytes.
var byteaOpclass = &Opclass{
	literal: func(text string) (Datum, error) {
		canonical, ok := parseBytea(text)
		if !ok {
			return Datum{}, errNot(`bytea in hex, as in \x0aff`)
		}
		return Datum{bytes: canonical}, nil
	},
	Read:       Text.Read,
	Comparison: texts,
	ordered:    true,
}

// parseBytea reads \x and pairs of hexadecimal digits, with or without blanks between pairs.
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
