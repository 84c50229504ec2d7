package filter

// grams finds the filters whose contains a text may fulfil: each is kept by one of
// its needle's runs of three bytes, in lower case, the one that the fewest others
// are kept by. A text is asked for each run that it has.
type grams struct {
	buckets
	// turns says in which turn the chain of a first point was visited: a text may
	// have the same run often.
	turns []uint64
}

const gramSize = 3

// maxGrams is how many runs of a needle are considered.
const maxGrams = 64

type gram uint32

func (g gram) next(b byte) gram { return (g<<8 | gram(b)) & 0xffffff }

func (g gram) key() uint64 { return mix(uint64(g), 1) }

// best is the key that the fewest needles are kept by, of those that this one has.
func (g *grams) best(needle []byte) (key uint64, count int) {
	count = -1
	var run gram
	for i, b := range needle[:min(len(needle), maxGrams)] {
		run = run.next(b)
		if i < gramSize-1 {
			continue
		}
		k := run.key()
		if n := g.count(k); count < 0 || n < count {
			if key, count = k, n; n == 0 {
				break
			}
		}
	}
	return key, count
}

func (g *grams) cost(needle []byte) int {
	if len(needle) < gramSize {
		return costScan
	}
	_, count := g.best(needle)
	return costGram + count
}

func (g *grams) match(x *Index, lower []byte) {
	if n := int(g.points.len) + 1; len(g.turns) < n || len(g.turns) > 4*n {
		g.turns = make([]uint64, n+n/4)
	}
	var run gram
	for i, b := range lower {
		run = run.next(b)
		if i < gramSize-1 {
			continue
		}
		head := g.head(run.key())
		if head == 0 || g.turns[head] == x.turn {
			continue
		}
		g.turns[head] = x.turn
		x.visitChain(&g.bag, head)
	}
}
