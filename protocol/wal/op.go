package wal

// Op is an operation on a row or a table.
type Op uint8

// The operations. The names are the wire's: PostgreSQL's INSERT is a create.
const (
	Create Op = iota
	Update
	Delete
	Truncate
)

// Ops lists all operations in ascending order.
var Ops = [...]Op{Create, Update, Delete, Truncate}

// String returns the operation's name on the wire.
func (o Op) String() string { return [...]string{"create", "update", "delete", "truncate"}[o] }

// OpSet is a set of operations. The zero value is the set of all operations.
type OpSet uint8

// OpSetOf returns the set of the given operations. With no operation, as with all of them,
// that is the zero value.
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

// Has reports whether o is in the set.
func (s OpSet) Has(o Op) bool { return s == 0 || s&(1<<o) != 0 }
