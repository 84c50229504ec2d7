package filter

import "github.com/tablewire/tablewire/fanout/filter/value"

// ngramIndex files each filter of contains under one n-gram of its needle: a run of n bytes, in
// lower case. It takes the longest size that fits into the needle, and of that size the n-gram
// that the fewest other filters are filed under. A text is looked up by each of its n-grams.
type ngramIndex struct {
	hashIndex
	keyCounts [len(ngramSizes)]int32 // how many keys of each size there are
	// generations[head] is the generation in which the chain of head was evaluated: a text may
	// have the same n-gram many times.
	generations []uint64
}

// ngramSizes are the sizes, in bytes. Short n-grams are in many texts, so the longest size that
// fits is used.
var ngramSizes = [...]int{3, 5, 8}

const minNgram = 3

// maxConsidered is how many bytes of a needle are considered.
const maxConsidered = 64

func (ng *ngramIndex) init(col *columnIndex) {
	ng.hashIndex.init(col)
	ng.chains = ng
}

// ngramKey returns the key of an n-gram, the last bytes of window. Its last two bits are the
// index of the size.
func ngramKey(window uint64, size int) uint64 {
	const sizeBits = 3
	return value.Mix(window<<(64-8*ngramSizes[size]), uint64(size))&^sizeBits | uint64(size)
}

// ngramSize returns the index of the longest size that fits into a needle.
func ngramSize(needle []byte) int {
	size := len(ngramSizes) - 1
	for ngramSizes[size] > len(needle) {
		size--
	}
	return size
}

func (ng *ngramIndex) addHead(key uint64, id uint32) {
	ng.hashIndex.addHead(key, id)
	ng.keyCounts[key&3]++
}

func (ng *ngramIndex) dropHead(key uint64, id uint32) {
	ng.hashIndex.dropHead(key, id)
	ng.keyCounts[key&3]--
}

// best returns the key of the needle's n-gram that the fewest filters are filed under, and how
// many these are.
func (ng *ngramIndex) best(needle []byte) (key uint64, count int) {
	size := ngramSize(needle)
	count = -1
	var window uint64
	for i, b := range needle[:min(len(needle), maxConsidered)] {
		window = window<<8 | uint64(b)
		if i < ngramSizes[size]-1 {
			continue
		}
		k := ngramKey(window, size)
		if n := ng.count(k); count < 0 || n < count {
			if key, count = k, n; n == 0 {
				break
			}
		}
	}
	return key, count
}

// cost is the planner's cost of a contains.
func (ng *ngramIndex) cost(needle []byte) int {
	if len(needle) < minNgram {
		return costScan
	}
	_, count := ng.best(needle)
	return costNgram + count
}

// fewFilters is how many filters are evaluated in less time than a text's n-grams are looked up.
const fewFilters = 8

// match evaluates the filters that have an n-gram of a text, which is in lower case.
func (ng *ngramIndex) match(x *Index, lower []byte) {
	if ng.list.len <= fewFilters {
		x.evaluateAll(&ng.postings)
		return
	}
	if n := int(ng.list.len) + 1; len(ng.generations) < n || len(ng.generations) > 4*n {
		ng.generations = make([]uint64, n+n/4)
	}
	var window uint64
	for i, b := range lower {
		window = window<<8 | uint64(b)
		for size, n := range ngramSizes {
			if i < n-1 {
				break
			}
			if ng.keyCounts[size] > 0 {
				ng.evaluate(x, ngramKey(window, size))
			}
		}
	}
}

// evaluate evaluates the filters with a key, once a generation.
func (ng *ngramIndex) evaluate(x *Index, key uint64) {
	head := ng.head(key)
	if head == 0 || ng.generations[head] == x.generation {
		return
	}
	ng.generations[head] = x.generation
	x.evaluateChain(&ng.postings, head)
}
