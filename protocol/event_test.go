package protocol_test

import (
	"testing"

	"github.com/tablewire/tablewire/protocol"
)

// What old_data, data and unchanged say in each case of the wire contract.
func TestAppendChange(t *testing.T) {
	t.Parallel()
	null := protocol.Value{State: protocol.Null}
	unknown := protocol.Value{State: protocol.Unchanged}
	rel := &protocol.Relation{Schema: "public", Name: "t", Columns: []protocol.Column{
		textColumn("id", true), textColumn("a", false), textColumn("body", false),
	}}
	with := func(r []protocol.Value, i int, v protocol.Value) []protocol.Value {
		r[i] = v
		return r
	}
	absent := protocol.Value{}
	for _, tc := range []struct {
		name string
		c    protocol.Change
		want string
	}{
		{
			"NULL is null",
			protocol.Change{Op: protocol.Create, New: with(row("1", "x", "b"), 1, null)},
			`{"event":"create","collection_id":"t","data":{"id":"1","a":null,"body":"b"}}`,
		},
		{
			"nothing is known of the old row",
			protocol.Change{Op: protocol.Update, New: row("1", "x", "b")},
			`{"event":"update","collection_id":"t","data":{"id":"1","a":"x","body":"b"}}`,
		},
		{
			"a full old row that did not change",
			protocol.Change{Op: protocol.Update, New: row("1", "x", "b"), Old: row("1", "x", "b"), OldFull: true},
			`{"event":"update","collection_id":"t","data":{"id":"1","a":"x","body":"b"},"old_data":{}}`,
		},
		{
			"from NULL",
			protocol.Change{Op: protocol.Update, New: row("1", "x", "b"), Old: with(row("1", "x", "b"), 1, null), OldFull: true},
			`{"event":"update","collection_id":"t","data":{"id":"1","a":"x","body":"b"},"old_data":{"a":null}}`,
		},
		{
			"a key that changed",
			protocol.Change{Op: protocol.Update, New: row("2", "x", "b"), Old: with(with(row("1", "", ""), 1, absent), 2, absent)},
			`{"event":"update","collection_id":"t","data":{"id":"2","a":"x","body":"b"},"old_data":{"id":"1"}}`,
		},
		{
			"a key that was told and did not change",
			protocol.Change{Op: protocol.Update, New: row("1", "x", "b"), Old: with(with(row("1", "", ""), 1, absent), 2, absent)},
			`{"event":"update","collection_id":"t","data":{"id":"1","a":"x","body":"b"}}`,
		},
		{
			"a value that did not travel",
			protocol.Change{Op: protocol.Update, New: with(row("1", "x", ""), 2, unknown)},
			`{"event":"update","collection_id":"t","data":{"id":"1","a":"x"},"unchanged":["body"]}`,
		},
		{
			"several values that did not travel",
			protocol.Change{Op: protocol.Update, New: with(with(row("1", "", ""), 2, unknown), 1, unknown)},
			`{"event":"update","collection_id":"t","data":{"id":"1"},"unchanged":["a","body"]}`,
		},
		{
			"a delete with the whole row",
			protocol.Change{Op: protocol.Delete, Old: row("1", "x", "b"), OldFull: true},
			`{"event":"delete","collection_id":"t","data":{"id":"1"},"old_data":{"id":"1","a":"x","body":"b"}}`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.c.Relation = rel
			if got := string(protocol.AppendChange(nil, `"t"`, &tc.c)); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func BenchmarkAppendChange(b *testing.B) {
	c := &protocol.Change{Op: protocol.Update, Relation: users(protocol.IdentityFull), New: john("premium"), Old: john("active"), OldFull: true}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = protocol.AppendChange(buf[:0], `"users"`, c)
	}
	b.SetBytes(int64(len(buf)))
}
