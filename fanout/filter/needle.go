package filter

import (
	"unicode"
	"unicode/utf8"
)

// needle is a text that contains looks for, in upper or lower case. It is the automaton of Knuth,
// Morris and Pratt over the bytes in lower case, so that a search takes time linear in the length
// of both texts, whatever they are.
type needle struct {
	lower []byte

	// border[i] is the length of the longest proper prefix of lower[:i+1] that is also its
	// suffix: the state to go on from if the next byte differs.
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

// appendLower appends a text in lower case, by Unicode's simple case mapping. Bytes that are not
// UTF-8 stay as they are.
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

// step returns the next state for one more byte. A state is how many bytes of the needle match.
func (n *needle) step(state int, b byte) int {
	for state > 0 && (state == len(n.lower) || n.lower[state] != b) {
		state = int(n.border[state-1])
	}
	if n.lower[state] == b {
		state++
	}
	return state
}

// in reports whether a text contains the needle.
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

// stepRune is step for the character that a text begins with, and returns the character's size.
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
