package filter

import (
	"math"
	"math/rand/v2"

	"github.com/tablewire/tablewire/fanout/filter/value"
)

// intervalTree finds the intervals that hold a value: for gt, gte, lt and lte. It is an
// augmented tree (Cormen et al.: Interval trees) of the distinct intervals, ordered by their
// lower ends, in which each node knows the highest upper end of its subtree. Random priorities
// balance it, as in a treap (Seidel, Aragon: Randomized Search Trees).
//
// Both ends count as part of an interval, whatever the operator is: the filters are evaluated
// anyway.
type intervalTree struct {
	postings // chained by interval: the key is the node's id
	nodes    pagedList[intervalNode]
	root     uint32
}

// intervalNode is a node of the tree: one interval.
type intervalNode struct {
	bounds
	// highest is the highest upper end in the node's subtree; nil if an interval there has none.
	highest     *value.Datum
	highestKey  uint64 // its sort key
	left, right uint32 // the children's ids; 0: none
	head        uint32 // the first posting of the interval's chain
	priority    uint32 // not less than the children's
}

// bounds are the ends of an interval, with their sort keys. nil means that the interval has no
// such end.
type bounds struct {
	low, high       *value.Datum
	lowKey, highKey uint64
}

func boundsOf(opclass *value.Opclass, low, high *value.Datum) bounds {
	b := bounds{low: low, high: high, highKey: math.MaxUint64}
	if low != nil {
		b.lowKey = opclass.SortKey(*low)
	}
	if high != nil {
		b.highKey = opclass.SortKey(*high)
	}
	return b
}

func (t *intervalTree) init(col *columnIndex) { t.column, t.chains = col, t }

// head returns 0: nobody counts the filters of one interval.
func (t *intervalTree) head(uint64) uint32 { return 0 }

func (t *intervalTree) addHead(key uint64, id uint32)     { t.nodes.at(uint32(key)).head = id }
func (t *intervalTree) moveHead(key uint64, _, to uint32) { t.nodes.at(uint32(key)).head = to }

// dropHead removes an interval with its last filter. The last node takes its id.
func (t *intervalTree) dropHead(key uint64, _ uint32) {
	id := uint32(key)
	t.root = t.take(t.root, id)
	if last := t.nodes.len; last != id {
		moved := *t.nodes.at(last)
		*t.linkTo(last) = id
		*t.nodes.at(id) = moved
		t.list.at(moved.head).key = uint64(id)
	}
	t.nodes.removeLast()
}

// linkTo returns the link that leads to a node.
func (t *intervalTree) linkTo(id uint32) *uint32 {
	n := t.nodes.at(id)
	link := &t.root
	for *link != id {
		parent := t.nodes.at(*link)
		if t.compare(&n.bounds, &parent.bounds) < 0 {
			link = &parent.left
		} else {
			link = &parent.right
		}
	}
	return link
}

// put adds a posting of an interval.
func (t *intervalTree) put(h *Handle, b bounds) {
	if id := t.find(&b); id != 0 {
		t.add(h, uint64(id), t.nodes.at(id).head)
		return
	}
	// The ends are copies: they stay as long as any filter has the interval, and would keep all
	// operands of the first filter alive.
	b.low, b.high = cloneEnd(b.low), cloneEnd(b.high)
	id := t.nodes.add(intervalNode{bounds: b, highest: b.high, highestKey: b.highKey, priority: rand.Uint32()})
	t.add(h, uint64(id), 0)
	t.root = t.insert(t.root, id)
}

func cloneEnd(d *value.Datum) *value.Datum {
	if d == nil {
		return nil
	}
	clone := d.Clone()
	return &clone
}

