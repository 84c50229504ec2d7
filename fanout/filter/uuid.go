package filter

import "strings"

// uuidClass compares the text that PostgreSQL prints: lower-case digits with the
// hyphens always at the same places have the order of the bytes.
var uuidClass = &class{
	literal: func(text string) (datum, error) {
		canonical, ok := parseUUID(text)
		if !ok {
			return datum{}, errNot("a uuid")
		}
		return datum{bytes: canonical}, nil
	},
	read:       func(text []byte) (datum, bool) { return datum{bytes: text}, len(text) == 36 },
	comparison: texts,
	ordered:    true,
}

// parseUUID takes what uuid's input function takes: 32 digits of either case,
// hyphens after any group of four, braces around it all.
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

func lowerHex(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9', c >= 'a' && c <= 'f':
		return c, true
	case c >= 'A' && c <= 'F':
		return c + 'a' - 'A', true
	}
	return 0, false
}
