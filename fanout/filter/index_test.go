package filter_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/protocol/wal"
)

var indexPairs = flag.Int("filter.index-pairs", 300_000, "pairs of filter and row that TestIndex compares")

// TestIndex compares an index with asking every filter. Filters come and go between
// the rows; the values, operators and spellings are TestDifferential's.
func TestIndex(t *testing.T) {
	t.Parallel()
	r := newRand(t)
	samples := allSamples()
	relation := relationOf(samples)
	used := map[string]int{}
	done := 0
	for done < *indexPairs {
		m := &indexModel{relation: relation, held: map[*filter.Handle]*filter.Filter{}}
		n := 1 << r.IntN(11) // so that keys have one filter, a few, and many
		for range 60 {
			for m.index.Len() < n {
				q := (&generator{r: r, samples: samples, folding: "x", used: used}).filter()
				m.add(t, q.raw)
			}
			for range 1 + r.IntN(3) {
				row := randomRow(r, samples)
				if r.IntN(3) == 0 {
					row = masked(r, row)
				}
				m.compare(t, row)
				done += len(m.handles)
			}
			for range r.IntN(1 + n/4) {
				m.remove(r.IntN(len(m.handles)))
			}
		}
		m.compare(t, nil)
		for len(m.handles) > 0 {
			m.remove(r.IntN(len(m.handles)))
		}
		m.compare(t, randomRow(r, samples))
		if m.index.Scanned() != 0 {
			t.Fatalf("an empty index scans %d filters", m.index.Scanned())
		}
	}
	t.Logf("%d pairs", done)
}

// TestIndexMany is TestIndex with as many filters as tables need to be split for,
// most of them much alike, that all come, change and go.
func TestIndexMany(t *testing.T) {
	t.Parallel()
	r := newRand(t)
	market := newMarket(r, 300)
	nested := func() string { return fmt.Sprintf(`{"quantity_gte":%d,"quantity_lte":%d}`, r.IntN(1000), r.IntN(1000)) }
	filters := []func() string{market.mixed, market.mixed, market.equality, market.withoutEquality, market.negation, nested, func() string { return "{}" }}
	m := &indexModel{relation: orders, held: map[*filter.Handle]*filter.Filter{}}
	fill := func(n int) {
		for m.index.Len() < n {
			m.add(t, filters[r.IntN(len(filters))]())
		}
	}
	empty := func(n int) {
		for m.index.Len() > n {
			m.remove(r.IntN(len(m.handles)))
		}
	}
	done := 0
	for done < *indexPairs {
		n := 1 << r.IntN(15)
		for range 8 {
			fill(r.IntN(n + 1))
			for range 8 {
				row := market.row()
				if r.IntN(4) == 0 {
					row = masked(r, row)
				}
				m.compare(t, row)
				done += len(m.handles)
			}
			empty(r.IntN(n + 1))
			m.compare(t, market.row())
		}
		empty(0)
		m.compare(t, market.row())
	}
	t.Logf("%d pairs", done)
}

// TestIndexGivesBack looks at the memory that is left when many filters have gone.
func TestIndexGivesBack(t *testing.T) {
	const n = 20_000
	r := newRand(t)
	market := newMarket(r, 1_000_000)
	m := &indexModel{relation: orders, held: map[*filter.Handle]*filter.Filter{}}
	m.add(t, market.mixed())
	before := heap()
	handles := make([]*filter.Handle, n)
	for i := range handles {
		raw := market.mixed()
		if i%4 == 0 {
			raw = fmt.Sprintf(`{"profile.member%d_gt":1}`, i)
		}
		f, err := filter.Compile([]byte(raw), orders)
		if err != nil {
			t.Fatal(err)
		}
		handles[i] = m.index.Add(f, nil)
	}
	full := heap()
	for _, i := range r.Perm(n) {
		m.index.Remove(handles[i])
		handles[i] = nil
	}
	if after := heap(); after > before && (after-before)*50 > full-before {
		t.Errorf("%d bytes of %d are left", after-before, full-before)
	}
	m.compare(t, market.row())
}