// find returns the id of the node with these bounds, or 0.
func (t *intervalTree) find(b *bounds) uint32 {
	for id := t.root; id != 0; {
		n := t.nodes.at(id)
		switch order := t.compare(b, &n.bounds); {
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

// match evaluates the filters whose interval holds a value.
func (t *intervalTree) match(x *Index, p *parsedValue) {
	if t.root != 0 {
		t.stab(x, t.root, p.datum, p.sortKey(t.column.opclass))
	}
}

// stab is the stabbing query: it evaluates the filters of those intervals in a subtree that hold
// d. key is the sort key of d.
func (t *intervalTree) stab(x *Index, id uint32, d value.Datum, key uint64) {
	for id != 0 {
		n := t.nodes.at(id)
		if n.highest != nil && t.compareEnd(n.highest, n.highestKey, d, key) < 0 {
			return
		}
		t.stab(x, n.left, d, key)
		if n.low != nil && t.compareEnd(n.low, n.lowKey, d, key) > 0 {
			return
		}
		if n.high == nil || t.compareEnd(n.high, n.highKey, d, key) >= 0 {
			x.evaluateChain(&t.postings, n.head)
		}
		id = n.right
	}
}

// compareEnd compares an end of an interval with a value, by their sort keys if these decide.
func (t *intervalTree) compareEnd(end *value.Datum, endKey uint64, d value.Datum, key uint64) int {
	switch {
	case endKey < key:
		return -1
	case endKey > key:
		return 1
	case t.column.opclass.ExactSortKey:
		return 0
	}
	return t.column.opclass.Compare(*end, d)
}

// compare orders intervals by the lower ends, then by the upper ends. No lower end is the lowest.
func (t *intervalTree) compare(a, b *bounds) int {
	switch {
	case a.low == nil && b.low != nil:
		return -1
	case a.low != nil && b.low == nil:
		return 1
	case a.low != nil:
		if order := t.compareEnd(a.low, a.lowKey, *b.low, b.lowKey); order != 0 {
			return order
		}
	}
	return t.compareHigh(a.high, a.highKey, b.high, b.highKey)
}

// compareHigh orders upper ends. No upper end is the highest.
func (t *intervalTree) compareHigh(a *value.Datum, aKey uint64, b *value.Datum, bKey uint64) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return t.compareEnd(a, aKey, *b, bKey)
}

// insert adds the node id to a subtree, and returns its new root.
func (t *intervalTree) insert(root, id uint32) uint32 {
	if root == 0 {
		return id
	}
	n, top := t.nodes.at(id), t.nodes.at(root)
	switch {
	case n.priority > top.priority:
		n.left, n.right = t.split(root, &n.bounds)
		t.update(n)
		return id
	case t.compare(&n.bounds, &top.bounds) < 0:
		top.left = t.insert(top.left, id)
	default:
		top.right = t.insert(top.right, id)
	}
	t.update(top)
	return root
}

// split divides a tree into the intervals before b and the others.
func (t *intervalTree) split(root uint32, b *bounds) (before, behind uint32) {
	if root == 0 {
		return 0, 0
	}
	n := t.nodes.at(root)
	if t.compare(&n.bounds, b) < 0 {
		n.right, behind = t.split(n.right, b)
		before = root
	} else {
		before, n.left = t.split(n.left, b)
		behind = root
	}
	t.update(n)
	return before, behind
}

// take removes the node id from a subtree, and returns its new root.
func (t *intervalTree) take(root, id uint32) uint32 {
	if root == id {
		n := t.nodes.at(id)
		return t.join(n.left, n.right)
	}
	n, top := t.nodes.at(id), t.nodes.at(root)
	if t.compare(&n.bounds, &top.bounds) < 0 {
		top.left = t.take(top.left, id)
	} else {
		top.right = t.take(top.right, id)
	}
	t.update(top)
	return root
}

// join joins two trees. All intervals of before are less than those of behind.
func (t *intervalTree) join(before, behind uint32) uint32 {
	if before == 0 {
		return behind
	}
	if behind == 0 {
		return before
	}
	a, b := t.nodes.at(before), t.nodes.at(behind)
	if a.priority > b.priority {
		a.right = t.join(a.right, behind)
		t.update(a)
		return before
	}
	b.left = t.join(before, b.left)
	t.update(b)
	return behind
}

// update computes a node's highest upper end from its children's.
func (t *intervalTree) update(n *intervalNode) {
	n.highest, n.highestKey = n.high, n.highKey
	for _, id := range [...]uint32{n.left, n.right} {
		if id == 0 {
			continue
		}
		if below := t.nodes.at(id); t.compareHigh(below.highest, below.highestKey, n.highest, n.highestKey) > 0 {
			n.highest, n.highestKey = below.highest, below.highestKey
		}
	}
}
