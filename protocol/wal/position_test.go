package wal_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/tablewire/tablewire/protocol/wal"
)

func TestLSNRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := wal.LSN(rapid.Uint64().Draw(t, "lsn"))
		got, err := wal.ParseLSN(want.String())
		if err != nil || got != want {
			t.Fatalf("%s read as %s, %v", want, got, err)
		}
	})
}

func TestParseLSNRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "1", "/", "1/", "x/1", "1/2/3", "1/2 3", "100000000/0"} {
		if l, err := wal.ParseLSN(s); err == nil {
			t.Errorf("%q read as %s", s, l)
		}
	}
}

func TestPositionsOrderByCommitThenPlace(t *testing.T) {
	t.Parallel()
	ordered := []wal.Position{{}, {Index: 1}, {Commit: 1}, {Commit: 1, Index: 9}, {Commit: 2}}
	for i, p := range ordered {
		for j, q := range ordered {
			if got := p.Compare(q); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("Compare(%s, %s) = %d", p, q, got)
			}
		}
	}
}
