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
	axes   []*axis
	byKey  registry[axisKey, *axis]
	pairs  []*pair
	pairOf registry[pairKey, *pair]
	always bag // empty filters
	rest   bag // no group leads to them: asked for every row
	others int // reached by ne or notin, which lead to nearly all
	len    int

	paths     places[*pathCell] // by ^clause.cell
	pathCells registry[string, int32]
	documents map[int32]*branch // by column

	// While a row is matched.
	turn        uint64
	row         []wal.Value
	hits        []Hit
	visited     int
	columnCells []cell
	filled      []*cell
	walked      []*branch

	sample sample
	refile []*Entry // at the end of the turn
}

// Entry is a filter in an index.
type Entry struct {
	// What a visit looks at comes first: it is in one line of the processor's cache.
	turn    uint64 // in which it was last visited
	clauses []clause
	vain    uint32 // visits in vain
	patient uint32 // with so many the filter is filed anew

	// Value is the caller's.
	Value  any
	places []place
}

// Hit is an entry that a row fulfils, or may fulfil.
type Hit struct {
	Entry  *Entry
	Result Result // Yes or Unknown
}

// Len is the number of filters.
func (x *Index) Len() int { return x.len }

// Scanned is the number of filters of which no clause is selective, but for the
// empty ones: they are visited for nearly every row.
func (x *Index) Scanned() int { return int(x.rest.points.len) + x.others }

// Visited is how many filters the last Match looked at.
func (x *Index) Visited() int { return x.visited }

// Add puts a filter into the index. All filters of an index must have been compiled
// for relations with the same columns.
func (x *Index) Add(f *Filter, value any) *Entry {
	e := &Entry{Value: value, clauses: f.clauses, patient: firstPatience}
	x.len++
	x.bindCells(e)
	x.file(e)
	return e
}

// Remove takes an entry out, once.
func (x *Index) Remove(e *Entry) {
	x.unfile(e)
	x.releaseCells(e)
	x.len--
}

// unfile takes an entry's places.
func (x *Index) unfile(e *Entry) {
	for len(e.places) > 0 {
		last := e.places[len(e.places)-1]
		e.places = e.places[:len(e.places)-1]
		last.bag.remove(last.id)
		if a := last.bag.axis; a != nil {
			if last.bag == &a.others.list {
				x.others--
			}
			if a.points == 0 {
				x.forget(a)
			}
		}
		if p := last.bag.pair; p != nil && last.bag.points.len == 0 {
			x.forgetPair(p)
		}
	}
}

// Match appends to dst the entries that a row fulfils or may fulfil, in no order,
// each once. The row is as [Filter.Match] takes it.
func (x *Index) Match(dst []Hit, row []wal.Value) []Hit {
	x.turn++
	x.row, x.hits, x.visited = row, dst, 0
	for _, a := range x.axes {
		a.match(x)
	}
	for _, p := range x.pairs {
		p.match(x)
	}
	x.visitAll(&x.rest)
	for _, page := range x.always.points.pages {
		for i := range page {
			x.hits = append(x.hits, Hit{page[i].entry, Yes})
		}
	}
	dst, x.hits, x.row = x.hits, nil, nil
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
	x.sample.observe(row, len(x.columnCells))
	x.learn()
	return dst
}

// An entry with several ways to it is filed anew when it was visited in vain so
// often for each of its places, then twice as often, and so on.
const (
	firstPatience = 32
	maxPatience   = 1 << 30
	// refileShare is how many visits take about as long as filing one entry anew: so
	// learning never costs more than matching.
	refileShare = 64
)

// learn files entries anew that rows led to in vain, by what the sample says now.
func (x *Index) learn() {
	for i, e := range x.refile {
		x.refile[i] = nil
		x.unfile(e)
		x.file(e)
	}
	x.refile = x.refile[:0]
}

