package pgoutput

import (
	"slices"

	"github.com/tablewire/tablewire/protocol/wal"
)

// The letters of a tuple's values.
const (
	valueNull      = 'n'
	valueUnchanged = 'u'
	valueText      = 't'
	valueBinary    = 'b'
)

// tuple appends a tuple's values. null is the state of a value marked as null.
func (r *reader) tuple(dst []wal.Value, null wal.State) []wal.Value {
	n := int(r.uint16())
	if n > r.rest() {
		r.fail("more values than the message has room for")
		return dst
	}
	dst = slices.Grow(dst, n)
	for range n {
		switch r.uint8() {
		case valueText:
			dst = append(dst, wal.Value{Text: r.bytes(), State: wal.Text})
		case valueNull:
			dst = append(dst, wal.Value{State: null})
		case valueUnchanged:
			dst = append(dst, wal.Value{State: wal.Unchanged})
		case valueBinary:
			r.failBack("a binary value, which was not asked for")
			return dst
		default:
			r.failBack("a value that is not n, u or t")
			return dst
		}
	}
	return dst
}
