package protocol

import (
	"bytes"

	"github.com/tablewire/tablewire/protocol/jsonstring"
	"github.com/tablewire/tablewire/protocol/wal"
)

// AppendConnected appends the message that confirms a subscription to a collection.
// filters are the filters as the client sent them; if empty, the message has {}.
func AppendConnected(dst []byte, collectionID string, filters []byte) []byte {
	dst = append(dst, `{"event":"connected","collection_id":`...)
	dst = jsonstring.Append(dst, collectionID)
	dst = append(dst, `,"filters":`...)
	if len(filters) == 0 {
		filters = []byte("{}")
	}
	dst = append(dst, filters...)
	return append(dst, '}')
}

// AppendEvent appends the event of a change: the projection says which columns it shows,
// the outcome which event it is. AppendEvent allocates only to grow dst.
func AppendEvent(dst []byte, p Projection, outcome Outcome, c *wal.Change) []byte {
	dst = append(dst, `{"event":"`...)
	dst = append(dst, outcome.Op.String()...)
	dst = append(dst, `","collection_id":`...)
	dst = append(dst, p.CollectionJSON...)
	unchanged := 0
	switch outcome.Op {
	case wal.Create, wal.Update:
		dst = append(dst, `,"data":`...)
		dst, unchanged = appendNew(dst, p.Columns, c)
		if outcome.Op == wal.Update {
			dst = appendOldChanged(dst, p.Columns, c)
		}
	case wal.Delete:
		dst = append(dst, `,"data":`...)
		dst = appendKey(dst, c)
		if c.OldFull {
			dst = append(dst, `,"old_data":`...)
			dst = appendOld(dst, p.Columns, c)
		}
	case wal.Truncate:
	}
	if outcome.ByFilter {
		dst = append(dst, `,"reason":"filter"`...)
	}
	if unchanged > 0 {
		dst = appendUnchanged(dst, p.Columns, c)
	}
	if c.Omitted != nil && (outcome.Op != wal.Delete || c.OldFull) {
		dst = appendOmitted(dst, p.Columns, c)
	}
	return append(dst, '}')
}

// appendNew appends the new row. unchanged counts the columns whose values the log left out
// because the update did not change them (TOAST).
func appendNew(dst []byte, columns wal.Columns, c *wal.Change) (_ []byte, unchanged int) {
	dst = append(dst, '{')
	empty := len(dst)
	for i := range c.Relation.Columns {
		v := c.New[i]
		switch {
		case !columns.Has(i) || c.Omits(i):
		case v.State == wal.Unchanged:
			unchanged++
		default:
			dst = appendField(dst, &c.Relation.Columns[i], v, empty)
		}
	}
	return append(dst, '}'), unchanged
}

// appendUnchanged appends the names of the shown columns that appendNew counts as unchanged.
func appendUnchanged(dst []byte, columns wal.Columns, c *wal.Change) []byte {
	dst = append(dst, `,"unchanged":[`...)
	empty := len(dst)
	for i := range c.Relation.Columns {
		if c.New[i].State == wal.Unchanged && columns.Has(i) && !c.Omits(i) {
			dst = appendName(dst, &c.Relation.Columns[i], empty)
		}
	}
	return append(dst, ']')
}

// appendOmitted appends the names of the shown columns whose values were too long
// ([wal.Change.Omit]), if there are any.
func appendOmitted(dst []byte, columns wal.Columns, c *wal.Change) []byte {
	start := len(dst)
	dst = append(dst, `,"omitted":[`...)
	empty := len(dst)
	for i, omitted := range c.Omitted {
		if omitted && columns.Has(i) {
			dst = appendName(dst, &c.Relation.Columns[i], empty)
		}
	}
	if len(dst) == empty {
		return dst[:start]
	}
	return append(dst, ']')
}

// appendName appends a column's name to a JSON array whose elements begin at dst[empty].
func appendName(dst []byte, col *wal.Column, empty int) []byte {
	if len(dst) > empty {
		dst = append(dst, ',')
	}
	return append(dst, col.JSONKey[:len(col.JSONKey)-1]...)
}

// appendOldChanged appends old_data of an update: the known old values of the columns whose
// JSON changed. PostgreSQL may send the old values of a key that did not change, so keys
// are compared too. Without replica identity FULL the log does not prove that nothing else
// changed: old_data is then left out unless the key changed.
func appendOldChanged(dst []byte, columns wal.Columns, c *wal.Change) []byte {
	if c.Old == nil {
		return dst
	}
	start := len(dst)
	dst = append(dst, `,"old_data":{`...)
	empty := len(dst)
	for i := range c.Relation.Columns {
		old, now, col := c.Old[i], c.New[i], &c.Relation.Columns[i]
		if old.State == wal.Absent || old.Same(now) || !columns.Has(i) || c.Omits(i) {
			continue
		}
		before := len(dst)
		dst = appendJSONKey(dst, col, empty)
		value := len(dst)
		dst = appendValue(dst, col, old)
		if end := len(dst); mayEncodeAlike(col.Type.Kind, old, now) {
			dst = appendValue(dst, col, now)
			if bytes.Equal(dst[value:end], dst[end:]) {
				end = before
			}
			dst = dst[:end]
		}
	}
	if len(dst) == empty && !c.OldFull {
		return dst[:start]
	}
	return append(dst, '}')
}

// mayEncodeAlike reports whether two different values of a kind may have the same JSON: 0
// and -0, arrays that differ only in their bounds, NULL and json's null.
func mayEncodeAlike(k wal.Kind, a, b wal.Value) bool {
	switch k {
	case wal.KindFloat, wal.KindArray, wal.KindComposite:
		return true
	case wal.KindJSON:
		return a.State != b.State
	default:
		return false
	}
}

// appendKey appends the row's key from before the change. Where the log lacks that of an
// update, appendKey appends the key after the update.
func appendKey(dst []byte, c *wal.Change) []byte {
	dst = append(dst, '{')
	empty := len(dst)
	for i := range c.Relation.Columns {
		if !c.Relation.Columns[i].Key || c.Omits(i) {
			continue
		}
		v := c.Before(i)
		if v.State == wal.Absent && c.Op == wal.Update {
			v = c.New[i]
		}
		if v.State == wal.Text || v.State == wal.Null {
			dst = appendField(dst, &c.Relation.Columns[i], v, empty)
		}
	}
	return append(dst, '}')
}

// appendOld appends old_data of a delete: all known values of the old row.
func appendOld(dst []byte, columns wal.Columns, c *wal.Change) []byte {
	dst = append(dst, '{')
	empty := len(dst)
	for i := range c.Relation.Columns {
		if c.Old[i].State != wal.Absent && columns.Has(i) && !c.Omits(i) {
			dst = appendField(dst, &c.Relation.Columns[i], c.Old[i], empty)
		}
	}
	return append(dst, '}')
}

// appendField appends a column's member to a JSON object whose members begin at
// dst[empty].
func appendField(dst []byte, col *wal.Column, v wal.Value, empty int) []byte {
	return appendValue(appendJSONKey(dst, col, empty), col, v)
}

func appendJSONKey(dst []byte, col *wal.Column, empty int) []byte {
	if len(dst) > empty {
		dst = append(dst, ',')
	}
	return append(dst, col.JSONKey...)
}

func appendValue(dst []byte, col *wal.Column, v wal.Value) []byte {
	if v.State != wal.Text {
		return append(dst, "null"...)
	}
	return col.AppendJSON(dst, v.Text)
}
