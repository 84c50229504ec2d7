package wal_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tablewire/tablewire/protocol/wal"
)

// Omit leaves out the longest values first, and only as many as the limit asks for.
func TestOmit(t *testing.T) {
	t.Parallel()
	rel := &wal.Relation{Schema: "public", Name: "t", Columns: []wal.Column{{Name: "id", Key: true}, {Name: "a"}, {Name: "b"}, {Name: "c"}}}
	keyOnly := &wal.Relation{Schema: "public", Name: "t", Columns: []wal.Column{{Name: "a", Key: true}, {Name: "b", Key: true}}}
	absent, unknown, null := wal.Value{}, wal.Value{State: wal.Unchanged}, wal.Value{State: wal.Null}
	for _, tc := range []struct {
		name string
		c    wal.Change
		want []string
	}{
		{"ten bytes fit", wal.Change{Op: wal.Create, New: row("1", "22", "333", "4444")}, nil},
		{"the longest goes", wal.Change{Op: wal.Create, New: row("1", "22", "333", "55555")}, []string{"c"}},
		{"as many as must", wal.Change{Op: wal.Create, New: row("1", "7777777", "666666", "55555")}, []string{"a", "b"}},
		{"a key stays, however long", wal.Change{Op: wal.Create, New: row("1234567890123", "a", "b", "")}, []string{"a", "b"}},
		{
			"old and new values count together",
			wal.Change{Op: wal.Update, New: row("1", "22", "333", "333"), Old: row("1", "44", "333", "4444"), OldFull: true},
			[]string{"c"},
		},
		{
			"an old value that did not change does not count",
			wal.Change{Op: wal.Update, New: row("1", "22", "333", "4444"), Old: row("1", "22", "333", "4444"), OldFull: true},
			nil,
		},
		{
			"a value that did not travel is not omitted",
			wal.Change{Op: wal.Update, New: []wal.Value{row("1")[0], unknown, null, row("4444444444")[0]}},
			[]string{"c"},
		},
		{"a deleted row", wal.Change{Op: wal.Delete, Old: row("1", "22", "333", "55555"), OldFull: true}, []string{"c"}},
		{"a deleted key", wal.Change{Op: wal.Delete, Old: []wal.Value{row("12345678901")[0], absent, absent, absent}}, nil},
		{"a row that is its own key", wal.Change{Op: wal.Create, Relation: keyOnly, New: row("1", "22222222222")}, []string{"b"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if tc.c.Relation == nil {
				tc.c.Relation = rel
			}
			columns := tc.c.Omit(10)
			var got []string
			for i, column := range tc.c.Relation.Columns {
				if tc.c.Omits(i) {
					got = append(got, column.Name)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" || columns != len(got) {
				t.Errorf("%d columns omitted: -want +got\n%s", columns, diff)
			}
		})
	}
}

// A row of long values that all change, most of which must go.
func BenchmarkOmit(b *testing.B) {
	for _, columns := range []int{50, 400} {
		b.Run(fmt.Sprintf("columns=%d", columns), func(b *testing.B) {
			c := &wal.Change{Op: wal.Update, Relation: &wal.Relation{}, OldFull: true}
			for range columns {
				c.Relation.Columns = append(c.Relation.Columns, wal.Column{})
				c.Old = append(c.Old, wal.Value{Text: bytes.Repeat([]byte("a"), 64<<10), State: wal.Text})
				c.New = append(c.New, wal.Value{Text: append(bytes.Repeat([]byte("a"), 64<<10-1), 'b'), State: wal.Text})
			}
			for b.Loop() {
				c.Omitted = nil
				c.Omit(1 << 20)
			}
		})
	}
}
