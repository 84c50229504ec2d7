package filter

import (
	"math"
	"math/bits"
)

// way is how an entry may be reached: by a group, of which each clause gets a
// place, by the interval that two plain clauses make, or by two plain clauses of eq
// or in. Whenever the clauses are not No for a row, one of the places is visited.
type accessPath struct {
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

	costComposite    = 16 // what a value alone leads to may be so many
	maxCompositeKeys = 16
	costAffix        = 4
	costNgram        = 8
	costInterval     = 8
	costHalf         = 32 // an interval with one end
	costNull         = 32
	costShort        = 64 // a prefix or suffix of one byte or two
	costNotNull      = 64
	costScan         = math.MaxInt

	shareInterval = 32 // of so many intervals with two ends, one holds a value
	shareHalf     = 2
)

// file gives an entry its places.
func (x *Index) insert(e *Handle) {
	if len(e.clauses) == 0 {
		x.always.add(e, 0, 0)
		return
	}
	best := accessPath{cost: costScan}
	rows := make([]uint32, len(e.clauses))
	if len(e.clauses) > 1 {
		for i := range e.clauses {
			rows[i] = x.sample.rowsLedBy(&e.clauses[i])
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
			best = accessPath{group: group, cost: cost}
		}
	}
	if w := x.intervalPath(e.clauses, rows); w.cost < best.cost {
		best = w
	}
	if best.cost > costComposite {
		if w := x.compositePath(e.clauses, rows); w.cost < best.cost {
			best = w
		}
	}
	switch {
	case best.cost == costScan:
		x.insertScanned(e)
	case best.a != nil:
		p := x.composite(best.a, best.b)
		p.eachKey(best.a, best.b, func(key uint64) { p.equal.put(e, key) })
	case best.group == nil:
		r := &x.column(best.low).intervals
		r.put(e, boundsOf(best.low.opclass, &best.low.operands[0], &best.high.operands[0]))
	default:
		for i := range best.group {
			x.insertClause(e, &best.group[i])
		}
	}
}

// intervalWay looks for two plain clauses that are the two ends of an interval.
func (x *Index) intervalPath(clauses []clause, rows []uint32) accessPath {
	for i := range clauses {
		low := &clauses[i]
		if !plain(clauses, i) || low.op != opGt && low.op != opGte {
			continue
		}
		for j := range clauses {
			high := &clauses[j]
			if plain(clauses, j) && (high.op == opLt || high.op == opLte) && columnKeyOf(high) == columnKeyOf(low) {
				return accessPath{low: low, high: high, cost: costInterval + x.countIntervals(low)/shareInterval + costRow*bits.OnesCount32(rows[i]&rows[j])}
			}
		}
	}
	return accessPath{cost: costScan}
}

// pairWay looks for the two plain clauses of eq or in that hold together most rarely.
func (x *Index) compositePath(clauses []clause, rows []uint32) accessPath {
	best := accessPath{cost: costScan}
	for i := range clauses {
		if !compositable(clauses, i) {
			continue
		}
		for j := i + 1; j < len(clauses); j++ {
			a, b := &clauses[i], &clauses[j]
			keys := len(a.operands) * len(b.operands)
			if !compositable(clauses, j) || keys > maxCompositeKeys {
				continue
			}
			w := accessPath{a: a, b: b, cost: costComposite + keys - 1 + costRow*bits.OnesCount32(rows[i]&rows[j])}
			if p := x.compositeByKey.items[compositeKeyOf(a, b)]; p != nil {
				p.eachKey(a, b, func(key uint64) { w.cost += p.equal.count(key) })
			}
			if w.cost < best.cost {
				best = w
			}
		}
	}
	return best
}

func compositable(clauses []clause, i int) bool {
	return (clauses[i].op == opEq || clauses[i].op == opIn) && plain(clauses, i)
}

// plain says that a clause is a group of its own.
func plain(clauses []clause, i int) bool {
	return clauses[i].last && (i == 0 || clauses[i-1].last)
}

func (x *Index) countIntervals(c *clause) int {
	if a := x.columnByKey.items[columnKeyOf(c)]; a != nil {
		return int(a.intervals.list.len)
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

var emptyColumn columnIndex

func (x *Index) clauseCost(c *clause) int {
	a := x.columnByKey.items[columnKeyOf(c)]
	if a == nil {
		a = &emptyColumn
	}
	switch c.op {
	case opEq, opIn:
		sum := len(c.operands) - 1
		for _, d := range c.operands {
			sum += a.equal.count(c.opclass.Hash(d))
		}
		return sum
	case opGt, opGte, opLt, opLte:
		return costHalf + int(a.intervals.list.len)/shareHalf
	case opStartsWith:
		return a.prefixes.cost(c.operands[0].Bytes())
	case opEndsWith:
		return a.suffixes.cost(c.operands[0].Bytes())
	case opContains:
		return a.ngrams.cost(c.needle().lower)
	case opIsNull:
		if c.null {
			return costNull + int(a.null.list.len)
		}
		return costNotNull + int(a.notNull.list.len)
	case opNe, opNotIn, opNever:
	}
	return costScan
}

// place gives an entry the place of a clause.
func (x *Index) insertClause(e *Handle, c *clause) {
	a := x.column(c)
	switch c.op {
	case opEq, opIn:
		for _, d := range c.operands {
			a.equal.put(e, c.opclass.Hash(d))
		}
	case opGt, opGte:
		a.intervals.put(e, boundsOf(c.opclass, &c.operands[0], nil))
	case opLt, opLte:
		a.intervals.put(e, boundsOf(c.opclass, nil, &c.operands[0]))
	case opStartsWith:
		a.prefixes.put(e, a.prefixes.key(c.operands[0].Bytes()))
	case opEndsWith:
		a.suffixes.put(e, a.suffixes.key(c.operands[0].Bytes()))
	case opContains:
		key, _ := a.ngrams.best(c.needle().lower)
		a.ngrams.put(e, key)
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
func (x *Index) insertScanned(e *Handle) {
	for i := range e.clauses {
		if c := &e.clauses[i]; (c.op == opNe || c.op == opNotIn) && plain(e.clauses, i) {
			x.column(c).exclusions.put(e, c)
			x.excluding++
			return
		}
	}
	x.scanned.add(e, 0, 0)
}
