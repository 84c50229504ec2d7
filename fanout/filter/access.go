package filter

import (
	"math"
	"math/bits"
)

// way is how an entry may be reached: by a group, of which each clause gets a
// place, by the interval that two plain clauses make, or by two plain clauses of eq
// or in. Whenever the clauses are not No for a row, one of the places is visited.
type way struct {
	group     []clause
	low, high *clause
	a, b      *clause
	cost      int
}

// Costs compare ways. What counts first is for how many rows of the sample a way
// leads to the entry. Where that does not tell, and before any row was seen, it is how
// many entries have the same place, for an equality or a part of a text; for an
// interval it is a share of all. What is added keeps an equality before all else while
// there are few.
const (
	costRow = 1 << 20

	costPair     = 16 // what a value alone leads to may be so many
	maxPairKeys  = 16
	costAffix    = 4
	costGram     = 8
	costInterval = 8
	costHalf     = 32 // an interval with one end
	costNull     = 32
	costShort    = 64 // a prefix or suffix of one byte or two
	costNotNull  = 64
	costScan     = math.MaxInt

	shareInterval = 32 // of so many intervals with two ends, one holds a value
	shareHalf     = 2
)

// file gives an entry its places.
func (x *Index) file(e *Entry) {
	if len(e.clauses) == 0 {
		x.always.add(e, 0, 0)
		return
	}
	best := way{cost: costScan}
	rows := make([]uint32, len(e.clauses))
	if len(e.clauses) > 1 {
		for i := range e.clauses {
			rows[i] = x.sample.holding(&e.clauses[i])
		}
	}
	start := 0
	for i := range e.clauses {
		if !e.clauses[i].last {
			continue
		}
		group := e.clauses[start : i+1]
		first := start
		start = i + 1
		if group[0].op == opNever {
			return // no row leads to it
		}
		cost := x.groupCost(group)
		if cost < best.cost && len(group) < len(e.clauses) {
			var led uint32
			for _, r := range rows[first:start] {
				led |= r
			}
			cost += costRow * bits.OnesCount32(led)
		}
		if cost < best.cost {
			best = way{group: group, cost: cost}
		}
	}
	if w := x.intervalWay(e.clauses, rows); w.cost < best.cost {
		best = w
	}
	if best.cost > costPair {
		if w := x.pairWay(e.clauses, rows); w.cost < best.cost {
			best = w
		}
	}
	switch {
	case best.cost == costScan:
		x.fileScanned(e)
	case best.a != nil:
		p := x.pair(best.a, best.b)
		p.keys(best.a, best.b, func(key uint64) { p.equal.put(e, key) })
	case best.group == nil:
		r := &x.axis(best.low).ranges
		r.put(e, boundsOf(best.low.opclass, &best.low.operands[0], &best.high.operands[0]))
	default:
		for i := range best.group {
			x.place(e, &best.group[i])
		}
	}
}

// intervalWay looks for two plain clauses that are the two ends of an interval.
func (x *Index) intervalWay(clauses []clause, rows []uint32) way {
	for i := range clauses {
		low := &clauses[i]
		if !plain(clauses, i) || low.op != opGt && low.op != opGte {
			continue
		}
		for j := range clauses {
			high := &clauses[j]
			if plain(clauses, j) && (high.op == opLt || high.op == opLte) && keyOf(high) == keyOf(low) {
				return way{low: low, high: high, cost: costInterval + x.intervals(low)/shareInterval + costRow*bits.OnesCount32(rows[i]&rows[j])}
			}
		}
	}
	return way{cost: costScan}
}

// pairWay looks for the two plain clauses of eq or in that hold together most rarely.
func (x *Index) pairWay(clauses []clause, rows []uint32) way {
	best := way{cost: costScan}
	for i := range clauses {
		if !pairable(clauses, i) {
			continue
		}
		for j := i + 1; j < len(clauses); j++ {
			a, b := &clauses[i], &clauses[j]
			keys := len(a.operands) * len(b.operands)
			if !pairable(clauses, j) || keys > maxPairKeys {
				continue
			}
			w := way{a: a, b: b, cost: costPair + keys - 1 + costRow*bits.OnesCount32(rows[i]&rows[j])}
			if p := x.pairOf.items[pairKeyOf(a, b)]; p != nil {
				p.keys(a, b, func(key uint64) { w.cost += p.equal.count(key) })
			}
			if w.cost < best.cost {
				best = w
			}
		}
	}
	return best
}

func pairable(clauses []clause, i int) bool {
	return (clauses[i].op == opEq || clauses[i].op == opIn) && plain(clauses, i)
}

// plain says that a clause is a group of its own.
func plain(clauses []clause, i int) bool {
	return clauses[i].last && (i == 0 || clauses[i-1].last)
}

func (x *Index) intervals(c *clause) int {
	if a := x.byKey.items[keyOf(c)]; a != nil {
		return int(a.ranges.points.len)
	}
	return 0
}

func (x *Index) groupCost(group []clause) int {
	sum := len(group) - 1
	for i := range group {
		cost := x.clauseCost(&group[i])
		if cost == costScan {
			return costScan
		}
		sum += cost
	}
	return sum
}

var emptyAxis axis

func (x *Index) clauseCost(c *clause) int {
	a := x.byKey.items[keyOf(c)]
	if a == nil {
		a = &emptyAxis
	}
	switch c.op {
	case opEq, opIn:
		sum := len(c.operands) - 1
		for _, d := range c.operands {
			sum += a.equal.count(c.opclass.Hash(d))
		}
		return sum
	case opGt, opGte, opLt, opLte:
		return costHalf + int(a.ranges.points.len)/shareHalf
	case opStartsWith:
		return a.prefixes.cost(c.operands[0].Bytes())
	case opEndsWith:
		return a.suffixes.cost(c.operands[0].Bytes())
	case opContains:
		return a.grams.cost(c.needle().lower)
	case opIsNull:
		if c.null {
			return costNull + int(a.null.points.len)
		}
		return costNotNull + int(a.notNull.points.len)
	case opNe, opNotIn, opNever:
	}
	return costScan
}

// place gives an entry the place of a clause.
func (x *Index) place(e *Entry, c *clause) {
	a := x.axis(c)
	switch c.op {
	case opEq, opIn:
		for _, d := range c.operands {
			a.equal.put(e, c.opclass.Hash(d))
		}
	case opGt, opGte:
		a.ranges.put(e, boundsOf(c.opclass, &c.operands[0], nil))
	case opLt, opLte:
		a.ranges.put(e, boundsOf(c.opclass, nil, &c.operands[0]))
	case opStartsWith:
		a.prefixes.put(e, a.prefixes.key(c.operands[0].Bytes()))
	case opEndsWith:
		a.suffixes.put(e, a.suffixes.key(c.operands[0].Bytes()))
	case opContains:
		key, _ := a.grams.best(c.needle().lower)
		a.grams.put(e, key)
	case opIsNull:
		if c.null {
			a.null.add(e, 0, 0)
		} else {
			a.notNull.add(e, 0, 0)
		}
	case opNe, opNotIn, opNever:
		panic("filter: nothing leads to " + c.op.String())
	}
}

// fileScanned files an entry that no group leads to. With ne or notin it is at least
// passed over where the value is NULL, and need not be evaluated where values differ.
func (x *Index) fileScanned(e *Entry) {
	for i := range e.clauses {
		if c := &e.clauses[i]; (c.op == opNe || c.op == opNotIn) && plain(e.clauses, i) {
			x.axis(c).others.put(e, c)
			x.others++
			return
		}
	}
	x.rest.add(e, 0, 0)
}
