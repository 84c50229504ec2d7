package protocol

import (
	"bytes"

	"github.com/tablewire/tablewire/protocol/jsonstring"
	"github.com/tablewire/tablewire/protocol/wal"
)

// AppendConnected appends the message that confirms a watch. filters are the
// client's own bytes, echoed; {} where it sent none.
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

// AppendEvent appends a change as it is seen through a view. It makes no garbage
// beyond growing dst.
func AppendEvent(dst []byte, v Projection, seen Outcome, c *wal.Change) []byte {
	dst = append(dst, `{"event":"`...)
	dst = append(dst, seen.Op.String()...)
	dst = append(dst, `","collection_id":`...)
	dst = append(dst, v.CollectionJSON...)
	switch seen.Op {
	case wal.Create, wal.Update:
		dst = append(dst, `,"data":`...)
		var unchanged int
		dst, unchanged = appendNew(dst, v.Columns, c)
		if seen.Op == wal.Update {
			dst = appendOldChanged(dst, v.Columns, c)
		}
		if unchanged > 0 {
			dst = appendUnchanged(dst, v.Columns, c)
		}
	case wal.Delete:
		dst = append(dst, `,"data":`...)
		dst = appendKey(dst, c)
		if c.OldFull {
			dst = append(dst, `,"old_data":`...)
			dst = appendOld(dst, v.Columns, c)
		}
	case wal.Truncate:
	}
	if c.Omitted != nil && (seen.Op != wal.Delete || c.OldFull) {
		dst = appendOmitted(dst, v.Columns, c)
	}
	if seen.ByFilter {
		dst = append(dst, `,"reason":"filter"`...)
	}
	return append(dst, '}')
}

// appendNew appends the new row and counts the columns that are not known.
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

// appendOmitted appends which of the columns that are shown were left out, if any.
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

// appendName appends a column's name to a list of them that begins at empty.
func appendName(dst []byte, col *wal.Column, empty int) []byte {
	if len(dst) > empty {
		dst = append(dst, ',')
	}
	return append(dst, col.JSONKey[:len(col.JSONKey)-1]...)
}

// appendOldChanged appends old_data: what is known of the columns that changed, which
// are those whose JSON is another than before.
// A key's old values travel whenever the server is not sure that they are the
// same, so they are compared too. Without FULL the absence of a change is not
// known, and old_data is left out unless a key changed.
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
		dst = appendLabel(dst, col, empty)
		value := len(dst)
		dst = appendValue(dst, col, old)
		if end := len(dst); mayLookAlike(col.Type.Kind, old, now) {
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

// mayLookAlike reports whether two different values of a kind may have the same JSON:
// 0 and -0, arrays that differ in their bounds alone, NULL and json's null.
func mayLookAlike(k wal.Kind, a, b wal.Value) bool {
	switch k {
	case wal.KindFloat, wal.KindArray, wal.KindComposite:
		return true
	case wal.KindJSON:
		return a.State != b.State
	default:
		return false
	}
}

// appendKey appends the key that the row had: the one that it has, where that of before
// an update is not known.
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

// appendField appends a member of an object whose members begin at empty.
func appendField(dst []byte, col *wal.Column, v wal.Value, empty int) []byte {
	return appendValue(appendLabel(dst, col, empty), col, v)
}

func appendLabel(dst []byte, col *wal.Column, empty int) []byte {
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
