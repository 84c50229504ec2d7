package filter

import (
	"bytes"
	"cmp"

	"github.com/tablewire/tablewire/protocol/wal"
)

// evaluate evaluates a filter the first time that the present row leads to it.
func (x *Index) evaluate(h *Handle) {
	if h.generation == x.generation {
		return
	}
	h.generation = x.generation
	x.evaluated++
	if result := x.match(h); result != No {
		x.matches = append(x.matches, Match{h, result})
		return
	}
	if h.misses++; int(h.misses) >= int(h.missLimit)*len(h.refs) {
		x.scheduleReplan(h)
	}
}

// evaluateAll evaluates all filters of a list.
func (x *Index) evaluateAll(ps *postings) {
	for _, page := range ps.list.pages {
		for i := range page {
			x.evaluate(page[i].handle)
		}
	}
}

// evaluateChain evaluates the filters of the chain that begins with id; 0 is the empty chain.
func (x *Index) evaluateChain(ps *postings, id uint32) {
	for id != 0 {
		p := ps.list.at(id)
		x.evaluate(p.handle)
		id = p.next
	}
}

// acceptAll accepts all postings of a list.
func (x *Index) acceptAll(ps *postings) {
	for _, page := range ps.list.pages {
		for i := range page {
			x.accept(&page[i])
		}
	}
}

// accept handles a posting whose clause is known to hold: if the filter has no other clause, the
// filter matches.
func (x *Index) accept(p *posting) {
	if !p.single() {
		x.evaluate(p.handle)
		return
	}
	x.evaluated++
	x.matches = append(x.matches, Match{p.handle, Yes})
}

// match is [Filter.Match] for the present row, with a loop of its own for the reason given there.
func (x *Index) match(h *Handle) Result {
	result, group := Yes, No
	for i := range h.clauses {
		c := &h.clauses[i]
		if group != Yes {
			group = max(group, x.matchClause(c))
		}
		if !c.last {
			continue
		}
		if group == No {
			return No
		}
		result, group = min(result, group), No
	}
	return result
}

// matchClause does for the present row what clause.match does, but with the values that the index
// keeps for all clauses (see columnValue).
func (x *Index) matchClause(c *clause) Result {
	if c.op == opNever {
		return No
	}
	v := x.valueOf(c.valueID)
	switch v.state {
	case wal.Null:
		return c.matchNull()
	case wal.Unchanged:
		return c.matchUnchanged()
	case wal.Absent:
		return Unknown
	case wal.Text:
	}
	switch {
	case c.op == opIsNull:
		return c.matchIsNull(v.text)
	case c.op.onText():
		return x.matchCastText(c, v)
	}
	p := v.parse(x, c.opclass)
	if p.ok && c.op.compares() && c.opclass.SortKey != nil {
		// Sort keys decide most comparisons, and the row's is computed once for all clauses.
		key := p.sortKey(c.opclass)
		if key != c.sortKey || c.opclass.ExactSortKey {
			return resultOf(c.op.holds(cmp.Compare(key, c.sortKey)))
		}
	}
	return c.matchRead(p.datum, p.ok)
}

// matchCastText evaluates a clause that looks at the cast to text.
func (x *Index) matchCastText(c *clause, v *columnValue) Result {
	text, ok := v.castText(x, c.opclass)
	switch {
	case !ok:
		return Unknown
	case c.op == opContains:
		return resultOf(bytes.Contains(v.lowered(x, c.opclass), c.needle().lower))
	}
	return resultOf(c.matchCast(text))
}
