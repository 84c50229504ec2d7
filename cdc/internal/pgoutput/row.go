package pgoutput

import "github.com/tablewire/tablewire/protocol/wal"

// Row is one inserted, updated or deleted row. The caller keeps it and passes it
// again for the next one.
type Row struct {
	RelationOID uint32
	// New is the row after an insert or an update, Old the part of the row before an update
	// or a delete that PostgreSQL sends. A decoder appends to both: pass them as [:0], or as
	// parts of memory that many rows share. The values alias the message.
	New, Old []wal.Value
	// OldKind says what was appended to Old: 'K' the replica identity's columns,
	// with the others [wal.Absent]; 'O' the whole row; 0 nothing.
	OldKind byte
}

// The letters that precede tuples.
const (
	tupleNew = 'N'
	tupleKey = 'K'
	tupleOld = 'O'
)

// RelationOID returns the OID of the relation of an insert, update or delete message, so
// that the caller can make room for its columns. The error is a [*SyntaxError].
func RelationOID(msg []byte) (uint32, error) {
	r := reader{msg: msg}
	switch r.uint8() {
	case TypeInsert, TypeUpdate, TypeDelete:
	default:
		r.off = 0
		r.fail("want an Insert, Update or Delete message")
	}
	oid := r.uint32()
	if r.err != nil {
		return 0, r.err
	}
	return oid, nil
}

// DecodeInsert reads an insert message into a row. The error is a [*SyntaxError];
// the row's slices are then as they were.
func DecodeInsert(msg []byte, into *Row) error {
	r := open(msg, TypeInsert)
	row := Row{RelationOID: r.uint32(), New: into.New, Old: into.Old}
	row.New = r.newTuple(row.New)
	return r.finish(row, into)
}

// DecodeUpdate reads an update message into a row. The error is a [*SyntaxError];
// the row's slices are then as they were.
func DecodeUpdate(msg []byte, into *Row) error {
	r := open(msg, TypeUpdate)
	row := Row{RelationOID: r.uint32(), New: into.New, Old: into.Old}
	if r.rest() > 0 && r.msg[r.off] != tupleNew {
		row.Old, row.OldKind = r.oldTuple(row.Old)
	}
	row.New = r.newTuple(row.New)
	return r.finish(row, into)
}

// DecodeDelete reads a delete message into a row. The error is a [*SyntaxError];
// the row's slices are then as they were.
func DecodeDelete(msg []byte, into *Row) error {
	r := open(msg, TypeDelete)
	row := Row{RelationOID: r.uint32(), New: into.New, Old: into.Old}
	row.Old, row.OldKind = r.oldTuple(row.Old)
	return r.finish(row, into)
}

// finish sets the row if it was read without an error.
func (r *reader) finish(row Row, into *Row) error {
	if err := r.close(); err != nil {
		return err
	}
	*into = row
	return nil
}

func (r *reader) newTuple(dst []wal.Value) []wal.Value {
	if r.uint8() != tupleNew {
		r.failBack("want a new tuple (N)")
	}
	return r.tuple(dst, wal.Null)
}

func (r *reader) oldTuple(dst []wal.Value) (_ []wal.Value, kind byte) {
	switch kind = r.uint8(); kind {
	case tupleKey:
		// The server writes NULL for every column that is outside the identity.
		return r.tuple(dst, wal.Absent), kind
	case tupleOld:
		return r.tuple(dst, wal.Null), kind
	}
	r.failBack("want an old tuple (K or O)")
	return dst, 0
}
