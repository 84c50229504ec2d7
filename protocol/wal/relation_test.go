package wal_test

import (
	"testing"

	"github.com/tablewire/tablewire/protocol/wal"
)

func TestCollectionTables(t *testing.T) {
	t.Parallel()
	got := wal.CollectionTables("a.b.c")
	want := []wal.TableName{{Schema: "public", Table: "a.b.c"}, {Schema: "a", Table: "b.c"}, {Schema: "a.b", Table: "c"}}
	if len(got) != len(want) {
		t.Fatalf("%q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%q, want %q", got[i], want[i])
		}
	}
	for name, want := range map[string]wal.TableName{"users": {Schema: "public", Table: "users"}, "shop.orders": {Schema: "shop", Table: "orders"}} {
		if got := want.String(); got != name {
			t.Errorf("%q is called %q", want, got)
		}
	}
}
