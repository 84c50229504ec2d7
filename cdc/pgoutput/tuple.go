package pgoutput

import (
	"slices"

	"github.com/tablewire/tablewire/protocol"
)

// The letters of a tuple's values.
const (
	valueNull      = 'n'
	valueUnchanged = 'u'
	valueText      = 't'
	valueBinary    = 'b'
)

// tuple appends a tuple's values. null is what a value marked as null means.
func (r *reader) tuple(dst []protocol.Value, null protocol.State) []protocol.Value {
	n := int(r.uint16())
	if n > r.rest() {
		r.fail("more values than the message has room for")
		return dst
	}
	dst = slices.Grow(dst, n)
	for range n {
		switch r.uint8() {
		case valueText:
			dst = append(dst, protocol.Value{Text: r.bytes(), State: protocol.Text})
		case valueNull:
			dst = append(dst, protocol.Value{State: null})
		case valueUnchanged:
			dst = append(dst, protocol.Value{State: protocol.Unchanged})
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
