package filter_test

import (
	"testing"

	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/protocol/wal"
)

func column(name, typeName string, oid uint32, kind wal.Kind, bits int) wal.Column {
	t := wal.Type{OID: oid, Base: oid, Name: typeName, Kind: kind, Bits: bits}
	return wal.NewColumn(name, t, name == "id", nil)
}

// users has a column of each kind, and names that are easily misread.
func users() *wal.Relation {
	mood := column("mood", "mood", 16400, wal.KindEnum, 0)
	mood.Type.Labels = []string{"sad", "ok", "happy"}
	tags := column("tags", "text[]", 1009, wal.KindArray, 0)
	elem := column("", "text", 25, wal.KindText, 0).Type
	tags.Type.Elem, tags.Type.Delim = &elem, ','
	return &wal.Relation{OID: 1, Schema: "public", Name: "users", Columns: []wal.Column{
		column("id", "bigint", 20, wal.KindInt, 64),
		column("name", "text", 25, wal.KindText, 0),
		column("age", "integer", 23, wal.KindInt, 32),
		column("small", "smallint", 21, wal.KindInt, 16),
		column("active", "boolean", 16, wal.KindBool, 0),
		column("score", "real", 700, wal.KindFloat, 32),
		column("weight", "double precision", 701, wal.KindFloat, 64),
		column("price", "numeric", 1700, wal.KindNumeric, 0),
		column("code", "character(5)", 1042, wal.KindText, 0),
		column("uid", "uuid", 2950, wal.KindUUID, 0),
		column("born", "date", 1082, wal.KindDate, 0),
		column("wakes", "time without time zone", 1083, wal.KindTime, 0),
		column("seen", "timestamp without time zone", 1114, wal.KindTimestamp, 0),
		column("created_at", "timestamp with time zone", 1184, wal.KindTimestampTZ, 0),
		column("raw", "bytea", 17, wal.KindBytea, 0),
		mood,
		column("profile", "jsonb", 3802, wal.KindJSON, 0),
		column("doc", "json", 114, wal.KindJSON, 0),
		column("lasts", "interval", 1186, wal.KindOther, 0),
		tags,
		column("address", "inet", 869, wal.KindOther, 0),
		column("pair", "pair", 16410, wal.KindComposite, 0),
		column("checked", "integer", 23, wal.KindInt, 32),
		column("checked_in", "integer", 23, wal.KindInt, 32),
		column("name_2", "text", 25, wal.KindText, 0),
		column("profile.city", "text", 25, wal.KindText, 0),
		column("[or]odd", "text", 25, wal.KindText, 0),
		column("age_", "integer", 23, wal.KindInt, 32),
	}}
}

var rel = users()

// null stands for SQL NULL, absent and unchanged for the other states.
const (
	null      = "\x00null"
	absent    = "\x00absent"
	unchanged = "\x00unchanged"
)

// row makes a row of the columns that are named; the others are NULL.
func row(pairs ...string) []wal.Value {
	values := make([]wal.Value, len(rel.Columns))
	for i := range values {
		values[i].State = wal.Null
	}
	for i := 0; i < len(pairs); i += 2 {
		at := rel.Column(pairs[i])
		if at < 0 {
			panic("no column " + pairs[i])
		}
		switch pairs[i+1] {
		case null:
		case absent:
			values[at].State = wal.Absent
		case unchanged:
			values[at].State = wal.Unchanged
		default:
			values[at] = wal.Value{State: wal.Text, Text: []byte(pairs[i+1])}
		}
	}
	return values
}

func compile(t testing.TB, raw string) *filter.Filter {
	t.Helper()
	f, err := filter.Compile([]byte(raw), rel)
	if err != nil {
		t.Fatalf("Compile(%s): %v", raw, err)
	}
	return f
}
