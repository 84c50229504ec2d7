package value

import (
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
)

// The hashes are keyed, so that no client can choose values that collide.
var (
	hashSeed = maphash.MakeSeed()
	hashKeys = [2]uint64{rand.Uint64(), rand.Uint64() | 1}
)

// HashBytes hashes a text, under a key that is drawn when the process starts.
func HashBytes(b []byte) uint64 { return maphash.Bytes(hashSeed, b) }

// Mix makes one hash of two, under a key that is drawn when the process starts. It is one
// step of wyhash.
func Mix(a, b uint64) uint64 {
	high, low := bits.Mul64(a^hashKeys[0], b^hashKeys[1])
	return high ^ low
}
