package wal

import "bytes"

// State says what is known of a value.
type State uint8

// The states.
const (
	Absent    State = iota // not sent: nothing is known
	Null                   // NULL
	Text                   // Value.Text is the value's text form
	Unchanged              // an update did not touch it, and it did not travel (TOAST)
)

// Value of a column in a row.
type Value struct {
	Text  []byte // of state Text; belongs to the batch
	State State
}

// Change of one row, or the truncation of one table.
type Change struct {
	Op       Op
	Relation *Relation
	Position Position
	// New is the row after a create or an update, one value for each column. A
	// value that did not travel is already taken from the old row where that tells
	// it, so that Unchanged means that it is not known.
	New []Value
	// Old is the row before an update or a delete as far as the log tells: one
	// value for each column, or nil when nothing was told. OldFull is set when the
	// whole old row is known: then no value is Absent. Otherwise those are there that
	// are certain: mostly the identity's columns.
	Old     []Value
	OldFull bool
	// Omitted says of each column whether its values are left out of events because
	// they are too long; nil when none are. See Omit.
	Omitted []bool
}

// Row is what a filter is matched against: the row after a create or an update,
// what is known of the row before a delete.
func (c *Change) Row() []Value {
	if c.Op == Delete {
		return c.Old
	}
	return c.New
}

// AppendIdentity appends what is known of the row before an update of which the
// log tells no old values: it tells them when the identity's columns changed, so
// those are what they are now, and nothing is known of the others.
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

// Before is what is known of a column's value before an update or a delete.
func (c *Change) Before(i int) Value {
	switch {
	case c.Old != nil && c.Old[i].State != Absent:
		return c.Old[i]
	case c.Old == nil && c.Op == Update && c.Relation.Columns[i].Key:
		return c.New[i]
	}
	return Value{}
}

// Touches reports whether an update may have changed one of the columns: what the
// log does not tell may have changed.
func (c *Change) Touches(columns Columns) bool {
	for i := range c.Relation.Columns {
		if columns.Has(i) && !c.Before(i).Same(c.New[i]) {
			return true
		}
	}
	return false
}

// Same reports whether nothing says that the value changed.
func (v Value) Same(now Value) bool {
	return now.State == Unchanged || v.State == now.State && bytes.Equal(v.Text, now.Text)
}
