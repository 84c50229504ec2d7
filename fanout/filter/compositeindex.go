package filter

import (
	"github.com/tablewire/tablewire/fanout/filter/value"
	"github.com/tablewire/tablewire/protocol/wal"
)

// compositeIndex finds filters by the values of two columns or paths at once. If many filters
// want the same value of one column, and many the same value of the other, few want both.
type compositeIndex struct {
	key       compositeKey
	opclasses [2]*value.Opclass
	at        int // in Index.composites
	equal     hashIndex
}

type compositeKey [2]columnKey

func compositeKeyOf(a, b *clause) compositeKey { return compositeKey{columnKeyOf(a), columnKeyOf(b)} }

func newCompositeIndex(a, b *clause) *compositeIndex {
	comp := &compositeIndex{key: compositeKeyOf(a, b), opclasses: [2]*value.Opclass{a.opclass, b.opclass}}
	comp.equal.init(nil)
	comp.equal.composite = comp
	return comp
}

// match evaluates the filters that the row's two values lead to.
func (comp *compositeIndex) match(x *Index) {
	var hashes [2]uint64
	known := true
	for i, side := range comp.key {
		v := x.valueOf(side.valueID)
		switch v.state {
		case wal.Null:
			return
		case wal.Unchanged, wal.Absent:
			known = false
			continue
		case wal.Text:
		}
		p := v.parse(x, comp.opclasses[i])
		switch {
		case p.ok:
			hashes[i] = p.hash(comp.opclasses[i])
		case side.number: // NULL
			return
		default:
			known = false
		}
	}
	if known {
		x.evaluateChain(&comp.equal.postings, comp.equal.head(value.Mix(hashes[0], hashes[1])))
	} else {
		x.evaluateAll(&comp.equal.postings)
	}
}

// eachKey calls do for the keys of two clauses of eq or in: one for each pair of operands.
func (comp *compositeIndex) eachKey(a, b *clause, do func(key uint64)) {
	for _, d := range a.operands {
		for _, e := range b.operands {
			do(value.Mix(a.opclass.Hash(d), b.opclass.Hash(e)))
		}
	}
}
