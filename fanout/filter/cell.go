package filter

import (
	"bytes"
	"cmp"

	"github.com/tablewire/tablewire/fanout/filter/value"
	"github.com/tablewire/tablewire/protocol/wal"
)

// cell holds what one column, or one path into a column, has in the row that an
// index is matching. Each text is read once for all clauses, and only if one asks.
type cell struct {
	turn  uint64 // the turn of the index that it was filled in
	state wal.State
	text  []byte // of state Text

	readings [2]reading // of a path, as text and as a number; else the first

	lowerTurn uint64 // of the text form in lower case
	lower     []byte

	foldTurn uint64 // of the text as the class folds it, if it can
	folded   []byte
	foldable bool
}

// reading is a text read as a class.
type reading struct {
	turn   uint64
	datum  value.Datum
	ok     bool
	hashed bool
	ranked bool
	sum    uint64 // the datum's hash
	place  uint64 // the datum's rank
}

// maxLower is the longest buffer that a cell keeps.
const maxLower = 64 << 10

// cell gives the filled cell of a clause.
func (x *Index) cell(id int32) *cell {
	if id >= 0 {
		c := &x.columnCells[id]
		if c.turn != x.turn {
			c.turn = x.turn
			c.fill(x.row, int(id))
			x.filled = append(x.filled, c)
		}
		return c
	}
	p := x.paths.items[^id]
	if p.turn != x.turn {
		p.turn = x.turn
		p.follow(x)
		x.filled = append(x.filled, &p.cell)
	}
	return &p.cell
}

func (c *cell) fill(row []wal.Value, column int) {
	c.state, c.text = wal.Absent, nil
	if column < len(row) {
		c.state, c.text = row[column].State, row[column].Text
	}
}

// release lets go of the row, and of what is too long to be kept.
func (c *cell) release() {
	c.text = nil
	for i := range c.readings {
		c.readings[i].datum = value.Datum{}
	}
	if cap(c.lower) > maxLower {
		c.lower = nil
	}
	if cap(c.folded) > maxLower {
		c.folded = nil
	}
}

// read reads the text.
func (c *cell) read(x *Index, class *value.Opclass) *reading {
	r := &c.readings[0]
	if class == value.PathNumber {
		r = &c.readings[1]
	}
	if r.turn != x.turn {
		r.turn, r.hashed, r.ranked = x.turn, false, false
		text, foldable := c.fold(x, class)
		r.datum, r.ok = class.Read(text)
		r.ok = r.ok && foldable
	}
	return r
}

func (r *reading) hash(class *value.Opclass) uint64 {
	if !r.hashed {
		r.hashed, r.sum = true, class.Hash(r.datum)
	}
	return r.sum
}

func (r *reading) sortKey(class *value.Opclass) uint64 {
	if !r.ranked {
		r.ranked, r.place = true, class.SortKey(r.datum)
	}
	return r.place
}

// fold gives the text that the class reads.
func (c *cell) fold(x *Index, class *value.Opclass) (_ []byte, ok bool) {
	if !class.Folds() {
		return c.text, true
	}
	if c.foldTurn != x.turn {
		c.foldTurn = x.turn
		c.folded, c.foldable = class.Fold(c.folded[:0], c.text)
	}
	return c.folded, c.foldable
}

// form gives the text form; false if it is not known.
func (c *cell) form(x *Index, class *value.Opclass) (_ []byte, ok bool) {
	if class.FoldsText() {
		return c.fold(x, class)
	}
	return class.CastText(c.text), true
}

// lowered gives the text form in lower case, which a class that folds it has made it
// already.
func (c *cell) lowered(x *Index, class *value.Opclass) []byte {
	if class.FoldsText() {
		return c.folded
	}
	if c.lowerTurn != x.turn {
		c.lowerTurn = x.turn
		c.lower = appendLower(c.lower[:0], class.CastText(c.text))
	}
	return c.lower
}

// match evaluates an entry's filter for the row at hand.
func (x *Index) match(e *Entry) Result {
	result, group := Yes, No
	for i := range e.clauses {
		c := &e.clauses[i]
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

func (x *Index) matchText(c *clause, v *cell) Result {
	text, ok := v.form(x, c.opclass)
	switch {
	case !ok:
		return Unknown
	case c.op == opContains:
		return resultOf(bytes.Contains(v.lowered(x, c.opclass), c.needle().lower))
	}
	return resultOf(c.matchForm(text))
}

// matchClause is clause.match by way of the cells.
func (x *Index) matchClause(c *clause) Result {
	if c.op == opNever {
		return No
	}
	v := x.cell(c.cell)
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
		return x.matchText(c, v)
	}
	r := v.read(x, c.opclass)
	if r.ok && c.op.compares() && c.opclass.HasSortKey() {
		// Ranks decide most comparisons, and they are at hand.
		rank := r.sortKey(c.opclass)
		if rank != c.rank || c.opclass.SortKeyIsExact() {
			return resultOf(c.op.holds(cmp.Compare(rank, c.rank)))
		}
	}
	return c.matchRead(r.datum, r.ok)
}
