package filter

import "math"

// way is how an entry may be reached: by a group, of which each clause gets a
// place, or by the interval that two plain clauses make. Whenever the clauses are
// not No for a row, one of the places is visited.
type way struct {
	group     []clause
	low, high *clause
	cost      int
}

// Costs are guesses of how many other entries are visited along with one: as many
// as have the same place, for an equality or a part of a text, and for an interval a
// share of all. What is added keeps an equality before all else while there are few.
const (
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
	start := 0
	for i := range e.clauses {
		if !e.clauses[i].last {
			continue
		}
		group := e.clauses[start : i+1]
		start = i + 1
		if group[0].op == opNever {
			return // no row leads to it
		}
		if cost := x.groupCost(group); cost < best.cost {
			best = way{group: group, cost: cost}
		}
	}
	if w := x.intervalWay(e.clauses); w.cost < best.cost {
		best = w
	}
	switch {
	case best.cost == costScan:
		x.fileScanned(e)
	case best.group == nil:
		r := &x.axis(best.low).ranges
		r.put(e, boundsOf(best.low.class, &best.low.operands[0], &best.high.operands[0]))
	default:
		for i := range best.group {
			x.place(e, &best.group[i])
		}
	}
}

// intervalWay looks for two plain clauses that are the two ends of an interval.
func (x *Index) intervalWay(clauses []clause) way {
	for i := range clauses {
		low := &clauses[i]
		if !plain(clauses, i) || low.op != opGt && low.op != opGte {
			continue
		}
		for j := range clauses {
			high := &clauses[j]
			if plain(clauses, j) && (high.op == opLt || high.op == opLte) && keyOf(high) == keyOf(low) {
				return way{low: low, high: high, cost: costInterval + x.intervals(low)/shareInterval}
			}
		}
	}
	return way{cost: costScan}
}

// plain says that a clause is a group of its own.
func plain(clauses []clause, i int) bool {
	return clauses[i].last && (i == 0 || clauses[i-1].last)
}

func (x *Index) intervals(c *clause) int {
	if a := x.byKey[keyOf(c)]; a != nil {
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
	a := x.byKey[keyOf(c)]
	if a == nil {
		a = &emptyAxis
	}
	switch c.op {
	case opEq, opIn:
		sum := len(c.operands) - 1
		for _, d := range c.operands {
			sum += a.equal.count(c.class.hash(d))
		}
		return sum
	case opGt, opGte, opLt, opLte:
		return costHalf + int(a.ranges.points.len)/shareHalf
	case opStartsWith:
		return a.prefixes.cost(c.operands[0].bytes)
	case opEndsWith:
		return a.suffixes.cost(c.operands[0].bytes)
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
			a.equal.put(e, c.class.hash(d))
		}
	case opGt, opGte:
		a.ranges.put(e, boundsOf(c.class, &c.operands[0], nil))
	case opLt, opLte:
		a.ranges.put(e, boundsOf(c.class, nil, &c.operands[0]))
	case opStartsWith:
		a.prefixes.put(e, a.prefixes.key(c.operands[0].bytes))
	case opEndsWith:
		a.suffixes.put(e, a.suffixes.key(c.operands[0].bytes))
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

// fileScanned files an entry that no group leads to. With ne it is at least passed
// over where the value is NULL, and need not be evaluated where the values differ.
func (x *Index) fileScanned(e *Entry) {
	for i := range e.clauses {
		if c := &e.clauses[i]; c.op == opNe && plain(e.clauses, i) {
			x.axis(c).unequal.add(e, c.class.hash(c.operands[0]), 0)
			x.unequal++
			return
		}
	}
	x.rest.add(e, 0, 0)
}
