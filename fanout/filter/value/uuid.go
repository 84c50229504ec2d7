package value

import "strings"

// uuidOpclass compares the text that PostgreSQL prints. Lower-case digits, with hyphens always
// at the same places, have the order of the bytes.
var uuidOpclass = &Opclass{
	literal: func(text string) (Datum, error) {
		canonical, ok := parseUUID(text)
		if !ok {
			return Datum{}, errNot("a uuid")
		}
		return Datum{bytes: canonical}, nil
	},
	Read:       func(text []byte) (Datum, bool) { return Datum{bytes: text}, len(text) == 36 },
	Comparison: texts,
	ordered:    true,
}

// parseUUID reads what uuid's input function reads (manual: UUID Type): 32 digits in either
// case, with or without hyphens after groups of four and braces around all.
func parseUUID(text string) ([]byte, bool) {
	if inner, ok := strings.CutPrefix(text, "{"); ok {
		if text, ok = strings.CutSuffix(inner, "}"); !ok {
			return nil, false
		}
	}
	canonical := make([]byte, 0, 36)
	digits := 0
	for i := 0; i < len(text); i++ {
		c, ok := lowerHex(text[i])
		switch {
		case ok && digits < 32:
			if digits == 8 || digits == 12 || digits == 16 || digits == 20 {
				canonical = append(canonical, '-')
			}
			canonical = append(canonical, c)
			digits++
		case text[i] == '-' && digits > 0 && digits < 32 && digits%4 == 0 && text[i-1] != '-':
		default:
			return nil, false
		}
	}
	return canonical, digits == 32
}

// lowerHex returns a hexadecimal digit in lower case.
func lowerHex(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9', c >= 'a' && c <= 'f':
		return c, true
	case c >= 'A' && c <= 'F':
		return c + 'a' - 'A', true
	}
	return 0, false
}
