package filter

import (
	"github.com/tablewire/tablewire/internal/swaplist"
	"github.com/tablewire/tablewire/protocol/wal"
)

// Index holds many filters on one relation and finds those that match a row, without evaluating
// the others. The zero Index is empty and ready for use. It belongs to one goroutine: none of
// its methods may run while another one does.
//
// A filter has postings for one of its groups, the one that promises to lead the fewest rows to
// the filter. A row is looked up in the index of each column, and the filters that it leads to
// are evaluated. So the index finds what evaluating every filter would find, [Unknown] included.
type Index struct {
	len int // filters

	columns        []*columnIndex
	columnByKey    shrinkMap[columnKey, *columnIndex]
	composites     []*compositeIndex
	compositeByKey shrinkMap[compositeKey, *compositeIndex]

	always    postings // empty filters
	scanned   postings // filters without an access path: evaluated for every row
	excluding int      // filters among a column's exclusions: they hold for nearly every row

	// The values that clauses look at. A columnValue is found by the column's index, a path's
	// by ^clause.valueID.
	columnValues []columnValue
	paths        idTable[*pathValue]
	pathIDs      shrinkMap[string, int32] // by pathValue.name
	documents    map[int32]*pathTrie      // by column

	// While a row is matched.
	generation uint64 // the number of the row
	row        []wal.Value
	matches    []Match
	evaluated  int
	filled     []*columnValue // to release
	walked     []*pathTrie    // to release
	toReplan   []*Handle

	sample sample
}

// Handle is a filter in an index, for as long as the filter is there.
type Handle struct {
	// What an evaluation looks at comes first, in one line of the processor's cache.
	generation uint64 // the row for which the filter was last evaluated
	clauses    []clause
	misses     uint32 // evaluations since the last replan that gave No
	missLimit  uint32 // misses for each posting before a replan

	// Value is the caller's. The index does not look at it.
	Value any

	refs []ref
}

// Match is a filter that matches a row, or may match it.
type Match struct {
	Handle *Handle
	Result Result // Yes or Unknown
}

// Len returns the number of filters.
func (x *Index) Len() int { return x.len }

// Scanned returns the number of filters that nearly every row leads to, because none of their
// clauses is selective. Empty filters don't count.
func (x *Index) Scanned() int { return int(x.scanned.list.len) + x.excluding }

// Evaluated returns the number of filters that the last Match evaluated, whatever the result.
// Empty filters don't count.
func (x *Index) Evaluated() int { return x.evaluated }

// Add adds a filter. All filters of an index must be compiled for relations with the same
// columns. v becomes the handle's Value.
func (x *Index) Add(f *Filter, v any) *Handle {
	h := &Handle{Value: v, clauses: f.clauses, missLimit: firstMissLimit}
	x.len++
	x.bindValues(h)
	x.insert(h)
	return h
}

// Remove removes a filter. The handle must not be used any more.
func (x *Index) Remove(h *Handle) {
	x.removePostings(h)
	x.releaseValues(h)
	x.len--
}

// removePostings removes all postings of a handle, and the indexes that have none left.
func (x *Index) removePostings(h *Handle) {
	for len(h.refs) > 0 {
		last := h.refs[len(h.refs)-1]
		h.refs = h.refs[:len(h.refs)-1]
		last.postings.remove(last.id)
		if col := last.postings.column; col != nil {
			if last.postings == &col.exclusions.list {
				x.excluding--
			}
			if col.len == 0 {
				x.dropColumn(col)
			}
		}
		if comp := last.postings.composite; comp != nil && last.postings.list.len == 0 {
			x.dropComposite(comp)
		}
	}
}

// Match appends to dst the filters that match a row or may match it, each once, in no order. The
// row is as [Filter.Match] takes it. The index keeps nothing of row but short copies, and
// nothing of dst.
func (x *Index) Match(dst []Match, row []wal.Value) []Match {
	x.generation++
	x.row, x.matches, x.evaluated = row, dst, 0
	for _, col := range x.columns {
		col.match(x)
	}
	for _, comp := range x.composites {
		comp.match(x)
	}
	x.evaluateAll(&x.scanned)
	for _, page := range x.always.list.pages {
		for i := range page {
			x.matches = append(x.matches, Match{page[i].handle, Yes})
		}
	}
	dst, x.matches, x.row = x.matches, nil, nil
	x.release()
	x.sample.observe(row, len(x.columnValues))
	x.replan()
	return dst
}

// release drops everything that belongs to the row.
func (x *Index) release() {
	for i, v := range x.filled {
		v.release()
		x.filled[i] = nil
	}
	x.filled = x.filled[:0]
	for i, t := range x.walked {
		t.release()
		x.walked[i] = nil
	}
	x.walked = x.walked[:0]
}

// column returns the index of a clause's column, and makes it if there is none.
func (x *Index) column(c *clause) *columnIndex {
	key := columnKeyOf(c)
	if col := x.columnByKey.items[key]; col != nil {
		return col
	}
	col := newColumnIndex(c)
	x.columnByKey.put(key, col)
	col.at = len(x.columns)
	x.columns = append(x.columns, col)
	return col
}

func (x *Index) dropColumn(col *columnIndex) {
	x.columns = swaplist.Remove(x.columns, col.at, func(col *columnIndex, at int) { col.at = at })
	x.columnByKey.remove(col.key)
}

// composite returns the index of two clauses' columns, and makes it if there is none.
func (x *Index) composite(a, b *clause) *compositeIndex {
	key := compositeKeyOf(a, b)
	if comp := x.compositeByKey.items[key]; comp != nil {
		return comp
	}
	comp := newCompositeIndex(a, b)
	x.compositeByKey.put(key, comp)
	comp.at = len(x.composites)
	x.composites = append(x.composites, comp)
	return comp
}

func (x *Index) dropComposite(comp *compositeIndex) {
	x.composites = swaplist.Remove(x.composites, comp.at, func(comp *compositeIndex, at int) { comp.at = at })
	x.compositeByKey.remove(comp.key)
}
