package wal_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tablewire/tablewire/protocol/wal"
)

// row makes a row of text values.
func row(values ...string) []wal.Value {
	r := make([]wal.Value, len(values))
	for i, v := range values {
		r[i] = wal.Value{State: wal.Text, Text: []byte(v)}
	}
	return r
}

// An update touches a column unless the log proves that it did not.
func TestTouches(t *testing.T) {
	t.Parallel()
	rel := &wal.Relation{Schema: "public", Name: "t", Columns: []wal.Column{
		{Name: "id", Key: true}, {Name: "a"}, {Name: "body"},
	}}
	absent, unknown := wal.Value{}, wal.Value{State: wal.Unchanged}
	now := row("1", "x", "b")
	stored := []wal.Value{now[0], now[1], unknown}
	for _, tc := range []struct {
		name          string
		now, old      []wal.Value
		full          bool
		key, a, body  bool // whether a choice of that column, and the key, is touched
		identityKnown []wal.Value
	}{
		{name: "nothing is told: the key is the same", now: now, a: true, body: true, identityKnown: []wal.Value{now[0], absent, absent}},
		{name: "nothing is told and the body did not travel", now: stored, a: true, identityKnown: []wal.Value{now[0], absent, absent}},
		{name: "another key", now: now, old: []wal.Value{row("2")[0], absent, absent}, key: true, a: true, body: true},
		{name: "the same key was told", now: now, old: []wal.Value{row("1")[0], absent, absent}, a: true, body: true},
		{name: "all is told and nothing changed", now: now, old: row("1", "x", "b"), full: true},
		{name: "all is told and one changed", now: now, old: row("1", "y", "b"), full: true, a: true},
		{name: "from NULL", now: now, old: []wal.Value{now[0], now[1], {State: wal.Null}}, full: true, body: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := &wal.Change{Op: wal.Update, Relation: rel, New: tc.now, Old: tc.old, OldFull: tc.full}
			for columns, want := range map[wal.Columns]bool{
				"\x01\x00\x00": tc.key,
				"\x01\x01\x00": tc.a,
				"\x01\x00\x01": tc.body,
				"":             tc.key || tc.a || tc.body,
			} {
				if got := c.Touches(columns); got != want {
					t.Errorf("%q touched: %v, want %v", columns, got, want)
				}
			}
			if tc.identityKnown != nil {
				if diff := cmp.Diff(tc.identityKnown, c.AppendIdentity(nil)); diff != "" {
					t.Errorf("the row before: -want +got\n%s", diff)
				}
			}
		})
	}
}
