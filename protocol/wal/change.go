package wal

import "bytes"

// State says what the log tells about a value.
type State uint8

// The states of a value.
const (
	Absent    State = iota // nothing is known: the value was not sent
	Null                   // NULL
	Text                   // Value.Text has the value
	Unchanged              // an update left a TOASTed value as it was, and the log does not repeat it
)

// Value is the value of one column in a row.
type Value struct {
	Text  []byte // PostgreSQL's text form, if State is Text; belongs to the batch
	State State
}

// Same reports whether v, an old value, and its new value are equal as far as the log
// tells.
func (v Value) Same(now Value) bool {
	return now.State == Unchanged || v.State == now.State && bytes.Equal(v.Text, now.Text)
}

// Change is a change of one row, or the truncation of one table.
type Change struct {
	Op       Op
	Relation *Relation
	Position Position
	// New is the row after a create or an update, one value for each column. If the log
	// left out an unchanged value but Old has it, New has it, too: Unchanged means that
	// the value is unknown.
	New []Value
	// Old is the row before an update or a delete, one value for each column, or nil if
	// the log tells nothing about it. OldFull says that the whole old row is known.
	// Without it only some values are, mostly those of the replica identity, and the
	// others are Absent.
	Old     []Value
	OldFull bool
	// Omitted says for each column whether events leave out its values because they are
	// too long; nil if events leave out none. See Omit.
	Omitted []bool
}

// Row returns the row to match against a filter: the new row of a create or an update, the
// known part of the old row of a delete.
func (c *Change) Row() []Value {
	if c.Op == Delete {
		return c.Old
	}
	return c.New
}

// AppendIdentity appends the known old values of an update without an old row, one for
// each column. PostgreSQL sends an old row if the identity's columns changed; without one
// their new values are also the old ones. All other values are Absent.
func (c *Change) AppendIdentity(dst []Value) []Value {
	for i := range c.Relation.Columns {
		var v Value
		if c.Relation.Columns[i].Key {
			v = c.New[i]
		}
		dst = append(dst, v)
	}
	return dst
}

// Before returns what is known about the value of column i before an update or a delete.
func (c *Change) Before(i int) Value {
	switch {
	case c.Old != nil && c.Old[i].State != Absent:
		return c.Old[i]
	case c.Old == nil && c.Op == Update && c.Relation.Columns[i].Key:
		return c.New[i]
	}
	return Value{}
}

// Touches reports whether an update may have changed one of the columns. A column whose
// old value is unknown may have changed.
func (c *Change) Touches(columns Columns) bool {
	for i := range c.Relation.Columns {
		if columns.Has(i) && !c.Before(i).Same(c.New[i]) {
			return true
		}
	}
	return false
}
