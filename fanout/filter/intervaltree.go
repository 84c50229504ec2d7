package filter

import (
	"math"
	"math/rand/v2"

	"github.com/tablewire/tablewire/fanout/filter/value"
)

// ranges finds the intervals that hold a value: a tree of the distinct intervals
// ordered by their lower ends, in which each node knows the highest upper end below
// it. It is a treap: what it is balanced by is random.
//
// Ends count as part of the interval here, whatever the operator is: filters are
// verified anyway.
type intervalTree struct {
	postings // chained by interval; the key is the interval's id
	nodes    pagedList[intervalNode]
	root     uint32
}

// interval is a node of the tree.
type intervalNode struct {
	bounds
	// highest is the highest upper end in the node's tree, nil for none, and
	// highestRank its rank.
	highest     *value.Datum
	highestKey  uint64
	left, right uint32
	head        uint32
	priority    uint32
}

// bounds are the ends of an interval; nil for none.
type bounds struct {
	low, high       *value.Datum
	lowKey, highKey uint64
}

func boundsOf(class *value.Opclass, low, high *value.Datum) bounds {
	b := bounds{low: low, high: high, highKey: math.MaxUint64}
	if low != nil {
		b.lowKey = class.SortKey(*low)
	}
	if high != nil {
		b.highKey = class.SortKey(*high)
	}
	return b
}

func (r *intervalTree) init(a *columnIndex) { r.column, r.chains = a, r }

// head is not known, and nobody counts the filters of one interval.
func (r *intervalTree) head(uint64) uint32 { return 0 }

func (r *intervalTree) addHead(key uint64, id uint32)     { r.nodes.at(uint32(key)).head = id }
func (r *intervalTree) moveHead(key uint64, _, to uint32) { r.nodes.at(uint32(key)).head = to }

// dropHead takes out an interval that nobody has any more. The last one takes its place.
func (r *intervalTree) dropHead(key uint64, _ uint32) {
	id := uint32(key)
	r.root = r.take(r.root, id)
	if last := r.nodes.len; last != id {
		moved := *r.nodes.at(last)
		*r.linkTo(last) = id
		*r.nodes.at(id) = moved
		r.list.at(moved.head).key = uint64(id)
	}
	r.nodes.removeLast()
}

// linkTo is where a node is linked from.
func (r *intervalTree) linkTo(id uint32) *uint32 {
	n := r.nodes.at(id)
	link := &r.root
	for *link != id {
		parent := r.nodes.at(*link)
		if r.compare(&n.bounds, &parent.bounds) < 0 {
			link = &parent.left
		} else {
			link = &parent.right
		}
	}
	return link
}

// put gives an entry a point of an interval.
func (r *intervalTree) put(e *Handle, b bounds) {
	if id := r.find(&b); id != 0 {
		r.add(e, uint64(id), r.nodes.at(id).head)
		return
	}
	// The ends stay for as long as anybody has the interval. A filter's operands lie side
	// by side, so that theirs would keep all of the one that came first.
	b.low, b.high = cloneEnd(b.low), cloneEnd(b.high)
	id := r.nodes.add(intervalNode{bounds: b, highest: b.high, highestKey: b.highKey, priority: rand.Uint32()})
	r.add(e, uint64(id), 0)
	r.root = r.insert(r.root, id)
}

func cloneEnd(d *value.Datum) *value.Datum {
	if d == nil {
		return nil
	}
	clone := d.Clone()
	return &clone
}

func (r *intervalTree) find(b *bounds) uint32 {
	for id := r.root; id != 0; {
		n := r.nodes.at(id)
		switch order := r.compare(b, &n.bounds); {
		case order == 0:
			return id
		case order < 0:
			id = n.left
		default:
			id = n.right
		}
	}
	return 0
}

// match visits the intervals that hold a value.
func (r *intervalTree) match(x *Index, v *parsedValue) {
	if r.root != 0 {
		r.stab(x, r.root, v.datum, v.sortKey(r.column.opclass))
	}
}

