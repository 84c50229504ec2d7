package filter

import (
	"unicode"
	"unicode/utf8"
)

// needle is a text that contains looks for in either case: Knuth, Morris and
// Pratt's automaton over the bytes of both in lower case, so that no pair of
// texts takes longer than their lengths.
type needle struct {
	lower []byte
	// border[i] is the length of the longest proper prefix of lower[:i+1] that is
	// its suffix too: where to go on when the next byte differs.
	border []int32
}

func newNeedle(text string) *needle {
	n := &needle{lower: appendLower(nil, []byte(text))}
	n.border = make([]int32, len(n.lower))
	for i := 1; i < len(n.lower); i++ {
		n.border[i] = int32(n.step(int(n.border[i-1]), n.lower[i]))
	}
	return n
}

// appendLower appends a text in lower case, by Unicode's simple case mapping;
// what is no UTF-8 as it is.
func appendLower(dst, text []byte) []byte {
	for i := 0; i < len(text); {
		b := text[i]
		if b < utf8.RuneSelf {
			if b >= 'A' && b <= 'Z' {
				b += 'a' - 'A'
			}
			dst = append(dst, b)
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, b)
		} else {
			dst = utf8.AppendRune(dst, unicode.ToLower(r))
		}
		i += size
	}
	return dst
}

// step goes on from a state, the count of bytes that fit, by one more byte.
func (n *needle) step(state int, b byte) int {
	for state > 0 && (state == len(n.lower) || n.lower[state] != b) {
		state = int(n.border[state-1])
	}
	if n.lower[state] == b {
		state++
	}
	return state
}

// in says whether the needle is in a text.
func (n *needle) in(text []byte) bool {
	if len(n.lower) == 0 {
		return true
	}
	state := 0
	for i := 0; i < len(text); {
		b := text[i]
		if b >= utf8.RuneSelf {
			var size int
			state, size = n.stepRune(state, text[i:])
			i += size
		} else {
			if b >= 'A' && b <= 'Z' {
				b += 'a' - 'A'
			}
			state = n.step(state, b)
			i++
		}
		if state == len(n.lower) {
			return true
		}
	}
	return false
}

func (n *needle) stepRune(state int, text []byte) (next, size int) {
	r, size := utf8.DecodeRune(text)
	if r == utf8.RuneError && size == 1 {
		return n.step(state, text[0]), 1
	}
	var buf [utf8.UTFMax]byte
	for _, b := range buf[:utf8.EncodeRune(buf[:], unicode.ToLower(r))] {
		if state = n.step(state, b); state == len(n.lower) {
			break
		}
	}
	return state, size
}
