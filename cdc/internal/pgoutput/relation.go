package pgoutput

import "github.com/tablewire/tablewire/protocol/wal"

// Relation describes a table for the rows that follow.
type Relation struct {
	OID      uint32
	Schema   string
	Name     string
	Identity wal.Identity
	Columns  []RelationColumn // the published columns, in the order of the tuples' values
}

// RelationColumn is a column of a relation.
type RelationColumn struct {
	Name         string
	Key          bool // part of the replica identity: every column under FULL
	TypeOID      uint32
	TypeModifier int32 // -1: it has none
}

// minColumn is the length of a column with an empty name: flags, name, type, modifier.
const minColumn = 1 + 1 + 4 + 4

// flagKey marks a column of the replica identity.
const flagKey = 1

// DecodeRelation reads a relation message. The error is a [*SyntaxError].
func DecodeRelation(msg []byte) (Relation, error) {
	r := open(msg, TypeRelation)
	m := Relation{OID: r.uint32(), Schema: r.schema(), Name: r.string(), Identity: r.identity()}
	n := int(r.uint16())
	if n*minColumn > r.rest() {
		r.fail("more columns than the message has room for")
		return Relation{}, r.close()
	}
	m.Columns = make([]RelationColumn, n)
	for i := range m.Columns {
		c := &m.Columns[i]
		c.Key = r.uint8()&flagKey != 0
		c.Name = r.string()
		c.TypeOID = r.uint32()
		c.TypeModifier = int32(r.uint32())
	}
	if err := r.close(); err != nil {
		return Relation{}, err
	}
	return m, nil
}

func (r *reader) identity() wal.Identity {
	switch id := wal.Identity(r.uint8()); id {
	case wal.IdentityDefault, wal.IdentityIndex, wal.IdentityFull, wal.IdentityNothing:
		return id
	}
	r.failBack("a replica identity that is not d, i, f or n")
	return 0
}