// visit evaluates an entry's filter, the first time that the row leads to it.
func (x *Index) visit(e *Entry) {
	if e.turn == x.turn {
		return
	}
	e.turn = x.turn
	x.visited++
	if result := x.match(e); result != No {
		x.hits = append(x.hits, Hit{e, result})
		return
	}
	if e.vain++; int(e.vain) >= int(e.patient)*len(e.places) && len(e.clauses) > 1 && len(x.refile) <= x.visited/refileShare {
		e.vain, e.patient = 0, min(2*e.patient, maxPatience)
		x.refile = append(x.refile, e)
	}
}

func (x *Index) visitAll(b *bag) {
	for _, page := range b.points.pages {
		for i := range page {
			x.visit(page[i].entry)
		}
	}
}

func (x *Index) visitChain(b *bag, id uint32) {
	for id != 0 {
		p := b.points.at(id)
		x.visit(p.entry)
		id = p.next
	}
}

// visitCertain visits points whose clause holds.
func (x *Index) visitCertain(b *bag) {
	for _, page := range b.points.pages {
		for i := range page {
			x.visitHolding(&page[i])
		}
	}
}

// visitHolding visits a point whose clause is known to hold, which decides if there
// is no other.
func (x *Index) visitHolding(p *point) {
	if !p.lone() {
		x.visit(p.entry)
		return
	}
	x.visited++
	x.hits = append(x.hits, Hit{p.entry, Yes})
}

// axis gives the axis of a clause, making it if there is none.
func (x *Index) axis(c *clause) *axis {
	if a := x.byKey.items[keyOf(c)]; a != nil {
		return a
	}
	a := newAxis(c)
	x.byKey.put(a.key, a)
	a.at = len(x.axes)
	x.axes = append(x.axes, a)
	return a
}

func (x *Index) forget(a *axis) {
	x.axes = swaplist.Remove(x.axes, a.at, func(a *axis, at int) { a.at = at })
	x.byKey.remove(a.key)
}

// pair gives the pair of two clauses, making it if there is none.
func (x *Index) pair(a, b *clause) *pair {
	if p := x.pairOf.items[pairKeyOf(a, b)]; p != nil {
		return p
	}
	p := newPair(a, b)
	x.pairOf.put(p.key, p)
	p.at = len(x.pairs)
	x.pairs = append(x.pairs, p)
	return p
}

func (x *Index) forgetPair(p *pair) {
	x.pairs = swaplist.Remove(x.pairs, p.at, func(p *pair, at int) { p.at = at })
	x.pairOf.remove(p.key)
}

// bindCells gives the entry's clauses their cells. A filter belongs to whoever
// compiled it, so that the clauses of one with paths are copied.
func (x *Index) bindCells(e *Entry) {
	copied := false
	for i := range e.clauses {
		c := &e.clauses[i]
		if n := int(c.index) + 1 - len(x.columnCells); n > 0 {
			x.columnCells = append(x.columnCells, make([]cell, n)...)
			x.sample.len = 0 // its rows have no such column
		}
		if c.path() == nil {
			continue
		}
		if !copied {
			e.clauses, copied = slices.Clone(e.clauses), true
			c = &e.clauses[i]
		}
		c.cell = x.acquirePath(c)
	}
}

func (x *Index) acquirePath(c *clause) int32 {
	name := strconv.AppendInt(nil, int64(c.index), 10)
	for _, member := range c.path() {
		name = strconv.AppendQuote(name, member)
	}
	id, ok := x.pathCells.items[string(name)]
	if !ok {
		root := x.documents[c.index]
		if root == nil {
			root = &branch{}
			if x.documents == nil {
				x.documents = map[int32]*branch{}
			}
			x.documents[c.index] = root
		}
		p := &pathCell{name: string(name), column: c.index, path: c.path(), root: root, leaf: root.extend(c.path())}
		id = ^x.paths.put(p)
		x.pathCells.put(p.name, id)
	}
	x.paths.items[^id].users++
	return id
}

func (x *Index) releaseCells(e *Entry) {
	for i := range e.clauses {
		id := e.clauses[i].cell
		if id >= 0 {
			continue
		}
		p := x.paths.items[^id]
		if p.users--; p.users > 0 {
			continue
		}
		x.pathCells.remove(p.name)
		p.root.cut(p.path)
		x.paths.remove(^id)
	}
}
