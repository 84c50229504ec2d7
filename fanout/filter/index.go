package filter

import (
	"slices"
	"strconv"

	"github.com/tablewire/tablewire/internal/swaplist"
	"github.com/tablewire/tablewire/protocol/wal"
)

// Index holds many filters of one relation's columns and finds those that a row
// fulfils, without asking the others. It belongs to one goroutine. The zero Index
// is empty and ready for use.
//
// Each filter is reached through one of its groups, the one that promises to lead
// to the fewest, and is evaluated where it is reached. So an index finds what asking
// every filter would find, [Unknown] included.
type Index struct {
	columns        []*columnIndex
	columnByKey    shrinkMap[columnKey, *columnIndex]
	composites     []*compositeIndex
	compositeByKey shrinkMap[compositeKey, *compositeIndex]
	always         postings // empty filters
	scanned        postings // no group leads to them: asked for every row
	excluding      int      // reached by ne or notin, which lead to nearly all
	len            int

	paths     idTable[*pathValue] // by ^clause.cell
	pathIDs   shrinkMap[string, int32]
	documents map[int32]*pathTrie // by column

	// While a row is matched.
	generation   uint64
	row          []wal.Value
	matches      []Match
	evaluated    int
	columnValues []columnValue
	filled       []*columnValue
	walked       []*pathTrie

	sample   sample
	toReplan []*Handle // at the end of the turn
}

// Entry is a filter in an index.
type Handle struct {
	// What a visit looks at comes first: it is in one line of the processor's cache.
	generation uint64 // in which it was last visited
	clauses    []clause
	misses     uint32 // visits in vain
	missLimit  uint32 // with so many the filter is filed anew

	// Value is the caller's.
	Value any
	refs  []ref
}

// Hit is an entry that a row fulfils, or may fulfil.
type Match struct {
	Handle *Handle
	Result Result // Yes or Unknown
}

// Len is the number of filters.
func (x *Index) Len() int { return x.len }

// Scanned is the number of filters of which no clause is selective, but for the
// empty ones: they are visited for nearly every row.
func (x *Index) Scanned() int { return int(x.scanned.list.len) + x.excluding }

// Visited is how many filters the last Match looked at.
func (x *Index) Evaluated() int { return x.evaluated }

// Add puts a filter into the index. All filters of an index must have been compiled
// for relations with the same columns.
func (x *Index) Add(f *Filter, value any) *Handle {
	e := &Handle{Value: value, clauses: f.clauses, missLimit: firstMissLimit}
	x.len++
	x.bindValues(e)
	x.insert(e)
	return e
}

// Remove takes an entry out, once.
func (x *Index) Remove(e *Handle) {
	x.removePostings(e)
	x.releaseValues(e)
	x.len--
}

// unfile takes an entry's places.
func (x *Index) removePostings(e *Handle) {
	for len(e.refs) > 0 {
		last := e.refs[len(e.refs)-1]
		e.refs = e.refs[:len(e.refs)-1]
		last.postings.remove(last.id)
		if a := last.postings.column; a != nil {
			if last.postings == &a.exclusions.list {
				x.excluding--
			}
			if a.postings == 0 {
				x.dropColumn(a)
			}
		}
		if p := last.postings.composite; p != nil && last.postings.list.len == 0 {
			x.dropComposite(p)
		}
	}
}

// Match appends to dst the entries that a row fulfils or may fulfil, in no order,
// each once. The row is as [Filter.Match] takes it.
func (x *Index) Match(dst []Match, row []wal.Value) []Match {
	x.generation++
	x.row, x.matches, x.evaluated = row, dst, 0
	for _, a := range x.columns {
		a.match(x)
	}
	for _, p := range x.composites {
		p.match(x)
	}
	x.evaluateAll(&x.scanned)
	for _, page := range x.always.list.pages {
		for i := range page {
			x.matches = append(x.matches, Match{page[i].handle, Yes})
		}
	}
	dst, x.matches, x.row = x.matches, nil, nil
	for i, c := range x.filled { // the row is the caller's again
		c.release()
		x.filled[i] = nil
	}
	x.filled = x.filled[:0]
	for i, b := range x.walked {
		b.release()
		x.walked[i] = nil
	}
	x.walked = x.walked[:0]
	x.sample.observe(row, len(x.columnValues))
	x.replan()
	return dst
}

// An entry with several ways to it is filed anew when it was visited in vain so
// often for each of its places, then twice as often, and so on.
const (
	firstMissLimit = 32
	maxMissLimit   = 1 << 30
	// refileShare is how many visits take about as long as filing one entry anew: so
	// learning never costs more than matching.
	evaluationsPerReplan = 64
)

