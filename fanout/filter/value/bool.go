package value

import "strings"

// boolOpclass orders false before true.
var boolOpclass = &Opclass{
	literal: func(text string) (Datum, error) {
		yes, ok := ParseBool(text)
		if !ok {
			return Datum{}, errNot("a boolean")
		}
		return boolDatum(yes), nil
	},
	Read: func(text []byte) (Datum, bool) {
		return boolDatum(string(text) == "t"), string(text) == "t" || string(text) == "f"
	},
	Comparison: words,
	ordered:    true,
	// boolean's cast to text gives true and false, its output function t and f.
	castText: func(text []byte) []byte {
		if string(text) == "t" {
			return trueText
		}
		return falseText
	},
}

var trueText, falseText = []byte("true"), []byte("false")

func boolDatum(b bool) Datum {
	if b {
		return Datum{word: 1}
	}
	return Datum{}
}

// ParseBool reads what boolean's input function reads (manual: Boolean Type): any unique
// prefix of true, false, yes, no, on and off, and 1 and 0, in either case, with blanks around
// it.
func ParseBool(text string) (value, ok bool) {
	text = strings.ToLower(trimBlanks(text))
	switch text {
	case "t", "tr", "tru", "true", "y", "ye", "yes", "on", "1":
		return true, true
	case "f", "fa", "fal", "fals", "false", "n", "no", "of", "off", "0":
		return false, true
	}
	return false, false
}

// trimBlanks trims the blanks that PostgreSQL's input functions skip (isspace of C).
func trimBlanks(s string) string { return strings.Trim(s, " \t\n\v\f\r") }
