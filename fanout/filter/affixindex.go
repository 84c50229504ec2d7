package filter

import (
	"math/bits"

	"github.com/tablewire/tablewire/fanout/filter/value"
)

// affixIndex finds the filters of startswith or endswith that match a text: by the hash of the
// prefix or suffix. A text is looked up once for each length in use. To have few lengths, a long
// affix is filed under as much of it as the next shorter length code says.
type affixIndex struct {
	hashIndex
	fromEnd bool
	// inUse has a bit for each length code that has keys; keyCounts says how many.
	inUse     [lengthCodes / 64]uint64
	keyCounts []int32 // by length code; nil without keys
}

// lengthCodes is the number of length codes. A length up to 16 is its own code; beyond, there
// are eight codes an octave.
const lengthCodes = 128

// shortAffix is the length in bytes from which on the planner takes an affix to be rare.
const shortAffix = 3

func lengthCode(length int) int {
	if length < 16 {
		return length
	}
	octave := bits.Len(uint(length)) - 4 // the length is 1mmm followed by so many bits
	return min(8*octave+length>>octave, lengthCodes-1)
}

func codeLength(code int) int {
	if code < 16 {
		return code
	}
	octave := code/8 - 1
	return (8 + code%8) << octave
}

func (a *affixIndex) init(col *columnIndex) {
	a.hashIndex.init(col)
	a.chains = a
}

// part returns as much of a text as a length code says; false if the text is shorter.
func (a *affixIndex) part(text []byte, code int) ([]byte, bool) {
	n := codeLength(code)
	switch {
	case n > len(text):
		return nil, false
	case a.fromEnd:
		return text[len(text)-n:], true
	}
	return text[:n], true
}

// key returns the key of an affix. Its last seven bits are the length code.
func (a *affixIndex) key(affix []byte) uint64 {
	code := lengthCode(len(affix))
	part, _ := a.part(affix, code)
	return partKey(part, code)
}

func partKey(part []byte, code int) uint64 {
	return value.HashBytes(part)&^(lengthCodes-1) | uint64(code)
}

// cost is the planner's cost of a startswith or endswith.
func (a *affixIndex) cost(affix []byte) int {
	cost := costAffix + a.count(a.key(affix))
	if len(affix) < shortAffix {
		cost += costShort
	}
	return cost
}

func (a *affixIndex) addHead(key uint64, id uint32) {
	a.hashIndex.addHead(key, id)
	code := key % lengthCodes
	if a.keyCounts == nil {
		a.keyCounts = make([]int32, lengthCodes)
	}
	a.keyCounts[code]++
	a.inUse[code/64] |= 1 << (code % 64)
}

func (a *affixIndex) dropHead(key uint64, id uint32) {
	a.hashIndex.dropHead(key, id)
	code := key % lengthCodes
	if a.keyCounts[code]--; a.keyCounts[code] == 0 {
		a.inUse[code/64] &^= 1 << (code % 64)
	}
	if a.heads.len == 0 {
		a.keyCounts = nil
	}
}

// match evaluates the filters whose affix, or the part that is filed, a text has.
func (a *affixIndex) match(x *Index, text []byte) {
	for i, word := range a.inUse {
		for ; word != 0; word &= word - 1 {
			code := 64*i + bits.TrailingZeros64(word)
			part, ok := a.part(text, code)
			if !ok {
				return
			}
			x.evaluateChain(&a.postings, a.head(partKey(part, code)))
		}
	}
}