// learn files entries anew that rows led to in vain, by what the sample says now.
func (x *Index) replan() {
	for i, e := range x.toReplan {
		x.toReplan[i] = nil
		x.removePostings(e)
		x.insert(e)
	}
	x.toReplan = x.toReplan[:0]
}

// visit evaluates an entry's filter, the first time that the row leads to it.
func (x *Index) evaluate(e *Handle) {
	if e.generation == x.generation {
		return
	}
	e.generation = x.generation
	x.evaluated++
	if result := x.match(e); result != No {
		x.matches = append(x.matches, Match{e, result})
		return
	}
	if e.misses++; int(e.misses) >= int(e.missLimit)*len(e.refs) && len(e.clauses) > 1 && len(x.toReplan) <= x.evaluated/evaluationsPerReplan {
		e.misses, e.missLimit = 0, min(2*e.missLimit, maxMissLimit)
		x.toReplan = append(x.toReplan, e)
	}
}

func (x *Index) evaluateAll(b *postings) {
	for _, page := range b.list.pages {
		for i := range page {
			x.evaluate(page[i].handle)
		}
	}
}

func (x *Index) evaluateChain(b *postings, id uint32) {
	for id != 0 {
		p := b.list.at(id)
		x.evaluate(p.handle)
		id = p.next
	}
}

// visitCertain visits points whose clause holds.
func (x *Index) acceptAll(b *postings) {
	for _, page := range b.list.pages {
		for i := range page {
			x.accept(&page[i])
		}
	}
}

// visitHolding visits a point whose clause is known to hold, which decides if there
// is no other.
func (x *Index) accept(p *posting) {
	if !p.single() {
		x.evaluate(p.handle)
		return
	}
	x.evaluated++
	x.matches = append(x.matches, Match{p.handle, Yes})
}

// axis gives the axis of a clause, making it if there is none.
func (x *Index) column(c *clause) *columnIndex {
	if a := x.columnByKey.items[columnKeyOf(c)]; a != nil {
		return a
	}
	a := newColumnIndex(c)
	x.columnByKey.put(a.key, a)
	a.at = len(x.columns)
	x.columns = append(x.columns, a)
	return a
}

func (x *Index) dropColumn(a *columnIndex) {
	x.columns = swaplist.Remove(x.columns, a.at, func(a *columnIndex, at int) { a.at = at })
	x.columnByKey.remove(a.key)
}

// pair gives the pair of two clauses, making it if there is none.
func (x *Index) composite(a, b *clause) *compositeIndex {
	if p := x.compositeByKey.items[compositeKeyOf(a, b)]; p != nil {
		return p
	}
	p := newCompositeIndex(a, b)
	x.compositeByKey.put(p.key, p)
	p.at = len(x.composites)
	x.composites = append(x.composites, p)
	return p
}

func (x *Index) dropComposite(p *compositeIndex) {
	x.composites = swaplist.Remove(x.composites, p.at, func(p *compositeIndex, at int) { p.at = at })
	x.compositeByKey.remove(p.key)
}

// bindCells gives the entry's clauses their cells. A filter belongs to whoever
// compiled it, so that the clauses of one with paths are copied.
func (x *Index) bindValues(e *Handle) {
	copied := false
	for i := range e.clauses {
		c := &e.clauses[i]
		if n := int(c.index) + 1 - len(x.columnValues); n > 0 {
			x.columnValues = append(x.columnValues, make([]columnValue, n)...)
			x.sample.len = 0 // its rows have no such column
		}
		if c.path() == nil {
			continue
		}
		if !copied {
			e.clauses, copied = slices.Clone(e.clauses), true
			c = &e.clauses[i]
		}
		c.valueID = x.acquirePath(c)
	}
}

func (x *Index) acquirePath(c *clause) int32 {
	name := strconv.AppendInt(nil, int64(c.index), 10)
	for _, member := range c.path() {
		name = strconv.AppendQuote(name, member)
	}
	id, ok := x.pathIDs.items[string(name)]
	if !ok {
		root := x.documents[c.index]
		if root == nil {
			root = &pathTrie{}
			if x.documents == nil {
				x.documents = map[int32]*pathTrie{}
			}
			x.documents[c.index] = root
		}
		p := &pathValue{name: string(name), column: c.index, path: c.path(), root: root, leaf: root.extend(c.path())}
		id = ^x.paths.put(p)
		x.pathIDs.put(p.name, id)
	}
	x.paths.items[^id].users++
	return id
}

func (x *Index) releaseValues(e *Handle) {
	for i := range e.clauses {
		id := e.clauses[i].valueID
		if id >= 0 {
			continue
		}
		p := x.paths.items[^id]
		if p.users--; p.users > 0 {
			continue
		}
		x.pathIDs.remove(p.name)
		p.root.cut(p.path)
		x.paths.remove(^id)
	}
}
