package wal

// Op is what happened to a row, or to a table.
type Op uint8

// The operations.
const (
	Create Op = iota
	Update
	Delete
	Truncate
)

// Ops lists the operations in their order.
var Ops = [...]Op{Create, Update, Delete, Truncate}

// String is the operation's name on the wire.
func (o Op) String() string { return [...]string{"create", "update", "delete", "truncate"}[o] }

// OpSet is a set of operations; none means all of them.
type OpSet uint8

// OpSetOf makes a set.
func OpSetOf(ops ...Op) OpSet {
	var s OpSet
	for _, o := range ops {
		s |= 1 << o
	}
	if s == 1<<len(Ops)-1 {
		return 0
	}
	return s
}

// Has reports whether the operation is in the set.
func (s OpSet) Has(o Op) bool { return s == 0 || s&(1<<o) != 0 }
