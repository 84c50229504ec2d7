package filter

import (
	"github.com/tablewire/tablewire/fanout/filter/value"
	"github.com/tablewire/tablewire/protocol/wal"
)

// pair finds filters by the values of two columns or paths at once: where many
// filters have the same value of the one, and many the same of the other, few have
// both.
type pair struct {
	key     pairKey
	classes [2]*value.Opclass
	at      int // in Index.pairs
	equal   buckets
}

type pairKey [2]axisKey

func pairKeyOf(a, b *clause) pairKey { return pairKey{keyOf(a), keyOf(b)} }

func newPair(a, b *clause) *pair {
	p := &pair{key: pairKeyOf(a, b), classes: [2]*value.Opclass{a.opclass, b.opclass}}
	p.equal.init(nil)
	p.equal.pair = p
	return p
}

func (p *pair) match(x *Index) {
	var hashes [2]uint64
	known := true
	for i, side := range p.key {
		c := x.cell(side.cell)
		switch c.state {
		case wal.Null:
			return
		case wal.Unchanged, wal.Absent:
			known = false
			continue
		case wal.Text:
		}
		r := c.read(x, p.classes[i])
		switch {
		case r.ok:
			hashes[i] = r.hash(p.classes[i])
		case side.number: // NULL
			return
		default:
			known = false
		}
	}
	if known {
		x.visitChain(&p.equal.bag, p.equal.head(value.Mix(hashes[0], hashes[1])))
	} else {
		x.visitAll(&p.equal.bag)
	}
}

// keys goes through the keys of two clauses of eq or in.
func (p *pair) keys(a, b *clause, do func(key uint64)) {
	for _, d := range a.operands {
		for _, e := range b.operands {
			do(value.Mix(a.opclass.Hash(d), b.opclass.Hash(e)))
		}
	}
}
