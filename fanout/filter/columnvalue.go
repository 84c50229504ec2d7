package filter

import (
	"slices"
	"strconv"

	"github.com/tablewire/tablewire/fanout/filter/value"
	"github.com/tablewire/tablewire/protocol/wal"
)

// columnValue is the value of one column, or of one path into a column, in the row that the
// index is matching. It is parsed, folded and so on once for all clauses, and only if one needs
// it. A generation is the number of a row: a result that was made in another generation than
// Index.generation belongs to an earlier row, and is made again.
type columnValue struct {
	generation uint64 // of state and text
	state      wal.State
	text       []byte // if state is Text

	// parsed[0] is the value as the column's type, or a path's value as text. parsed[1] is a
	// path's value as a number; columns have none.
	parsed [2]parsedValue

	lowerGeneration uint64 // of lower
	lower           []byte // the cast to text, in lower case

	foldGeneration uint64 // of folded and foldable
	folded         []byte // the text as the opclass folds it
	foldable       bool   // the opclass can fold the text
}

// parsedValue is a text as an opclass reads it.
type parsedValue struct {
	generation uint64
	datum      value.Datum
	ok         bool // the text can be read
	hasSum     bool
	hasKey     bool
	sum        uint64 // the datum's hash, if hasSum
	key        uint64 // the datum's sort key, if hasKey
}

// valueOf returns a value of the present row. An id of 0 or more is a column's index; a negative
// id is that of the path x.paths.items[^id].
func (x *Index) valueOf(id int32) *columnValue {
	if id >= 0 {
		v := &x.columnValues[id]
		if v.generation != x.generation {
			v.generation = x.generation
			v.fill(x.row, int(id))
			x.filled = append(x.filled, v)
		}
		return v
	}
	p := x.paths.items[^id]
	if p.generation != x.generation {
		p.generation = x.generation
		p.follow(x)
		x.filled = append(x.filled, &p.columnValue)
	}
	return &p.columnValue
}

func (v *columnValue) fill(row []wal.Value, column int) {
	v.state, v.text = wal.Absent, nil
	if column < len(row) {
		v.state, v.text = row[column].State, row[column].Text
	}
}

// release drops what belongs to the row, and buffers that are too long to keep.
func (v *columnValue) release() {
	v.text = nil
	for i := range v.parsed {
		v.parsed[i].datum = value.Datum{}
	}
	if cap(v.lower) > maxKeptText {
		v.lower = nil
	}
	if cap(v.folded) > maxKeptText {
		v.folded = nil
	}
}

// parse returns the text as the opclass reads it.
func (v *columnValue) parse(x *Index, opclass *value.Opclass) *parsedValue {
	p := &v.parsed[0]
	if opclass == value.PathNumber {
		p = &v.parsed[1]
	}
	if p.generation != x.generation {
		p.generation, p.hasSum, p.hasKey = x.generation, false, false
		text, foldable := v.fold(x, opclass)
		p.datum, p.ok = opclass.Read(text)
		p.ok = p.ok && foldable
	}
	return p
}

func (p *parsedValue) hash(opclass *value.Opclass) uint64 {
	if !p.hasSum {
		p.hasSum, p.sum = true, opclass.Hash(p.datum)
	}
	return p.sum
}

func (p *parsedValue) sortKey(opclass *value.Opclass) uint64 {
	if !p.hasKey {
		p.hasKey, p.key = true, opclass.SortKey(p.datum)
	}
	return p.key
}

// fold returns the text that the opclass reads; false if it is not known.
func (v *columnValue) fold(x *Index, opclass *value.Opclass) (_ []byte, ok bool) {
	if !opclass.Folds() {
		return v.text, true
	}
	if v.foldGeneration != x.generation {
		v.foldGeneration = x.generation
		v.folded, v.foldable = opclass.Fold(v.folded[:0], v.text)
	}
	return v.folded, v.foldable
}

// castText returns the cast to text, folded if the opclass folds it; false if it is not known.
func (v *columnValue) castText(x *Index, opclass *value.Opclass) (_ []byte, ok bool) {
	if opclass.FoldsText() {
		return v.fold(x, opclass)
	}
	return opclass.CastText(v.text), true
}

// lowered returns the cast to text in lower case. If the opclass folds the cast to text, that is
// castText, which must have been called before.
func (v *columnValue) lowered(x *Index, opclass *value.Opclass) []byte {
	if opclass.FoldsText() {
		return v.folded
	}
	if v.lowerGeneration != x.generation {
		v.lowerGeneration = x.generation
		v.lower = appendLower(v.lower[:0], opclass.CastText(v.text))
	}
	return v.lower
}

// bindValues makes sure that there are values for all clauses of a handle, and tells those with a
// path which is theirs. It does so in a copy: the filter belongs to whoever compiled it.
func (x *Index) bindValues(h *Handle) {
	copied := false
	for i := range h.clauses {
		c := &h.clauses[i]
		if n := int(c.index) + 1 - len(x.columnValues); n > 0 {
			x.columnValues = append(x.columnValues, make([]columnValue, n)...)
			x.sample.len = 0 // its rows have no such column
		}
		if c.path() == nil {
			continue
		}
		if !copied {
			h.clauses, copied = slices.Clone(h.clauses), true
			c = &h.clauses[i]
		}
		c.valueID = x.acquirePath(c)
	}
}

// acquirePath returns the valueID of a clause's path.
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

// releaseValues drops the paths that no filter has any more.
func (x *Index) releaseValues(h *Handle) {
	for i := range h.clauses {
		id := h.clauses[i].valueID
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
