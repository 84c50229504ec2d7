//go:build !race

package filter_test

import (
	"testing"

	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/protocol/wal"
)

// The race detector makes pools drop some of their items, so this holds only without it.

// Every change is folded: folding must not allocate.
func TestFoldingDoesNotAllocate(t *testing.T) {
	email := wal.Type{OID: 1, Base: 1, Name: "citext", Kind: wal.KindText, Folding: &wal.Folding{
		Lower: map[rune]string{'A': "a", 'Σ': "σ", 'İ': "i\u0307"}, FinalSigma: true,
		Cased: []wal.RuneRange{{First: 'A', Last: 'z'}},
	}}
	emails := wal.Type{OID: 2, Base: 2, Name: "citext[]", Kind: wal.KindArray, Delim: ',', Elem: &email}
	rel := &wal.Relation{Columns: []wal.Column{wal.NewColumn("c", email, false, nil), wal.NewColumn("cs", emails, false, nil)}}
	row := []wal.Value{{State: wal.Text, Text: []byte("AaİΣ@ΑΣ.AAA")}, {State: wal.Text, Text: []byte(`{"AaΣ",NULL,b}`)}}
	var index filter.Index
	for _, raw := range []string{`{"c":"x"}`, `{"c_gt":"x"}`, `{"c_in":"x,y"}`, `{"c_contains":"xyz"}`, `{"c_endswith":"xyz"}`, `{"c_startswith":"xyz"}`, `{"cs":"{x}"}`, `{"cs_lt":"{0}"}`} {
		f, err := filter.Compile([]byte(raw), rel)
		if err != nil {
			t.Fatal(err)
		}
		index.Add(f, nil)
		if n := testing.AllocsPerRun(100, func() { f.Match(row) }); n >= 1 {
			t.Errorf("%s allocates %v times", raw, n)
		}
	}
	matches := make([]filter.Match, 0, 16)
	if n := testing.AllocsPerRun(100, func() { matches = index.Match(matches[:0], row) }); n >= 1 {
		t.Errorf("the index allocates %v times", n)
	}
}
