package filter_test

import (
	"flag"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/protocol"
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
		m := &indexModel{relation: relation, held: map[*filter.Entry]*filter.Filter{}}
		n := 1 << r.IntN(11) // so that places hold one filter, a few, and many
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
				done += len(m.entries)
			}
			for range r.IntN(1 + n/4) {
				m.remove(r.IntN(len(m.entries)))
			}
		}
		m.compare(t, nil)
		for len(m.entries) > 0 {
			m.remove(r.IntN(len(m.entries)))
		}
		m.compare(t, randomRow(r, samples))
		if m.index.Scanned() != 0 {
			t.Fatalf("an empty index scans %d filters", m.index.Scanned())
		}
	}
	t.Logf("%d pairs", done)
}

// indexModel is an index beside a list of what must be in it.
type indexModel struct {
	relation *protocol.Relation
	index    filter.Index
	entries  []*filter.Entry
	held     map[*filter.Entry]*filter.Filter
	hits     []filter.Hit
}

func (m *indexModel) add(t testing.TB, raw string) {
	t.Helper()
	f, err := filter.Compile([]byte(raw), m.relation)
	if err != nil {
		t.Fatalf("%s\ndoes not compile: %v", raw, err)
	}
	e := m.index.Add(f, raw)
	m.entries = append(m.entries, e)
	m.held[e] = f
}

func (m *indexModel) remove(i int) {
	e := m.entries[i]
	m.index.Remove(e)
	delete(m.held, e)
	m.entries = slices.Delete(m.entries, i, i+1)
}

// compare asks every filter and the index.
func (m *indexModel) compare(t testing.TB, row []protocol.Value) {
	t.Helper()
	m.hits = m.index.Match(m.hits[:0], row)
	found := make(map[*filter.Entry]filter.Result, len(m.hits))
	for _, hit := range m.hits {
		if _, twice := found[hit.Entry]; twice {
			t.Fatalf("%v is found twice", hit.Entry.Value)
		}
		found[hit.Entry] = hit.Result
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
		t.Fatalf("%d entries are found that are not in the index", len(found))
	}
	if m.index.Len() != len(m.held) {
		t.Fatalf("the index holds %d filters, not %d", m.index.Len(), len(m.held))
	}
}

func showRow(relation *protocol.Relation, row []protocol.Value) string {
	var text []byte
	for i, v := range row {
		text = append(text, relation.Columns[i].Name...)
		switch v.State {
		case protocol.Text:
			text = append(append(text, '='), v.Text...)
		case protocol.Null:
			text = append(text, " is null"...)
		case protocol.Unchanged:
			text = append(text, " is unchanged"...)
		case protocol.Absent:
			text = append(text, " is absent"...)
		}
		text = append(text, '\n')
	}
	return string(text)
}

// randomRow makes a row of the samples' values as they are written, which may be
// other spellings than PostgreSQL's own, and now and then none at all.
func randomRow(r *rand.Rand, samples []*sample) []protocol.Value {
	row := []protocol.Value{{State: protocol.Text, Text: []byte("1")}}
	for _, s := range samples {
		switch {
		case s.sqlType == "":
		case r.IntN(8) == 0:
			row = append(row, protocol.Value{State: protocol.Null})
		case r.IntN(40) == 0:
			row = append(row, protocol.Value{State: protocol.Text, Text: []byte("?!")})
		default:
			row = append(row, protocol.Value{State: protocol.Text, Text: []byte(s.value(r))})
		}
	}
	if r.IntN(30) == 0 {
		row = row[:r.IntN(len(row))]
	}
	return row
}
