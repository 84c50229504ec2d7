package filter

import "github.com/tablewire/tablewire/fanout/filter/value"

// grams finds the filters whose contains a text may fulfil: each is kept by a run of
// bytes of its needle, in lower case, of those that are as long as can be the one
// that the fewest others are kept by. A text is asked for each run that it has.
type grams struct {
	buckets
	keys [len(gramSizes)]int32 // how many of each size
	// turns says in which turn the chain of a first point was visited: a text may
	// have the same run often.
	turns []uint64
}

// gramSizes are the lengths of runs. Short ones are common: the longest that fits
// into a needle is used.
var gramSizes = [...]int{3, 5, 8}

const minGram = 3

// maxGrams is how many runs of a needle are considered.
const maxGrams = 64

func (g *grams) init(a *axis) {
	g.buckets.init(a)
	g.heads = g
}

// gramKey has the place of the size in its last bits. The window's last bytes are the run.
func gramKey(window uint64, size int) uint64 {
	const places = 3
	return value.Mix(window<<(64-8*gramSizes[size]), uint64(size))&^places | uint64(size)
}

func gramSize(needle []byte) int {
	size := len(gramSizes) - 1
	for gramSizes[size] > len(needle) {
		size--
	}
	return size
}

func (g *grams) addHead(key uint64, id uint32) {
	g.buckets.addHead(key, id)
	g.keys[key&3]++
}

func (g *grams) dropHead(key uint64, id uint32) {
	g.buckets.dropHead(key, id)
	g.keys[key&3]--
}

// best is the key that the fewest needles are kept by, of those that this one has.
func (g *grams) best(needle []byte) (key uint64, count int) {
	size := gramSize(needle)
	count = -1
	var window uint64
	for i, b := range needle[:min(len(needle), maxGrams)] {
		window = window<<8 | uint64(b)
		if i < gramSizes[size]-1 {
			continue
		}
		k := gramKey(window, size)
		if n := g.count(k); count < 0 || n < count {
			if key, count = k, n; n == 0 {
				break
			}
		}
	}
	return key, count
}

func (g *grams) cost(needle []byte) int {
	if len(needle) < minGram {
		return costScan
	}
	_, count := g.best(needle)
	return costGram + count
}

// fewGrams is how many filters are looked at in less time than a text's runs.
const fewGrams = 8

func (g *grams) match(x *Index, lower []byte) {
	if g.points.len <= fewGrams {
		x.visitAll(&g.bag)
		return
	}
	if n := int(g.points.len) + 1; len(g.turns) < n || len(g.turns) > 4*n {
		g.turns = make([]uint64, n+n/4)
	}
	var window uint64
	for i, b := range lower {
		window = window<<8 | uint64(b)
		for size, n := range gramSizes {
			if i < n-1 {
				break
			}
			if g.keys[size] > 0 {
				g.visit(x, gramKey(window, size))
			}
		}
	}
}

func (g *grams) visit(x *Index, key uint64) {
	head := g.head(key)
	if head == 0 || g.turns[head] == x.turn {
		return
	}
	g.turns[head] = x.turn
	x.visitChain(&g.bag, head)
}
