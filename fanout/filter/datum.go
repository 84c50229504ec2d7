package filter

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
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
//	inet, cidr             first half         second half      family and prefix
//	text, uuid, bytea, others                                     text
//	jsonb                                                         text, by jsonb's equality
type datum struct {
	word  int64
	low   int64
	bytes []byte
}

var (
	words     = &comparison{compare: compareWords, hash: hashWord, rank: rankWord, exact: true}
	pairs     = &comparison{compare: comparePairs, hash: hashPair, rank: rankWord}
	texts     = &comparison{compare: compareBytes, hash: hashText, rank: rankText}
	decimals  = &comparison{compare: compareDecimals, hash: hashDecimal, rank: rankDecimal}
	documents = &comparison{compare: compareJSON, hash: hashJSON} // no order, no rank
)

func compareWords(a, b datum) int {
	return cmp.Compare(a.word, b.word)
}

func comparePairs(a, b datum) int {
	return cmp.Or(cmp.Compare(a.word, b.word), cmp.Compare(a.low, b.low))
}

func compareBytes(a, b datum) int { return bytes.Compare(a.bytes, b.bytes) }

// The hashes are keyed, so that nobody can choose values that collide.
var (
	hashSeed = maphash.MakeSeed()
	hashKeys = [2]uint64{rand.Uint64(), rand.Uint64() | 1}
)

// mix is one step of wyhash.
func mix(a, b uint64) uint64 {
	high, low := bits.Mul64(a^hashKeys[0], b^hashKeys[1])
	return high ^ low
}

func hashWord(d datum) uint64 { return mix(uint64(d.word), 0) }

func hashPair(d datum) uint64 { return mix(hashWord(d), uint64(d.low)) }

func hashText(d datum) uint64 { return hashBytes(d.bytes) }

func hashBytes(b []byte) uint64 { return maphash.Bytes(hashSeed, b) }

func rankWord(d datum) uint64 { return uint64(d.word) ^ 1<<63 }

func rankText(d datum) uint64 {
	if len(d.bytes) >= 8 {
		return binary.BigEndian.Uint64(d.bytes)
	}
	var buf [8]byte
	copy(buf[:], d.bytes)
	return binary.BigEndian.Uint64(buf[:])
}
