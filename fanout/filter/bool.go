package filter

import "strings"

var boolClass = &class{
	literal: func(text string) (datum, error) {
		yes, ok := parseBool(text)
		if !ok {
			return datum{}, errNot("a boolean")
		}
		return boolDatum(yes), nil
	},
	read: func(text []byte) (datum, bool) {
		return boolDatum(string(text) == "t"), string(text) == "t" || string(text) == "f"
	},
	comparison: words,
	ordered:    true,
	// boolean's cast to text is not its output function.
	form: func(text []byte) []byte {
		if string(text) == "t" {
			return trueText
		}
		return falseText
	},
}

var trueText, falseText = []byte("true"), []byte("false")

func boolDatum(b bool) datum {
	if b {
		return datum{word: 1}
	}
	return datum{}
}

// parseBool takes what boolean's input function takes: any unique prefix of
// true, false, yes, no, on, off, and 1 and 0.
func parseBool(text string) (value, ok bool) {
	text = strings.ToLower(trimBlanks(text))
	switch text {
	case "t", "tr", "tru", "true", "y", "ye", "yes", "on", "1":
		return true, true
	case "f", "fa", "fal", "fals", "false", "n", "no", "of", "off", "0":
		return false, true
	}
	return false, false
}

// trimBlanks trims what PostgreSQL's input functions skip (C's isspace).
func trimBlanks(s string) string { return strings.Trim(s, " \t\n\v\f\r") }
