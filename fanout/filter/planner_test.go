package filter

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tablewire/tablewire/fanout/filter/value"
	"github.com/tablewire/tablewire/protocol/wal"
)

// notes is a table of many columns of text.
func notes(columns int) *wal.Relation {
	r := &wal.Relation{OID: 1, Schema: "public", Name: "notes"}
	for i := range columns {
		r.Columns = append(r.Columns, wal.Column{
			Name: fmt.Sprintf("c%d", i), Key: i == 0, Type: wal.Type{Kind: wal.KindText},
		})
	}
	return r
}

func texted(columns int, text string) []wal.Value {
	row := make([]wal.Value, columns)
	for i := range row {
		row[i] = wal.Value{State: wal.Text, Text: []byte(text)}
	}
	return row
}

// Planning matches each clause once with each row of the sample, however many pairs and groups
// there are.
func TestPlanningMatchesOnce(t *testing.T) {
	t.Parallel()
	const columns = MaxClauses
	var clauses []string
	for i := range columns {
		clauses = append(clauses, fmt.Sprintf(`"c%d":"same"`, i))
	}
	f, err := Compile([]byte("{"+strings.Join(clauses, ",")+"}"), notes(columns))
	if err != nil {
		t.Fatal(err)
	}
	reads := 0
	counting := &value.Opclass{Comparison: value.Text.Comparison, Read: func(text []byte) (value.Datum, bool) {
		reads++
		return value.Text.Read(text)
	}}
	for i := range f.clauses {
		f.clauses[i].opclass = counting
	}
	var x Index
	x.Remove(x.Add(f, nil)) // so that the sample has its columns
	for range 2 * sampleRows {
		x.Match(nil, texted(columns, "same"))
	}
	if x.sample.len != sampleRows {
		t.Fatalf("the sample has %d rows, want %d", x.sample.len, sampleRows)
	}
	reads = 0
	x.Add(f, nil)
	if reads == 0 || reads > columns*sampleRows {
		t.Errorf("values are read %d times to plan %d clauses, want at most %d", reads, columns, columns*sampleRows)
	}
}

// Replanning costs less than the evaluations in vain that it is to spare: the number of postings
// counts.
func TestReplanningIsPaidFor(t *testing.T) {
	t.Parallel()
	var items []string
	for i := range 1000 {
		items = append(items, fmt.Sprintf(`"x%d"`, i))
	}
	f, err := Compile(fmt.Appendf(nil, `{"[or:a]c1_in":[%s],"[or:a]c2_isnull":false,"c3_ne":"y"}`, strings.Join(items, ",")), notes(4))
	if err != nil {
		t.Fatal(err)
	}
	var x Index
	h := x.Add(f, nil)
	replanned, evaluated := 0, 0
	for range 5000 {
		limit := h.missLimit
		x.Match(nil, texted(4, "y"))
		evaluated += x.Evaluated()
		if h.missLimit != limit {
			replanned += len(h.refs)
		}
	}
	if evaluated != 5000 || len(h.refs) <= len(items) {
		t.Fatalf("%d evaluations of a filter with %d postings: the test needs one in vain for each row", evaluated, len(h.refs))
	}
	if replanned > evaluated {
		t.Errorf("%d postings are planned again for %d evaluations in vain", replanned, evaluated)
	}
}
