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

// Filing an entry matches each clause once with each row of the sample, however many
// pairs and groups there are.
func TestFilingMatchesOnce(t *testing.T) {
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
	counting := value.Text.Observe(func() { reads++ }, func() {})
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
		t.Errorf("values are read %d times to file %d clauses, want at most %d", reads, columns, columns*sampleRows)
	}
}

// Filing entries anew costs less than the visits in vain that it is to spare: it is
// paid for by the place.
func TestLearningIsPaidFor(t *testing.T) {
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
	e := x.Add(f, nil)
	filed, visits := 0, 0
	for range 5000 {
		patient := e.missLimit
		x.Match(nil, texted(4, "y"))
		visits += x.Evaluated()
		if e.missLimit != patient {
			filed += len(e.refs)
		}
	}
	if visits != 5000 || len(e.refs) <= len(items) {
		t.Fatalf("%d visits to an entry of %d places: the test needs one in vain for each row", visits, len(e.refs))
	}
	if filed > visits {
		t.Errorf("%d places are filed anew for %d visits in vain", filed, visits)
	}
}