// TestIndexAllocates tests that Match allocates nothing if it finds nothing, or if the slice for
// the matches is long enough.
func TestIndexAllocates(t *testing.T) {
	market := newMarket(newRand(t), 1000)
	var x filter.Index
	for range 5000 {
		f, err := filter.Compile([]byte(market.mixed()), orders)
		if err != nil {
			t.Fatal(err)
		}
		x.Add(f, nil)
	}
	rows := market.rows(50)
	var matches []filter.Match
	for range 200 {
		for _, row := range rows {
			matches = x.Match(matches[:0], row)
		}
	}
	if n := testing.AllocsPerRun(100, func() {
		for _, row := range rows {
			matches = x.Match(matches[:0], row)
		}
	}); n > 1 { // a replan may need a page
		t.Errorf("%v allocations for %d rows", n, len(rows))
	}
	nothing := nobody(market.row())
	if n := testing.AllocsPerRun(1000, func() {
		if len(x.Match(nil, nothing)) > 0 {
			t.Fatal("something is found")
		}
	}); n > 0 {
		t.Errorf("%v allocations where nothing is found", n)
	}
}

// TestIndexHugeExponents: numbers in json may be longer than sort keys can tell apart.
func TestIndexHugeExponents(t *testing.T) {
	t.Parallel()
	m := &indexModel{relation: orders, held: map[*filter.Handle]*filter.Filter{}}
	numbers := []string{"1e600001", "9e600000", "1e524287", "9e524286", "0", "9e-600001", "1e-600000"}
	for _, n := range numbers {
		for _, sign := range []string{"", "-"} {
			m.add(t, fmt.Sprintf(`{"profile.a_gt":%s%s}`, sign, n))
			m.add(t, fmt.Sprintf(`{"profile.a_lt":%s%s}`, sign, n))
		}
	}
	for _, n := range numbers {
		for _, sign := range []string{"", "-"} {
			row := make([]wal.Value, len(orders.Columns))
			row[orders.Column("profile")] = wal.Value{State: wal.Text, Text: fmt.Appendf(nil, `{"a":%s%s}`, sign, n)}
			m.compare(t, row)
		}
	}
}

// TestIndexReplans: a filter that was found by a value that all rows have is planned again.
func TestIndexReplans(t *testing.T) {
	t.Parallel()
	market := newMarket(newRand(t), 1_000_000)
	var x filter.Index
	for i := range 2000 {
		// Without a sample, both ends look alike.
		f, err := filter.Compile(fmt.Appendf(nil, `{"quantity_gt":%d,"price_gt":"%d"}`, -i, 99_000_000+i), orders)
		if err != nil {
			t.Fatal(err)
		}
		x.Add(f, nil)
	}
	row := market.row()
	first := 0
	for range 5000 {
		if x.Match(nil, row); first == 0 {
			first = x.Evaluated()
		}
	}
	if first < 500 || x.Evaluated() > 10 {
		t.Errorf("%d filters were evaluated at first, %d at last", first, x.Evaluated())
	}
}

// indexModel is an index and a list of the filters that must be in it.
type indexModel struct {
	relation *wal.Relation
	index    filter.Index
	handles  []*filter.Handle
	held     map[*filter.Handle]*filter.Filter
	matches  []filter.Match
}

func (m *indexModel) add(t testing.TB, raw string) {
	t.Helper()
	f, err := filter.Compile([]byte(raw), m.relation)
	if err != nil {
		t.Fatalf("%s\ndoes not compile: %v", raw, err)
	}
	e := m.index.Add(f, raw)
	m.handles = append(m.handles, e)
	m.held[e] = f
}

func (m *indexModel) remove(i int) {
	e := m.handles[i]
	m.index.Remove(e)
	delete(m.held, e)
	m.handles = slices.Delete(m.handles, i, i+1)
}

