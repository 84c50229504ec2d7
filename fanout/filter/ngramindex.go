package filter

import "github.com/tablewire/tablewire/fanout/filter/value"

// grams finds the filters whose contains a text may fulfil: each is kept by a run of
// bytes of its needle, in lower case, of those that are as long as can be the one
// that the fewest others are kept by. A text is asked for each run that it has.
type ngramIndex struct {
	hashIndex
	keyCounts [len(ngramSizes)]int32 // how many of each size
	// turns says in which turn the chain of a first point was visited: a text may
	// have the same run often.
	generations []uint64
}

// gramSizes are the lengths of runs. Short ones are common: the longest that fits
// into a needle is used.
var ngramSizes = [...]int{3, 5, 8}

const minNgram = 3

// maxGrams is how many runs of a needle are considered.
const maxNgrams = 64

func (g *ngramIndex) init(a *columnIndex) {
	g.hashIndex.init(a)
	g.chains = g
}

// gramKey has the place of the size in its last bits. The window's last bytes are the run.
func ngramKey(window uint64, size int) uint64 {
	const places = 3
	return value.Mix(window<<(64-8*ngramSizes[size]), uint64(size))&^places | uint64(size)
}

func ngramSize(needle []byte) int {
	size := len(ngramSizes) - 1
	for ngramSizes[size] > len(needle) {
		size--
	}
	return size
}

func (g *ngramIndex) addHead(key uint64, id uint32) {
	g.hashIndex.addHead(key, id)
	g.keyCounts[key&3]++
}

func (g *ngramIndex) dropHead(key uint64, id uint32) {
	g.hashIndex.dropHead(key, id)
	g.keyCounts[key&3]--
}

// best is the key that the fewest needles are kept by, of those that this one has.
func (g *ngramIndex) best(needle []byte) (key uint64, count int) {
	size := ngramSize(needle)
	count = -1
	var window uint64
	for i, b := range needle[:min(len(needle), maxNgrams)] {
		window = window<<8 | uint64(b)
		if i < ngramSizes[size]-1 {
			continue
		}
		k := ngramKey(window, size)
		if n := g.count(k); count < 0 || n < count {
			if key, count = k, n; n == 0 {
				break
			}
		}
	}
	return key, count
}

func (g *ngramIndex) cost(needle []byte) int {
	if len(needle) < minNgram {
		return costScan
	}
	_, count := g.best(needle)
	return costNgram + count
}

// fewGrams is how many filters are looked at in less time than a text's runs.
const fewNgrams = 8

func (g *ngramIndex) match(x *Index, lower []byte) {
	if g.list.len <= fewNgrams {
		x.evaluateAll(&g.postings)
		return
	}
	if n := int(g.list.len) + 1; len(g.generations) < n || len(g.generations) > 4*n {
		g.generations = make([]uint64, n+n/4)
	}
	var window uint64
	for i, b := range lower {
		window = window<<8 | uint64(b)
		for size, n := range ngramSizes {
			if i < n-1 {
				break
			}
			if g.keyCounts[size] > 0 {
				g.visit(x, ngramKey(window, size))
			}
		}
	}
}

func (g *ngramIndex) visit(x *Index, key uint64) {
	head := g.head(key)
	if head == 0 || g.generations[head] == x.generation {
		return
	}
	g.generations[head] = x.generation
	x.evaluateChain(&g.postings, head)
}
