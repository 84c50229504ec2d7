package value

import (
	"bytes"
	"cmp"
	"encoding/binary"
)

// comparison compares two values of a type.
type comparison struct {
	compare func(a, b Datum) int

	// hash is the same for two values that are equal.
	hash func(d Datum) uint64

	// sortKey orders values as compare does, except that values may share a key: of two
	// values with different keys the one with the lower key is less. With exact, values that
	// share a key are equal. nil: there is none.
	sortKey func(d Datum) uint64
	exact   bool
}

// The comparisons that types of several files share.
var (
	words     = &comparison{compare: compareWords, hash: hashWord, sortKey: sortKeyOfWord, exact: true}
	wordPairs = &comparison{compare: compareWordPairs, hash: hashWordPair, sortKey: sortKeyOfWord}
	texts     = &comparison{compare: compareBytes, hash: hashText, sortKey: sortKeyOfText}
)

func compareWords(a, b Datum) int {
	return cmp.Compare(a.word, b.word)
}

func compareWordPairs(a, b Datum) int {
	return cmp.Or(cmp.Compare(a.word, b.word), cmp.Compare(a.low, b.low))
}

func compareBytes(a, b Datum) int { return bytes.Compare(a.bytes, b.bytes) }

func hashWord(d Datum) uint64 { return Mix(uint64(d.word), 0) }

func hashWordPair(d Datum) uint64 { return Mix(hashWord(d), uint64(d.low)) }

func hashText(d Datum) uint64 { return HashBytes(d.bytes) }

func sortKeyOfWord(d Datum) uint64 { return uint64(d.word) ^ 1<<63 }

// sortKeyOfText is the first eight bytes.
func sortKeyOfText(d Datum) uint64 {
	if len(d.bytes) >= 8 {
		return binary.BigEndian.Uint64(d.bytes)
	}
	var buf [8]byte
	copy(buf[:], d.bytes)
	return binary.BigEndian.Uint64(buf[:])
}
