package value

import (
	"fmt"
	"strconv"
	"strings"
)

// canonicalArray reads a client's literal and writes it as arrayReader takes it. A literal may
// have blanks around items, and no bounds. The error names the element that is not of its
// type.
func canonicalArray(elem *Opclass, text string) ([]byte, error) {
	var canonical []byte
	for rest := trimBlanks(text); rest != ""; rest = strings.TrimLeft(rest, arrayBlanks) {
		switch rest[0] {
		case '{', '}', ',':
			canonical = append(canonical, rest[0])
			rest = rest[1:]
			continue
		}
		item, quoted, after, ok := cutItem(rest)
		if !ok || len(canonical) == 0 || canonical[len(canonical)-1] == '"' {
			return nil, errArray
		}
		rest = after
		if !quoted && strings.EqualFold(item, "NULL") {
			canonical = append(canonical, "NULL"...)
			continue
		}
		d, err := elem.literal(item)
		if err != nil {
			return nil, fmt.Errorf("can't be read: its element %s %w", strconv.Quote(Shorten(item)), err)
		}
		spelt := spell(elem, d, item)
		if same, ok := elem.Read(spelt); !ok || elem.Compare(same, d) != 0 {
			return nil, errArray
		}
		canonical = appendQuoted(canonical, spelt)
	}
	if !wellFormed(canonical) || !validArray(elem, canonical) {
		return nil, errArray
	}
	return canonical, nil
}

var errArray = errNot("an array as in {1,2,NULL}, its elements of the type")

const arrayBlanks = " \t\n\v\f\r"

// cutItem cuts the item off that a literal's text begins with.
func cutItem(text string) (item string, quoted bool, rest string, ok bool) {
	if text[0] != '"' {
		end := strings.IndexAny(text, `,{}"\`)
		if end < 0 {
			return "", false, "", false
		}
		return strings.TrimRight(text[:end], arrayBlanks), false, text[end:], text[end] != '"' && text[end] != '\\' && text[end] != '{'
	}
	end := skipString([]byte(text), 0)
	if end < 2 || text[end-1] != '"' {
		return "", false, "", false
	}
	r := arrayReader{text: []byte(text), start: 1, end: end - 1, quoted: true}
	return string(r.element()), true, text[end:], true
}

// wellFormed reports whether commas stand between items and nowhere else, and whether all
// items are equally deep.
func wellFormed(array []byte) bool {
	depth, deepest := 0, -1
	before := byte(0)
	for i := 0; i < len(array); i++ {
		c := array[i]
		starts := before == 0 && i == 0 || before == '{' || before == ','
		switch c {
		case '{':
			if !starts {
				return false
			}
			depth++
		case '}':
			if before == ',' || before == '{' && len(array) > 2 {
				return false
			}
			depth--
		case ',':
			if starts {
				return false
			}
		default:
			if !starts || deepest >= 0 && deepest != depth {
				return false
			}
			deepest = depth
			if c == '"' {
				i = skipString(array, i) - 1
			} else {
				i += len("NULL") - 1
			}
		}
		before = c
	}
	return depth == 0 && len(array) > 0
}

// spell writes an element as PostgreSQL would print it, so that the opclass reads it.
func spell(elem *Opclass, d Datum, literal string) []byte {
	switch {
	case elem == boolOpclass:
		return []byte("ft"[d.word : d.word+1])
	case elem == smallintOpclass || elem == integerOpclass || elem == bigintOpclass:
		return strconv.AppendInt(nil, d.word, 10)
	case elem.Comparison == texts:
		return d.bytes
	}
	return []byte(trimBlanks(literal))
}

func appendQuoted(dst, text []byte) []byte {
	dst = append(dst, '"')
	for _, c := range text {
		if c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}