func (r *intervalTree) stab(x *Index, id uint32, d value.Datum, rank uint64) {
	for id != 0 {
		n := r.nodes.at(id)
		if n.highest != nil && r.compareEnd(n.highest, n.highestKey, d, rank) < 0 {
			return
		}
		r.stab(x, n.left, d, rank)
		if n.low != nil && r.compareEnd(n.low, n.lowKey, d, rank) > 0 {
			return
		}
		if n.high == nil || r.compareEnd(n.high, n.highKey, d, rank) >= 0 {
			x.evaluateChain(&r.postings, n.head)
		}
		id = n.right
	}
}

func (r *intervalTree) compareEnd(end *value.Datum, endRank uint64, d value.Datum, rank uint64) int {
	switch {
	case endRank < rank:
		return -1
	case endRank > rank:
		return 1
	case r.column.opclass.SortKeyIsExact():
		return 0
	}
	return r.column.opclass.Compare(*end, d)
}

// compare orders intervals: by the lower ends, then by the upper ends.
func (r *intervalTree) compare(a, b *bounds) int {
	switch {
	case a.low == nil && b.low != nil:
		return -1
	case a.low != nil && b.low == nil:
		return 1
	case a.low != nil:
		if order := r.compareEnd(a.low, a.lowKey, *b.low, b.lowKey); order != 0 {
			return order
		}
	}
	return r.compareHigh(a.high, a.highKey, b.high, b.highKey)
}

// compareHigh orders upper ends, of which none is the highest.
func (r *intervalTree) compareHigh(a *value.Datum, aRank uint64, b *value.Datum, bRank uint64) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return r.compareEnd(a, aRank, *b, bRank)
}

func (r *intervalTree) insert(root, id uint32) uint32 {
	if root == 0 {
		return id
	}
	n, top := r.nodes.at(id), r.nodes.at(root)
	switch {
	case n.priority > top.priority:
		n.left, n.right = r.split(root, &n.bounds)
		r.update(n)
		return id
	case r.compare(&n.bounds, &top.bounds) < 0:
		top.left = r.insert(top.left, id)
	default:
		top.right = r.insert(top.right, id)
	}
	r.update(top)
	return root
}

// split divides a tree into what is before b and what is behind.
func (r *intervalTree) split(root uint32, b *bounds) (before, behind uint32) {
	if root == 0 {
		return 0, 0
	}
	n := r.nodes.at(root)
	if r.compare(&n.bounds, b) < 0 {
		n.right, behind = r.split(n.right, b)
		before = root
	} else {
		before, n.left = r.split(n.left, b)
		behind = root
	}
	r.update(n)
	return before, behind
}

func (r *intervalTree) take(root, id uint32) uint32 {
	if root == id {
		n := r.nodes.at(id)
		return r.join(n.left, n.right)
	}
	n, top := r.nodes.at(id), r.nodes.at(root)
	if r.compare(&n.bounds, &top.bounds) < 0 {
		top.left = r.take(top.left, id)
	} else {
		top.right = r.take(top.right, id)
	}
	r.update(top)
	return root
}

// join puts two trees together, of which one is before the other.
func (r *intervalTree) join(before, behind uint32) uint32 {
	if before == 0 {
		return behind
	}
	if behind == 0 {
		return before
	}
	a, b := r.nodes.at(before), r.nodes.at(behind)
	if a.priority > b.priority {
		a.right = r.join(a.right, behind)
		r.update(a)
		return before
	}
	b.left = r.join(before, b.left)
	r.update(b)
	return behind
}

// update renews what a node knows of those below it.
func (r *intervalTree) update(n *intervalNode) {
	n.highest, n.highestKey = n.high, n.highKey
	for _, id := range [...]uint32{n.left, n.right} {
		if id == 0 {
			continue
		}
		if below := r.nodes.at(id); r.compareHigh(below.highest, below.highestKey, n.highest, n.highestKey) > 0 {
			n.highest, n.highestKey = below.highest, below.highestKey
		}
	}
}
