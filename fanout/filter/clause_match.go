package filter

import (
	"bytes"
	"sync"

	"github.com/tablewire/tablewire/fanout/filter/value"
	"github.com/tablewire/tablewire/protocol/wal"
)

// match evaluates the clause for a row. SQL's NULL counts as false from here on: there is no NOT
// around clauses, and AND and OR never turn a false into a true.
func (c *clause) match(row []wal.Value) Result {
	if c.op == opNever {
		return No
	}
	if int(c.index) >= len(row) {
		return Unknown
	}
	v := row[c.index]
	switch v.State {
	case wal.Null:
		return c.matchNull()
	case wal.Text:
	case wal.Unchanged:
		return c.matchUnchanged()
	case wal.Absent:
		return Unknown
	}
	text := v.Text
	if path := c.path(); path != nil {
		var ok bool
		if text, ok = value.JSONAt(text, path); !ok {
			return c.matchNull()
		}
	}
	return c.matchText(text)
}

// matchNull evaluates the clause for NULL.
func (c *clause) matchNull() Result { return resultOf(c.op == opIsNull && c.null) }

// matchUnchanged evaluates the clause for a value that did not change and was not sent. Such a
// value is out of line (TOAST), so it is not NULL.
func (c *clause) matchUnchanged() Result {
	if c.op == opIsNull && c.path() == nil {
		return resultOf(!c.null)
	}
	return Unknown
}

// matchText evaluates the clause for a value that is not NULL.
func (c *clause) matchText(text []byte) Result {
	switch {
	case c.op == opIsNull:
		return c.matchIsNull(text)
	case c.opclass.Folds() && (c.opclass.FoldsText() || !c.op.onText()):
		return c.matchFolded(text)
	case c.op.onText():
		return resultOf(c.matchCast(c.opclass.CastText(text)))
	}
	d, ok := c.opclass.Read(text)
	return c.matchRead(d, ok)
}

func (c *clause) matchIsNull(text []byte) Result {
	return resultOf(c.opclass.IsNull(text) == c.null)
}

// matchRead evaluates the clause for what Read returned.
func (c *clause) matchRead(d value.Datum, ok bool) Result {
	switch {
	case ok:
		return resultOf(c.matchDatum(d))
	case c.opclass == value.PathNumber:
		return c.matchNull()
	}
	return Unknown
}

// matchCast evaluates the clause for a cast to text, which is folded if the opclass folds it.
func (c *clause) matchCast(text []byte) bool {
	switch c.op {
	case opStartsWith:
		return bytes.HasPrefix(text, c.operands[0].Bytes())
	case opEndsWith:
		return bytes.HasSuffix(text, c.operands[0].Bytes())
	default: // opContains
		if c.opclass.FoldsText() {
			return bytes.Contains(text, c.needle().lower)
		}
		return c.needle().in(text)
	}
}

// matchDatum evaluates a comparison or a list.
func (c *clause) matchDatum(d value.Datum) bool {
	if c.op == opIn || c.op == opNotIn {
		return c.listed(d) == (c.op == opIn)
	}
	return c.op.holds(c.opclass.Compare(d, c.operands[0]))
}

// listed reports whether a value is among the operands, by binary search.
func (c *clause) listed(d value.Datum) bool {
	low, high := 0, len(c.operands)
	for low < high {
		middle := (low + high) / 2
		order := c.opclass.Compare(d, c.operands[middle])
		switch {
		case order == 0:
			return true
		case order < 0:
			high = middle
		default:
			low = middle + 1
		}
	}
	return false
}

// maxKeptText is the longest buffer, in bytes, that is kept for the next text.
const maxKeptText = 64 << 10

// foldBuffers are buffers for Filter.Match, which has no columnValue to keep them.
var foldBuffers = sync.Pool{New: func() any { return new([]byte) }}

// matchFolded evaluates the clause for a value whose opclass folds.
func (c *clause) matchFolded(text []byte) Result {
	buffer := foldBuffers.Get().(*[]byte)
	folded, ok := c.opclass.Fold((*buffer)[:0], text)
	result := Unknown
	if ok && c.op.onText() {
		result = resultOf(c.matchCast(folded))
	} else if ok {
		result = c.matchRead(c.opclass.Read(folded))
	}
	if cap(folded) <= maxKeptText {
		*buffer = folded[:0]
		foldBuffers.Put(buffer)
	}
	return result
}
