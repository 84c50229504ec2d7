package filter

import (
	"github.com/tablewire/tablewire/fanout/filter/value"
	"github.com/tablewire/tablewire/protocol/wal"
)

// pair finds filters by the values of two columns or paths at once: where many
// filters have the same value of the one, and many the same of the other, few have
// both.
type compositeIndex struct {
	key       compositeKey
	opclasses [2]*value.Opclass
	at        int // in Index.pairs
	equal     hashIndex
}

type compositeKey [2]columnKey

func compositeKeyOf(a, b *clause) compositeKey { return compositeKey{columnKeyOf(a), columnKeyOf(b)} }

func newCompositeIndex(a, b *clause) *compositeIndex {
	p := &compositeIndex{key: compositeKeyOf(a, b), opclasses: [2]*value.Opclass{a.opclass, b.opclass}}
	p.equal.init(nil)
	p.equal.composite = p
	return p
}

func (p *compositeIndex) match(x *Index) {
	var hashes [2]uint64
	known := true
	for i, side := range p.key {
		c := x.valueOf(side.valueID)
		switch c.state {
		case wal.Null:
			return
		case wal.Unchanged, wal.Absent:
			known = false
			continue
		case wal.Text:
		}
		r := c.parse(x, p.opclasses[i])
		switch {
		case r.ok:
			hashes[i] = r.hash(p.opclasses[i])
		case side.number: // NULL
			return
		default:
			known = false
		}
	}
	if known {
		x.evaluateChain(&p.equal.postings, p.equal.head(value.Mix(hashes[0], hashes[1])))
	} else {
		x.evaluateAll(&p.equal.postings)
	}
}

// keys goes through the keys of two clauses of eq or in.
func (p *compositeIndex) eachKey(a, b *clause, do func(key uint64)) {
	for _, d := range a.operands {
		for _, e := range b.operands {
			do(value.Mix(a.opclass.Hash(d), b.opclass.Hash(e)))
		}
	}
}
