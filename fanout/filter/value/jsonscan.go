package value

import "strings"

// The functions here skip what begins at text[i], and return the index behind it. They take
// JSON that PostgreSQL has found valid; in anything else they never read past the end.

func skipSpace(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r') {
		i++
	}
	return i
}

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