// compare asks every filter and the index.
func (m *indexModel) compare(t testing.TB, row []wal.Value) {
	t.Helper()
	m.matches = m.index.Match(m.matches[:0], row)
	found := make(map[*filter.Handle]filter.Result, len(m.matches))
	for _, match := range m.matches {
		if _, twice := found[match.Handle]; twice {
			t.Fatalf("%v is found twice", match.Handle.Value)
		}
		found[match.Handle] = match.Result
	}
	for e, f := range m.held {
		want := f.Match(row)
		got, ok := found[e]
		if !ok {
			got = filter.No
		}
		if got != want {
			t.Fatalf("%v\nkey %s\nthe filter says %v, the index %v, for\n%s", e.Value, f.Key(), want, got, showRow(m.relation, row))
		}
		delete(found, e)
	}
	if len(found) > 0 {
		t.Fatalf("%d handles are found that are not in the index", len(found))
	}
	if m.index.Len() != len(m.held) {
		t.Fatalf("the index holds %d filters, not %d", m.index.Len(), len(m.held))
	}
}

func showRow(relation *wal.Relation, row []wal.Value) string {
	var text []byte
	for i, v := range row {
		text = append(text, relation.Columns[i].Name...)
		switch v.State {
		case wal.Text:
			text = append(append(text, '='), v.Text...)
		case wal.Null:
			text = append(text, " is null"...)
		case wal.Unchanged:
			text = append(text, " is unchanged"...)
		case wal.Absent:
			text = append(text, " is absent"...)
		}
		text = append(text, '\n')
	}
	return string(text)
}

// randomRow makes a row of the samples' values as they are written, which may be
// other spellings than PostgreSQL's own, and now and then no value at all.
func randomRow(r *rand.Rand, samples []*sample) []wal.Value {
	row := []wal.Value{{State: wal.Text, Text: []byte("1")}}
	for _, s := range samples {
		switch {
		case s.sqlType == "":
		case r.IntN(8) == 0:
			row = append(row, wal.Value{State: wal.Null})
		case r.IntN(40) == 0:
			row = append(row, wal.Value{State: wal.Text, Text: []byte("?!")})
		default:
			row = append(row, wal.Value{State: wal.Text, Text: []byte(s.value(r))})
		}
	}
	if r.IntN(30) == 0 {
		row = row[:r.IntN(len(row))]
	}
	return row
}

// Rows that have only the key lead to the filters on other columns, too, until the sample shows
// that there are such rows.
func TestIndexReplansForKeys(t *testing.T) {
	t.Parallel()
	var x filter.Index
	const tenants, each = 100, 20
	for i := range tenants * each {
		f, err := filter.Compile(fmt.Appendf(nil, `{"user_id":%d,"email":"u%d@example.com"}`, i%tenants, i), orders)
		if err != nil {
			t.Fatal(err)
		}
		x.Add(f, nil)
	}
	evaluated := 0
	for i := range 20_000 {
		row := make([]wal.Value, len(orders.Columns))
		row[0] = wal.Value{State: wal.Text, Text: fmt.Append(nil, i)}
		row[1] = wal.Value{State: wal.Text, Text: fmt.Append(nil, i%tenants)}
		if found := len(x.Match(nil, row)); found != each {
			t.Fatalf("found %d filters that may match, want %d", found, each)
		}
		evaluated = x.Evaluated()
	}
	if evaluated > tenants*each/4 {
		t.Errorf("%d filters are evaluated for %d that may match", evaluated, each)
	}
}

// A document is walked once for all paths into it, and each path finds what it finds alone.
func TestIndexPaths(t *testing.T) {
	t.Parallel()
	var x filter.Index
	held := map[string]*filter.Filter{}
	for _, path := range []string{"a", "a.b", "a.b.c", "a.c", "b", "b.a", "ä", "a.b.c.d"} {
		for _, clause := range []string{`"profile.%s":"1"`, `"profile.%s__isnull":true`} {
			raw := "{" + fmt.Sprintf(clause, path) + "}"
			f, err := filter.Compile([]byte(raw), orders)
			if err != nil {
				t.Fatal(err)
			}
			held[raw] = f
			x.Add(f, raw)
		}
	}
	column := orders.Column("profile")
	for _, document := range []string{
		`{}`, `1`, `null`, `[{"a":1}]`, `{"a":1}`, `{"a":{"b":1}}`, `{"a":{"b":{"c":1}}}`,
		`{"a":{"b":1},"a":{"c":1}}`, `{"a":{"c":1},"a":{"b":{"c":2},"b":{"c":1}}}`, `{"a":{"b":{"c":1}},"a":1}`, `{"a":1,"a":null}`,
		`{"b":{"a":"1"},"\u0061":"1"}`, `{"\u00e4":1}`, `{"ä":"1","b":{"a":{"b":1}}}`, `{"a":{"b":{"c":{"d":1}}}}`, `{"c":{"a":1}}`,
	} {
		row := make([]wal.Value, len(orders.Columns))
		row[column] = wal.Value{State: wal.Text, Text: []byte(document)}
		got := map[string]filter.Result{}
		for _, h := range x.Match(nil, row) {
			got[h.Handle.Value.(string)] = h.Result
		}
		for raw, f := range held {
			if want := f.Match(row); got[raw] != want {
				t.Errorf("%s of %s: the index says %v, the filter %v", raw, document, got[raw], want)
			}
		}
	}
}

