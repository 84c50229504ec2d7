package protocol_test

import (
	"strings"
	"testing"

	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// appendChange appends a change as a subscriber without options receives it.
func appendChange(dst []byte, label string, c *wal.Change) []byte {
	return protocol.AppendEvent(dst, protocol.Projection{CollectionJSON: label}, protocol.Outcome{Op: c.Op}, c)
}

// What old_data, data and unchanged say in each case of the wire contract.
func TestAppendEvent(t *testing.T) {
	t.Parallel()
	null := wal.Value{State: wal.Null}
	unknown := wal.Value{State: wal.Unchanged}
	rel := &wal.Relation{Schema: "public", Name: "t", Columns: []wal.Column{
		textColumn("id", true), textColumn("a", false), textColumn("body", false),
	}}
	with := func(r []wal.Value, i int, v wal.Value) []wal.Value {
		r[i] = v
		return r
	}
	absent := wal.Value{}
	for _, tc := range []struct {
		name string
		c    wal.Change
		want string
	}{
		{
			"NULL is null",
			wal.Change{Op: wal.Create, New: with(row("1", "x", "b"), 1, null)},
			`{"event":"create","collection_id":"t","data":{"id":"1","a":null,"body":"b"}}`,
		},
		{
			"nothing is known of the old row",
			wal.Change{Op: wal.Update, New: row("1", "x", "b")},
			`{"event":"update","collection_id":"t","data":{"id":"1","a":"x","body":"b"}}`,
		},
		{
			"a full old row that did not change",
			wal.Change{Op: wal.Update, New: row("1", "x", "b"), Old: row("1", "x", "b"), OldFull: true},
			`{"event":"update","collection_id":"t","data":{"id":"1","a":"x","body":"b"},"old_data":{}}`,
		},
		{
			"from NULL",
			wal.Change{Op: wal.Update, New: row("1", "x", "b"), Old: with(row("1", "x", "b"), 1, null), OldFull: true},
			`{"event":"update","collection_id":"t","data":{"id":"1","a":"x","body":"b"},"old_data":{"a":null}}`,
		},
		{
			"a key that changed",
			wal.Change{Op: wal.Update, New: row("2", "x", "b"), Old: with(with(row("1", "", ""), 1, absent), 2, absent)},
			`{"event":"update","collection_id":"t","data":{"id":"2","a":"x","body":"b"},"old_data":{"id":"1"}}`,
		},
		{
			"a key that was sent and did not change",
			wal.Change{Op: wal.Update, New: row("1", "x", "b"), Old: with(with(row("1", "", ""), 1, absent), 2, absent)},
			`{"event":"update","collection_id":"t","data":{"id":"1","a":"x","body":"b"}}`,
		},
		{
			"a value that did not travel",
			wal.Change{Op: wal.Update, New: with(row("1", "x", ""), 2, unknown)},
			`{"event":"update","collection_id":"t","data":{"id":"1","a":"x"},"unchanged":["body"]}`,
		},
		{
			"several values that did not travel",
			wal.Change{Op: wal.Update, New: with(with(row("1", "", ""), 2, unknown), 1, unknown)},
			`{"event":"update","collection_id":"t","data":{"id":"1"},"unchanged":["a","body"]}`,
		},
		{
			"a delete with the whole row",
			wal.Change{Op: wal.Delete, Old: row("1", "x", "b"), OldFull: true},
			`{"event":"delete","collection_id":"t","data":{"id":"1"},"old_data":{"id":"1","a":"x","body":"b"}}`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.c.Relation = rel
			if got := string(appendChange(nil, `"t"`, &tc.c)); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// An event names the columns that Change.Omit left out, and shows neither their new nor
// their old values.
func TestAppendEventOfOmittedColumns(t *testing.T) {
	t.Parallel()
	rel := &wal.Relation{Schema: "public", Name: "t", Columns: []wal.Column{
		textColumn("id", true), textColumn("a", false), textColumn("b", false), textColumn("c", false),
	}}
	absent, unknown, null := wal.Value{}, wal.Value{State: wal.Unchanged}, wal.Value{State: wal.Null}
	for _, tc := range []struct {
		name string
		c    wal.Change
		want string // behind the collection
	}{
		{
			"ten bytes fit",
			wal.Change{Op: wal.Create, New: row("1", "22", "333", "4444")},
			`"data":{"id":"1","a":"22","b":"333","c":"4444"}}`,
		},
		{
			"the longest goes",
			wal.Change{Op: wal.Create, New: row("1", "22", "333", "55555")},
			`"data":{"id":"1","a":"22","b":"333"},"omitted":["c"]}`,
		},
		{
			"as many as must",
			wal.Change{Op: wal.Create, New: row("1", "7777777", "666666", "55555")},
			`"data":{"id":"1","c":"55555"},"omitted":["a","b"]}`,
		},
		{
			"a key stays, however long",
			wal.Change{Op: wal.Create, New: row("1234567890123", "a", "b", "")},
			`"data":{"id":"1234567890123","c":""},"omitted":["a","b"]}`,
		},
		{
			"old and new count, and go, together",
			wal.Change{Op: wal.Update, New: row("1", "22", "333", "333"), Old: row("1", "44", "333", "4444"), OldFull: true},
			`"data":{"id":"1","a":"22","b":"333"},"old_data":{"a":"44"},"omitted":["c"]}`,
		},
		{
			"an old value that did not change does not count",
			wal.Change{Op: wal.Update, New: row("1", "22", "333", "4444"), Old: row("1", "22", "333", "4444"), OldFull: true},
			`"data":{"id":"1","a":"22","b":"333","c":"4444"},"old_data":{}}`,
		},
		{
			"what did not travel is not omitted",
			wal.Change{Op: wal.Update, New: []wal.Value{row("1")[0], unknown, null, row("4444444444")[0]}},
			`"data":{"id":"1","b":null},"unchanged":["a"],"omitted":["c"]}`,
		},
		{
			"a deleted row",
			wal.Change{Op: wal.Delete, Old: row("1", "22", "333", "55555"), OldFull: true},
			`"data":{"id":"1"},"old_data":{"id":"1","a":"22","b":"333"},"omitted":["c"]}`,
		},
		{
			"a deleted key",
			wal.Change{Op: wal.Delete, Old: []wal.Value{row("12345678901")[0], absent, absent, absent}},
			`"data":{"id":"12345678901"}}`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.c.Relation = rel
			tc.c.Omit(10)
			_, got, _ := strings.Cut(string(appendChange(nil, `"t"`, &tc.c)), `"t",`)
			if got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
	keyless := &wal.Relation{Schema: "public", Name: "t", Columns: []wal.Column{textColumn("a", true), textColumn("b", true)}}
	whole := wal.Change{Op: wal.Create, Relation: keyless, New: row("1", "22222222222")}
	whole.Omit(10)
	if got, want := string(appendChange(nil, `"t"`, &whole)), `{"event":"create","collection_id":"t","data":{"a":"1"},"omitted":["b"]}`; got != want {
		t.Errorf("where the row is its own key\ngot  %s\nwant %s", got, want)
	}
	c := wal.Change{Op: wal.Create, Relation: rel, New: row("1", "7777777", "666666", "55555")}
	c.Omit(10)
	shown, err := protocol.ChooseColumns(rel, []string{"b"})
	if err != nil {
		t.Fatal(err)
	}
	got := string(protocol.AppendEvent(nil, protocol.Projection{CollectionJSON: `"t"`, Columns: shown}, protocol.Outcome{Op: wal.Create}, &c))
	if want := `{"event":"create","collection_id":"t","data":{"id":"1"},"omitted":["b"]}`; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// A column changed if its JSON did. old_data leaves out values that differ in
// PostgreSQL's text form only.
func TestAppendEventOfEqualJSON(t *testing.T) {
	t.Parallel()
	column := func(name string, kind wal.Kind) wal.Column {
		return wal.NewColumn(name, wal.Type{Kind: kind}, false, func(dst, text []byte) []byte {
			return append(dst, strings.TrimPrefix(string(text), "-")...)
		})
	}
	rel := &wal.Relation{Schema: "public", Name: "t", Columns: []wal.Column{
		column("f", wal.KindFloat), column("a", wal.KindArray), column("j", wal.KindJSON), column("n", wal.KindNumeric),
	}}
	null := wal.Value{State: wal.Null}
	for _, tc := range []struct {
		name, want string
		old, now   []wal.Value
	}{
		{"nothing changed", `{}`, row("0", "[1]", "null", "1"), row("-0", "-[1]", "null", "1")},
		{"json null is NULL", `{}`, []wal.Value{null, null, null, null}, []wal.Value{null, null, row("null")[0], null}},
		{"others changed", `{"f":10,"a":[1],"n":1}`, row("-10", "[1]", "{}", "1"), row("0", "-[1,2]", "{}", "-1")},
		{"from and to NULL", `{"f":0,"a":null,"j":{},"n":null}`, []wal.Value{row("-0")[0], null, row("{}")[0], null}, []wal.Value{null, row("[]")[0], null, row("1")[0]}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := &wal.Change{Op: wal.Update, Relation: rel, New: tc.now, Old: tc.old, OldFull: true}
			_, old, _ := strings.Cut(string(appendChange(nil, `"t"`, c)), `"old_data":`)
			if old != tc.want+"}" {
				t.Errorf("old_data is %s\nwant %s", old, tc.want)
			}
		})
	}
}

// What a choice of columns leaves of an event, in each case.
func TestAppendEventOfColumns(t *testing.T) {
	t.Parallel()
	unknown := wal.Value{State: wal.Unchanged}
	rel := &wal.Relation{Schema: "public", Name: "t", Columns: []wal.Column{
		textColumn("a", false), textColumn("id", true), textColumn("body", false), textColumn("b", false),
	}}
	absent := wal.Value{}
	keyWas := func(id string) []wal.Value { return []wal.Value{absent, row(id)[0], absent, absent} }
	for _, tc := range []struct {
		name    string
		columns []string
		seen    protocol.Outcome
		c       wal.Change
		want    string
	}{
		{
			"in the table's order, the key always",
			[]string{"b", "a"},
			protocol.Outcome{Op: wal.Create},
			wal.Change{Op: wal.Create, New: row("x", "1", "text", "y")},
			`{"event":"create","collection_id":"t","data":{"a":"x","id":"1","b":"y"}}`,
		},
		{
			"the key alone",
			[]string{},
			protocol.Outcome{Op: wal.Create},
			wal.Change{Op: wal.Create, New: row("x", "1", "text", "y")},
			`{"event":"create","collection_id":"t","data":{"id":"1"}}`,
		},
		{
			"an old value of another column",
			[]string{"a"},
			protocol.Outcome{Op: wal.Update},
			wal.Change{Op: wal.Update, New: row("x", "1", "text", "y"), Old: row("x", "1", "text", "z"), OldFull: true},
			`{"event":"update","collection_id":"t","data":{"a":"x","id":"1"},"old_data":{}}`,
		},
		{
			"a key that changed",
			[]string{"a"},
			protocol.Outcome{Op: wal.Update},
			wal.Change{Op: wal.Update, New: row("x", "2", "text", "y"), Old: keyWas("1")},
			`{"event":"update","collection_id":"t","data":{"a":"x","id":"2"},"old_data":{"id":"1"}}`,
		},
		{
			"a value that did not travel",
			[]string{"body"},
			protocol.Outcome{Op: wal.Update},
			wal.Change{Op: wal.Update, New: []wal.Value{row("x")[0], row("1")[0], unknown, unknown}},
			`{"event":"update","collection_id":"t","data":{"id":"1"},"unchanged":["body"]}`,
		},
		{
			"another column's that did not travel",
			[]string{"a"},
			protocol.Outcome{Op: wal.Update},
			wal.Change{Op: wal.Update, New: []wal.Value{row("x")[0], row("1")[0], unknown, unknown}},
			`{"event":"update","collection_id":"t","data":{"a":"x","id":"1"}}`,
		},
		{
			"entering with a new key, and with a value that did not travel",
			[]string{"body"},
			protocol.Outcome{Op: wal.Create, ByFilter: true},
			wal.Change{Op: wal.Update, New: []wal.Value{row("x")[0], row("2")[0], unknown, row("y")[0]}, Old: keyWas("1")},
			`{"event":"create","collection_id":"t","data":{"id":"2"},"reason":"filter","unchanged":["body"]}`,
		},
		{
			"leaving with a new key: the event has the old one",
			nil,
			protocol.Outcome{Op: wal.Delete, ByFilter: true},
			wal.Change{Op: wal.Update, New: row("x", "2", "text", "y"), Old: keyWas("1")},
			`{"event":"delete","collection_id":"t","data":{"id":"1"},"reason":"filter"}`,
		},
		{
			"leaving with a full old row",
			[]string{"b"},
			protocol.Outcome{Op: wal.Delete, ByFilter: true},
			wal.Change{Op: wal.Update, New: row("x", "2", "text", "y"), Old: row("x", "1", "text", "z"), OldFull: true},
			`{"event":"delete","collection_id":"t","data":{"id":"1"},"old_data":{"id":"1","b":"z"},"reason":"filter"}`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			columns, err := protocol.ChooseColumns(rel, tc.columns)
			if err != nil {
				t.Fatal(err)
			}
			tc.c.Relation = rel
			if got := string(protocol.AppendEvent(nil, protocol.Projection{CollectionJSON: `"t"`, Columns: columns}, tc.seen, &tc.c)); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func BenchmarkAppendEvent(b *testing.B) {
	c := &wal.Change{Op: wal.Update, Relation: users(wal.IdentityFull), New: john("premium"), Old: john("active"), OldFull: true}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = appendChange(buf[:0], `"users"`, c)
	}
	b.SetBytes(int64(len(buf)))
}
