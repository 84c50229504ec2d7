package filter

import (
	"bytes"
	"cmp"
)

// datum is a value in a form that compares fast. Every type is mapped to it in
// its own order, so that one comparison serves nearly all, and an index can be
// built without knowing types:
//
//	type                      word               low              bytes
//	bool                      0, 1
//	integers                  the number
//	floats                    bits, in order
//	enum                      rank of the label
//	date                      days since 2000
//	time, timestamps          microseconds
//	interval                  days               microseconds
//	numeric                   sign or special    ± magnitude      digits
//	text, uuid, bytea, others                                     text
//	jsonb                                                         text, by jsonb's equality
type datum struct {
	word  int64
	low   int64
	bytes []byte
}

func compareWords(a, b datum) int {
	return cmp.Compare(a.word, b.word)
}

func comparePairs(a, b datum) int {
	return cmp.Or(cmp.Compare(a.word, b.word), cmp.Compare(a.low, b.low))
}

func compareBytes(a, b datum) int { return bytes.Compare(a.bytes, b.bytes) }
