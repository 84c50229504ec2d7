package filter

import (
	"bytes"
	"cmp"

	"github.com/tablewire/tablewire/fanout/filter/value"
	"github.com/tablewire/tablewire/protocol/wal"
)

// cell holds what one column, or one path into a column, has in the row that an
// index is matching. Each text is read once for all clauses, and only if one asks.
type columnValue struct {
	generation uint64 // the turn of the index that it was filled in
	state      wal.State
	text       []byte // of state Text

	parsed [2]parsedValue // of a path, as text and as a number; else the first

	lowerGeneration uint64 // of the text form in lower case
	lower           []byte

	foldGeneration uint64 // of the text as the class folds it, if it can
	folded         []byte
	foldable       bool
}

// reading is a text read as a class.
type parsedValue struct {
	generation uint64
	datum      value.Datum
	ok         bool
	hasSum     bool
	hasKey     bool
	sum        uint64 // the datum's hash
	key        uint64 // the datum's rank
}

// maxLower is the longest buffer that a cell keeps.
const maxKeptText = 64 << 10

// cell gives the filled cell of a clause.
func (x *Index) valueOf(id int32) *columnValue {
	if id >= 0 {
		c := &x.columnValues[id]
		if c.generation != x.generation {
			c.generation = x.generation
			c.fill(x.row, int(id))
			x.filled = append(x.filled, c)
		}
		return c
	}
	p := x.paths.items[^id]
	if p.generation != x.generation {
		p.generation = x.generation
		p.follow(x)
		x.filled = append(x.filled, &p.columnValue)
	}
	return &p.columnValue
}

func (c *columnValue) fill(row []wal.Value, column int) {
	c.state, c.text = wal.Absent, nil
	if column < len(row) {
		c.state, c.text = row[column].State, row[column].Text
	}
}

// release lets go of the row, and of what is too long to be kept.
func (c *columnValue) release() {
	c.text = nil
	for i := range c.parsed {
		c.parsed[i].datum = value.Datum{}
	}
	if cap(c.lower) > maxKeptText {
		c.lower = nil
	}
	if cap(c.folded) > maxKeptText {
		c.folded = nil
	}
}

// read reads the text.
func (c *columnValue) parse(x *Index, class *value.Opclass) *parsedValue {
	r := &c.parsed[0]
	if class == value.PathNumber {
		r = &c.parsed[1]
	}
	if r.generation != x.generation {
		r.generation, r.hasSum, r.hasKey = x.generation, false, false
		text, foldable := c.fold(x, class)
		r.datum, r.ok = class.Read(text)
		r.ok = r.ok && foldable
	}
	return r
}

func (r *parsedValue) hash(class *value.Opclass) uint64 {
	if !r.hasSum {
		r.hasSum, r.sum = true, class.Hash(r.datum)
	}
	return r.sum
}

func (r *parsedValue) sortKey(class *value.Opclass) uint64 {
	if !r.hasKey {
		r.hasKey, r.key = true, class.SortKey(r.datum)
	}
	return r.key
}

// fold gives the text that the class reads.
func (c *columnValue) fold(x *Index, class *value.Opclass) (_ []byte, ok bool) {
	if !class.Folds() {
		return c.text, true
	}
	if c.foldGeneration != x.generation {
		c.foldGeneration = x.generation
		c.folded, c.foldable = class.Fold(c.folded[:0], c.text)
	}
	return c.folded, c.foldable
}

// form gives the text form; false if it is not known.
func (c *columnValue) castText(x *Index, class *value.Opclass) (_ []byte, ok bool) {
	if class.FoldsText() {
		return c.fold(x, class)
	}
	return class.CastText(c.text), true
}

// lowered gives the text form in lower case, which a class that folds it has made it
// already.
func (c *columnValue) lowered(x *Index, class *value.Opclass) []byte {
	if class.FoldsText() {
		return c.folded
	}
	if c.lowerGeneration != x.generation {
		c.lowerGeneration = x.generation
		c.lower = appendLower(c.lower[:0], class.CastText(c.text))
	}
	return c.lower
}

// match evaluates an entry's filter for the row at hand.
func (x *Index) match(e *Handle) Result {
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

func (x *Index) matchCastText(c *clause, v *columnValue) Result {
	text, ok := v.castText(x, c.opclass)
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
	r := v.parse(x, c.opclass)
	if r.ok && c.op.compares() && c.opclass.HasSortKey() {
		// Ranks decide most comparisons, and they are at hand.
		rank := r.sortKey(c.opclass)
		if rank != c.sortKey || c.opclass.SortKeyIsExact() {
			return resultOf(c.op.holds(cmp.Compare(rank, c.sortKey)))
		}
	}
	return c.matchRead(r.datum, r.ok)
}
