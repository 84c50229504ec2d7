package protocol

import "bytes"

// AppendConnected appends the message that confirms a watch. filters are the
// client's own bytes, echoed; {} where it sent none.
func AppendConnected(dst []byte, collectionID string, filters []byte) []byte {
	dst = append(dst, `{"event":"connected","collection_id":`...)
	dst = AppendString(dst, collectionID)
	dst = append(dst, `,"filters":`...)
	if len(filters) == 0 {
		filters = []byte("{}")
	}
	dst = append(dst, filters...)
	return append(dst, '}')
}

// AppendChange appends a change as the event that a watcher receives. label is
// the collection's name as the client gave it, already a JSON string. It makes
// no garbage beyond growing dst.
func AppendChange(dst []byte, label string, c *Change) []byte {
	dst = append(dst, `{"event":"`...)
	dst = append(dst, c.Op.String()...)
	dst = append(dst, `","collection_id":`...)
	dst = append(dst, label...)
	switch c.Op {
	case Create, Update:
		dst = append(dst, `,"data":`...)
		var unchanged int
		dst, unchanged = appendNew(dst, c)
		if c.Op == Update {
			dst = appendOldChanged(dst, c)
		}
		if unchanged > 0 {
			dst = appendUnchanged(dst, c)
		}
	case Delete:
		dst = append(dst, `,"data":`...)
		dst = appendKey(dst, c)
		if c.OldFull {
			dst = append(dst, `,"old_data":`...)
			dst = appendOld(dst, c)
		}
	case Truncate:
	}
	return append(dst, '}')
}

// appendNew appends the new row and counts the columns that are not known.
func appendNew(dst []byte, c *Change) (_ []byte, unchanged int) {
	dst = append(dst, '{')
	empty := len(dst)
	for i := range c.Relation.Columns {
		v := c.New[i]
		if v.State == Unchanged {
			unchanged++
			continue
		}
		dst = appendField(dst, &c.Relation.Columns[i], v, empty)
	}
	return append(dst, '}'), unchanged
}

func appendUnchanged(dst []byte, c *Change) []byte {
	dst = append(dst, `,"unchanged":[`...)
	empty := len(dst)
	for i := range c.Relation.Columns {
		if c.New[i].State != Unchanged {
			continue
		}
		if len(dst) > empty {
			dst = append(dst, ',')
		}
		label := c.Relation.Columns[i].Label
		dst = append(dst, label[:len(label)-1]...)
	}
	return append(dst, ']')
}

// appendOldChanged appends old_data: what is known of the columns that changed.
// A key's old values travel whenever the server is not sure that they are the
// same, so they are compared too. Without FULL the absence of a change is not
// known, and old_data is left out unless a key changed.
func appendOldChanged(dst []byte, c *Change) []byte {
	if c.Old == nil {
		return dst
	}
	start := len(dst)
	dst = append(dst, `,"old_data":{`...)
	empty := len(dst)
	for i := range c.Relation.Columns {
		old := c.Old[i]
		if old.State == Absent || old.same(c.New[i]) {
			continue
		}
		dst = appendField(dst, &c.Relation.Columns[i], old, empty)
	}
	if len(dst) == empty && !c.OldFull {
		return dst[:start]
	}
	return append(dst, '}')
}

// same reports whether nothing says that the value changed.
func (v Value) same(now Value) bool {
	return now.State == Unchanged || v.State == now.State && bytes.Equal(v.Text, now.Text)
}

func appendKey(dst []byte, c *Change) []byte {
	dst = append(dst, '{')
	empty := len(dst)
	for i := range c.Relation.Columns {
		if c.Relation.Columns[i].Key && c.Old != nil && c.Old[i].State != Absent {
			dst = appendField(dst, &c.Relation.Columns[i], c.Old[i], empty)
		}
	}
	return append(dst, '}')
}

func appendOld(dst []byte, c *Change) []byte {
	dst = append(dst, '{')
	empty := len(dst)
	for i := range c.Relation.Columns {
		if c.Old[i].State != Absent {
			dst = appendField(dst, &c.Relation.Columns[i], c.Old[i], empty)
		}
	}
	return append(dst, '}')
}

// appendField appends a member of an object whose members begin at empty.
func appendField(dst []byte, col *Column, v Value, empty int) []byte {
	if len(dst) > empty {
		dst = append(dst, ',')
	}
	dst = append(dst, col.Label...)
	if v.State != Text {
		return append(dst, "null"...)
	}
	return col.AppendJSON(dst, v.Text)
}
