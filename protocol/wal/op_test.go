package wal_test

import (
	"testing"

	"github.com/tablewire/tablewire/protocol/wal"
)

func TestOpSet(t *testing.T) {
	t.Parallel()
	for _, o := range wal.Ops {
		if !wal.OpSet(0).Has(o) {
			t.Errorf("none means all, but not %v", o)
		}
		for _, other := range wal.Ops {
			if wal.OpSetOf(o).Has(other) != (o == other) {
				t.Errorf("the set of %v and %v", o, other)
			}
		}
	}
	if wal.OpSetOf(wal.Ops[:]...) != wal.OpSetOf() {
		t.Error("all is not the same as none")
	}
}
