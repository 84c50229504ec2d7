package filter

import "math/bits"

// accessPath is a way from a row to a filter. It is one of
//
//   - a group: each of its clauses has postings;
//   - an interval between low and high, two plain clauses on one column;
//   - a pair of plain clauses, a and b, of eq or in.
//
// Whenever the filter may match a row, the row leads to at least one of the postings.
type accessPath struct {
	group     []clause
	low, high *clause
	a, b      *clause
	cost      int // the lower the better
}

// insert adds a handle's postings, along the cheapest access path of its filter.
func (x *Index) insert(h *Handle) {
	if len(h.clauses) == 0 {
		x.always.add(h, 0, 0)
		return
	}
	path, never := x.plan(h.clauses)
	switch {
	case never:
	case path.cost == costScan:
		x.insertScanned(h)
	case path.a != nil:
		comp := x.composite(path.a, path.b)
		comp.eachKey(path.a, path.b, func(key uint64) { comp.equal.put(h, key) })
	case path.low != nil:
		t := &x.column(path.low).intervals
		t.put(h, boundsOf(path.low.opclass, &path.low.operands[0], &path.high.operands[0]))
	default:
		for i := range path.group {
			x.insertClause(h, &path.group[i])
		}
	}
}

// plan chooses the cheapest access path; its cost is costScan if there is none. never says
// that the filter matches no row.
func (x *Index) plan(clauses []clause) (best accessPath, never bool) {
	best = accessPath{cost: costScan}
	rows := make([]uint32, len(clauses)) // of the sample, by clause
	if len(clauses) > 1 {
		for i := range clauses {
			rows[i] = x.sample.rowsLedBy(&clauses[i])
		}
	}
	start := 0
	for i := range clauses {
		if !clauses[i].last {
			continue
		}
		group := clauses[start : i+1]
		first := start
		start = i + 1
		if group[0].op == opNever {
			return best, true
		}
		cost := x.groupCost(group)
		if cost < best.cost && len(group) < len(clauses) {
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
	if path := x.intervalPath(clauses, rows); path.cost < best.cost {
		best = path
	}
	if best.cost > costComposite {
		if path := x.compositePath(clauses, rows); path.cost < best.cost {
			best = path
		}
	}
	return best, false
}

// intervalPath looks for two plain clauses that are the two ends of an interval.
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

// compositePath looks for the two plain clauses of eq or in that hold together most rarely.
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
			path := accessPath{a: a, b: b, cost: costComposite + keys - 1 + costRow*bits.OnesCount32(rows[i]&rows[j])}
			if comp := x.compositeByKey.items[compositeKeyOf(a, b)]; comp != nil {
				comp.eachKey(a, b, func(key uint64) { path.cost += comp.equal.count(key) })
			}
			if path.cost < best.cost {
				best = path
			}
		}
	}
	return best
}

// compositable reports whether clauses[i] can be one of the two in a compositeIndex.
func compositable(clauses []clause, i int) bool {
	return (clauses[i].op == opEq || clauses[i].op == opIn) && plain(clauses, i)
}

// plain reports whether clauses[i] is a group of its own.
func plain(clauses []clause, i int) bool {
	return clauses[i].last && (i == 0 || clauses[i-1].last)
}

// countIntervals returns how many filters are in the interval tree of a clause's column.
func (x *Index) countIntervals(c *clause) int {
	if col := x.columnByKey.items[columnKeyOf(c)]; col != nil {
		return int(col.intervals.list.len)
	}
	return 0
}

// groupCost is the cost of all clauses of a group, without the sample; costScan if one of them
// leads nowhere.
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

var emptyColumn columnIndex // stands for one that does not exist

// clauseCost is the cost of a clause, without the sample.
func (x *Index) clauseCost(c *clause) int {
	col := x.columnByKey.items[columnKeyOf(c)]
	if col == nil {
		col = &emptyColumn
	}
	switch c.op {
	case opEq, opIn:
		sum := len(c.operands) - 1
		for _, d := range c.operands {
			sum += col.equal.count(c.opclass.Hash(d))
		}
		return sum
	case opGt, opGte, opLt, opLte:
		return costHalf + int(col.intervals.list.len)/shareHalf
	case opStartsWith:
		return col.prefixes.cost(c.operands[0].Bytes())
	case opEndsWith:
		return col.suffixes.cost(c.operands[0].Bytes())
	case opContains:
		return col.ngrams.cost(c.needle().lower)
	case opIsNull:
		if c.null {
			return costNull + int(col.null.list.len)
		}
		return costNotNull + int(col.notNull.list.len)
	case opNe, opNotIn, opNever:
	}
	return costScan
}

// insertClause adds the postings of one clause of an access path.
func (x *Index) insertClause(h *Handle, c *clause) {
	col := x.column(c)
	switch c.op {
	case opEq, opIn:
		for _, d := range c.operands {
			col.equal.put(h, c.opclass.Hash(d))
		}
	case opGt, opGte:
		col.intervals.put(h, boundsOf(c.opclass, &c.operands[0], nil))
	case opLt, opLte:
		col.intervals.put(h, boundsOf(c.opclass, nil, &c.operands[0]))
	case opStartsWith:
		col.prefixes.put(h, col.prefixes.key(c.operands[0].Bytes()))
	case opEndsWith:
		col.suffixes.put(h, col.suffixes.key(c.operands[0].Bytes()))
	case opContains:
		key, _ := col.ngrams.best(c.needle().lower)
		col.ngrams.put(h, key)
	case opIsNull:
		if c.null {
			col.null.add(h, 0, 0)
		} else {
			col.notNull.add(h, 0, 0)
		}
	case opNe, opNotIn, opNever:
		panic("filter: nothing leads to " + c.op.String())
	}
}

// insertScanned adds a handle that has no access path. If its filter has a plain ne or notin, it
// goes to the column's exclusions: NULL does not lead there, and a value that is not excluded
// leads there without a comparison.
func (x *Index) insertScanned(h *Handle) {
	for i := range h.clauses {
		if c := &h.clauses[i]; (c.op == opNe || c.op == opNotIn) && plain(h.clauses, i) {
			x.column(c).exclusions.put(h, c)
			x.excluding++
			return
		}
	}
	x.scanned.add(h, 0, 0)
}

// A filter of several clauses is planned again once it was evaluated in vain firstMissLimit times
// for each of its postings. After that the limit doubles each time.
const (
	firstMissLimit = 32
	maxMissLimit   = 1 << 30

	// evaluationsPerReplan is how many evaluations take about as long as planning one filter
	// again, so that replanning never costs more than matching.
	evaluationsPerReplan = 64
)

// scheduleReplan schedules a replan, behind the present row, of a filter that was evaluated in
// vain too often: if there is another access path at all, and evaluations have paid for it.
func (x *Index) scheduleReplan(h *Handle) {
	if len(h.clauses) > 1 && len(x.toReplan) <= x.evaluated/evaluationsPerReplan {
		h.misses, h.missLimit = 0, min(2*h.missLimit, maxMissLimit)
		x.toReplan = append(x.toReplan, h)
	}
}

// replan inserts the scheduled filters again, along the access path that is the cheapest by the
// sample as it is now.
func (x *Index) replan() {
	for i, h := range x.toReplan {
		x.toReplan[i] = nil
		x.removePostings(h)
		x.insert(h)
	}
	x.toReplan = x.toReplan[:0]
}