// An interval keeps nothing of the filter that was the first to have it.
func TestIndexLetsGoOfRemoved(t *testing.T) { //nolint:paralleltest // it measures what is held
	var x filter.Index
	add := func(raw string) *filter.Handle {
		f, err := filter.Compile([]byte(raw), orders)
		if err != nil {
			t.Fatal(err)
		}
		return x.Add(f, nil)
	}
	const filters, long = 100, 60_000
	before := heap()
	for i := range filters {
		first := add(fmt.Sprintf(`{"quantity_gt":%d,"title_ne":%q}`, i, strings.Repeat("x", long)))
		add(fmt.Sprintf(`{"quantity_gt":%d}`, i))
		x.Remove(first)
	}
	if held := int64(heap()) - int64(before); held > filters*long/4 {
		t.Errorf("%d bytes are held for %d filters of one small number", held, filters)
	}
	runtime.KeepAlive(&x)
}

// Behind Match the index keeps neither a row's text nor its copy in lower case.
func TestIndexLetsGoOfRow(t *testing.T) { //nolint:paralleltest // it measures what is held
	var x filter.Index
	for i := range 20 {
		for _, raw := range []string{`{"title_contains":"needle-%d"}`, `{"title":"%d"}`, `{"profile.a_contains":"needle-%d"}`} {
			f, err := filter.Compile(fmt.Appendf(nil, raw, i), orders)
			if err != nil {
				t.Fatal(err)
			}
			x.Add(f, nil)
		}
	}
	const long = 4 << 20
	before := heap()
	for range 3 { // which the sample takes
		row := make([]wal.Value, len(orders.Columns))
		row[orders.Column("title")] = wal.Value{State: wal.Text, Text: []byte(strings.Repeat("y", long))}
		row[orders.Column("profile")] = wal.Value{State: wal.Text, Text: []byte(`{"a":"` + strings.Repeat("z", long) + `"}`)}
		x.Match(nil, row)
	}
	if held := int64(heap()) - int64(before); held > long/4 {
		t.Errorf("%d bytes are held of rows of %d", held, 2*long)
	}
	runtime.KeepAlive(&x)
}

// However many paths lead into a document, it is walked once. The test counts allocations: a name
// with an escape allocates each time it is read.
func TestIndexWalksOnce(t *testing.T) { //nolint:paralleltest // it counts what is allocated
	column := orders.Column("profile")
	allocated := func(paths int) float64 {
		var x filter.Index
		for i := range paths {
			f, err := filter.Compile(fmt.Appendf(nil, `{"profile.k%d":"v","profile.l.m%d":"v"}`, i, i), orders)
			if err != nil {
				t.Fatal(err)
			}
			x.Add(f, nil)
		}
		row := make([]wal.Value, len(orders.Columns))
		row[column] = wal.Value{State: wal.Text, Text: []byte(`{"\u006b1":"v","l":{"\u006d1":"v"}}`)}
		for range 100 { // buffers grow, the sample fills
			x.Match(nil, row)
		}
		return testing.AllocsPerRun(100, func() { x.Match(nil, row) })
	}
	if few, many := allocated(2), allocated(500); many > few+5 {
		t.Errorf("%v allocations for 1000 paths, %v for 4", many, few)
	}
}
