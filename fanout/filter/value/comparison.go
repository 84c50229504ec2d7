package value

import (
	"bytes"
	"cmp"
	"encoding/binary"
)

// Comparison compares two values of a type. Its functions take the datums of one opclass.
type Comparison struct {
	// Compare returns a negative number, 0 or a positive number if a is less than, equal to or
	// greater than b. Without [Opclass.HasOrder] only its 0 says something about the values.
	Compare func(a, b Datum) int

	// Hash is the same for two values that are equal. Its keys are drawn when the process starts,
	// so that no client can choose values that collide.
	Hash func(d Datum) uint64

	// SortKey is a number that decides most comparisons: of two values with different keys the
	// one with the lower key is less. Values that share a key are equal if ExactSortKey is set,
	// and otherwise have to be compared. nil: there is no sort key.
	SortKey      func(d Datum) uint64
	ExactSortKey bool
}

// The comparisons that types of several files share.
var (
	words     = &Comparison{Compare: compareWords, Hash: hashWord, SortKey: sortKeyOfWord, ExactSortKey: true}
	wordPairs = &Comparison{Compare: compareWordPairs, Hash: hashWordPair, SortKey: sortKeyOfWord}
	texts     = &Comparison{Compare: compareBytes, Hash: hashText, SortKey: sortKeyOfText}
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
