package filter_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/protocol/wal"
)

// TestDocs runs the examples of docs/filters.md: each filter selects what its SQL
// does, which is some of the rows and not all, and each error is the one that is given.
func TestDocs(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/filters.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```sql\n")
	table, _, _ := strings.Cut(rest, "```")
	o := newOracle(t)
	o.mustQuery(t, table)
	relation := o.describe(t, "users")
	examples, failures := docsExamples(string(page))
	if len(examples) < 30 || len(failures) < 5 {
		t.Fatalf("found only %d examples and %d errors", len(examples), len(failures))
	}
	rows := o.mustQuery(t, `SELECT * FROM users`)
	for _, e := range examples {
		f, err := filter.Compile([]byte(e.raw), relation)
		if err != nil {
			t.Errorf("%s: %v", e.raw, err)
			continue
		}
		var got, want []string
		for _, fields := range rows {
			if f.Match(valuesOf(fields)) == filter.Yes {
				got = append(got, string(fields[0]))
			}
		}
		for _, fields := range o.mustQuery(t, `SELECT id FROM users WHERE `+e.where+` ORDER BY id`) {
			want = append(want, string(fields[0]))
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s selects %v, %s selects %v", e.raw, got, e.where, want)
		}
		if len(want) == 0 || len(want) == len(rows) {
			t.Errorf("%s shows nothing: it selects %v", e.where, want)
		}
	}
	for _, e := range failures {
		if _, err := filter.Compile([]byte(e.raw), relation); err == nil || err.Error() != e.where {
			t.Errorf("%s: %v, not %s", e.raw, err, e.where)
		}
	}
}

// docsExamples reads the page's tables of filters: with SQL beside them, or errors.
func docsExamples(page string) (examples, failures []question) {
	inErrors := false
	for line := range strings.Lines(page) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if len(cells) != 2 {
			continue
		}
		left, ok1 := strings.CutPrefix(cells[0], "| `{")
		right, ok2 := strings.CutSuffix(cells[1], " |")
		switch {
		case strings.HasPrefix(line, "| filter |"):
			inErrors = right == "error_detail"
		case !ok1 || !ok2:
		case inErrors:
			failures = append(failures, question{"{" + strings.Trim(left, "`"), strings.Trim(right, "`")})
		default:
			examples = append(examples, question{"{" + strings.Trim(left, "`"), strings.Trim(right, "`")})
		}
	}
	return examples, failures
}

// describe makes the relation of a table of builtin types.
func (o *oracle) describe(t *testing.T, table string) *wal.Relation {
	t.Helper()
	kinds := map[string]wal.Type{}
	for _, s := range allSamples() {
		kinds[s.typ.Name] = s.typ
	}
	kinds["text[]"] = wal.Type{OID: 1009, Base: 1009, Name: "text[]", Kind: wal.KindArray, Delim: ',', Elem: new(kinds["text"])}
	relation := &wal.Relation{Schema: "public", Name: table}
	for _, fields := range o.mustQuery(t, fmt.Sprintf(`SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
		WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum`, sqlQuote(table))) {
		kind, ok := kinds[string(fields[1])]
		if !ok {
			t.Fatalf("the type %s is not known here", fields[1])
		}
		relation.Columns = append(relation.Columns, wal.NewColumn(string(fields[0]), kind, false, nil))
	}
	return relation
}
