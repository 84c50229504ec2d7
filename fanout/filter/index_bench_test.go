package filter_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/protocol/wal"
)

// orders is the table of the index's benchmarks.
var orders = &wal.Relation{OID: 1, Schema: "public", Name: "orders", Columns: []wal.Column{
	column("id", "bigint", 20, wal.KindInt, 64),
	column("user_id", "bigint", 20, wal.KindInt, 64),
	column("status", "text", 25, wal.KindText, 0),
	column("region", "text", 25, wal.KindText, 0),
	column("sku", "uuid", 2950, wal.KindUUID, 0),
	column("title", "text", 25, wal.KindText, 0),
	column("email", "text", 25, wal.KindText, 0),
	column("price", "numeric", 1700, wal.KindNumeric, 0),
	column("quantity", "integer", 23, wal.KindInt, 32),
	column("created_at", "timestamp with time zone", 1184, wal.KindTimestampTZ, 0),
	column("active", "boolean", 16, wal.KindBool, 0),
	column("profile", "jsonb", 3802, wal.KindJSON, 0),
}}

// market makes orders and filters for them.
type market struct {
	*rand.Rand
	people int // how many users there are
	vocabulary
}

type vocabulary []string

func sameRand() *rand.Rand { return rand.New(rand.NewPCG(7, 11)) }

func newMarket(r *rand.Rand, people int) *market {
	m := &market{Rand: r, people: people}
	syllables := strings.Fields("ba co di fe ga hu ji ka lo mi nu or pe ra si to va wu xe zy bre cla dro fli gri")
	for range 20_000 {
		var word strings.Builder
		for range 2 + m.IntN(3) {
			word.WriteString(syllables[m.IntN(len(syllables))])
		}
		m.vocabulary = append(m.vocabulary, word.String())
	}
	return m
}

func (m *market) word() string   { return m.vocabulary[m.IntN(len(m.vocabulary))] }
func (m *market) user() int      { return m.IntN(m.people) }
func (m *market) status() string { return fmt.Sprintf("status-%d", m.IntN(12)) }
func (m *market) region() string { return fmt.Sprintf("region-%d", m.IntN(50)) }
func (m *market) sku() string    { return fmt.Sprintf("a0eebc99-9c0b-4ef8-bb6d-%012x", m.user()) }
func (m *market) email() string {
	return fmt.Sprintf("%s.%s@%s.example", m.word(), m.word(), m.word())
}
func (m *market) cents() int { return m.IntN(10_000_000) }

func price(cents int) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

func instant(seconds int) string {
	return time.Date(2024, 1, 1, 0, 0, seconds, 0, time.UTC).Format("2006-01-02 15:04:05+00")
}

func (m *market) row() []wal.Value {
	title := make([]string, 6)
	for i := range title {
		title[i] = m.word()
	}
	texts := []string{
		fmt.Sprint(m.user()), fmt.Sprint(m.user()), m.status(), m.region(), m.sku(), strings.Join(title, " "), m.email(),
		price(m.cents()), fmt.Sprint(m.IntN(1000)), instant(m.IntN(100_000_000)), "t",
		fmt.Sprintf(`{"city": "%s", "level": %d}`, m.word(), m.IntN(100)),
	}
	row := make([]wal.Value, len(texts))
	for i, text := range texts {
		row[i] = wal.Value{State: wal.Text, Text: []byte(text)}
	}
	return row
}

// key makes a filter with the equality that most have: somebody's own rows.
func (m *market) key() string {
	switch n := m.IntN(100); {
	case n < 55:
		return fmt.Sprintf(`{"user_id":%d}`, m.user())
	case n < 75:
		return fmt.Sprintf(`{"status":%q,"user_id":%d}`, m.status(), m.user())
	case n < 85:
		return fmt.Sprintf(`{"sku":%q}`, m.sku())
	case n < 95:
		return fmt.Sprintf(`{"id_in":[%d,%d,%d],"active":true}`, m.user(), m.user(), m.user())
	}
	return fmt.Sprintf(`{"[or]user_id":%d,"[or]id":%d,"profile.level_lt":%d}`, m.user(), m.user(), m.IntN(100))
}

// equality makes one in five filters whose equalities many rows fulfil.
func (m *market) equality() string {
	switch m.IntN(10) {
	case 0:
		return fmt.Sprintf(`{"region":%q,"status":%q,"price_gte":%q}`, m.region(), m.status(), price(m.cents()))
	case 1:
		return fmt.Sprintf(`{"region":%q,"status_in":[%q,%q],"quantity_gt":%d,"price_lt":%q}`, m.region(), m.status(), m.status(), m.IntN(1000), price(m.cents()))
	}
	return m.key()
}

// interval makes a range that holds one in a thousand rows or so.
func (m *market) interval() string {
	switch m.IntN(4) {
	case 0:
		from := m.IntN(100_000_000)
		return fmt.Sprintf(`{"created_at_gte":%q,"created_at_lt":%q}`, instant(from), instant(from+m.IntN(100_000)))
	case 1:
		return fmt.Sprintf(`{"quantity_gt":%d,"price_gt":%q}`, m.IntN(1000), price(10_000_000-m.IntN(20_000)))
	}
	from := m.cents()
	return fmt.Sprintf(`{"price_gte":%q,"price_lt":%q}`, price(from), price(from+1+m.IntN(10_000)))
}

func (m *market) text() string {
	switch m.IntN(4) {
	case 0:
		return fmt.Sprintf(`{"email_startswith":"%s.%s"}`, m.word(), m.word()[:2])
	case 1:
		return fmt.Sprintf(`{"email_endswith":"%s@%s.example"}`, m.word()[2:], m.word())
	}
	return fmt.Sprintf(`{"title_contains":"%s %s"}`, m.word()[1:], m.word()[:3])
}

func (m *market) negation() string {
	if m.IntN(2) == 0 {
		return fmt.Sprintf(`{"user_id_ne":%d}`, m.user())
	}
	return fmt.Sprintf(`{"region_notin":[%q,%q,%q,"%d"]}`, m.region(), m.region(), m.region(), m.user())
}

func (m *market) mixed() string {
	switch n := m.IntN(100); {
	case n < 85:
		return m.equality()
	case n < 93:
		return m.interval()
	case n < 98:
		return m.text()
	}
	return m.negation()
}

func (m *market) withoutEquality() string {
	if m.IntN(2) == 0 {
		return m.interval()
	}
	return m.text()
}

// distinct compiles n filters, no two of them the same.
func distinct(b *testing.B, n int, next func() string) []*filter.Filter {
	b.Helper()
	seen := make(map[string]bool, n)
	filters := make([]*filter.Filter, 0, n)
	for len(filters) < n {
		f, err := filter.Compile([]byte(next()), orders)
		if err != nil {
			b.Fatal(err)
		}
		if !seen[f.Key()] {
			seen[f.Key()] = true
			filters = append(filters, f)
		}
	}
	return filters
}

// fill puts filters into an index and reports how much memory that takes.
func fill(b *testing.B, filters []*filter.Filter) (*filter.Index, []*filter.Handle, float64) {
	b.Helper()
	x := &filter.Index{}
	handles := make([]*filter.Handle, 0, len(filters))
	before := heap()
	for _, f := range filters {
		handles = append(handles, x.Add(f, nil))
	}
	return x, handles, float64(heap()-before) / float64(len(filters))
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func (m *market) rows(n int) [][]wal.Value {
	rows := make([][]wal.Value, n)
	for i := range rows {
		rows[i] = m.row()
	}
	return rows
}

// BenchmarkIndexMatch is the time to find the filters that one changed row fulfils.
// ×linear is how many times longer it takes to ask them all.
func BenchmarkIndexMatch(b *testing.B) {
	m := newMarket(sameRand(), 2_000_000)
	for _, bench := range []struct {
		name string
		n    int
		next func() string
	}{
		{"filters=100000/kind=mixed", 100_000, m.mixed},
		{"filters=100000/kind=equality", 100_000, m.equality},
		{"filters=1000000/kind=keys", 1_000_000, m.key},
		{"filters=100000/kind=ranges", 100_000, m.interval},
		{"filters=100000/kind=texts", 100_000, m.text},
		{"filters=100000/kind=no_equality", 100_000, m.withoutEquality},
	} {
		b.Run(bench.name, func(b *testing.B) {
			before := heap()
			filters := distinct(b, bench.n, bench.next)
			compiled := float64(heap()-before) / float64(bench.n)
			x, _, bytes := fill(b, filters)
			rows := m.rows(10_000)
			var matches []filter.Match
			for _, row := range rows {
				matches = x.Match(matches[:0], row)
			}
			found, evaluated, changes := 0, 0, 0
			began := processorTime()
			b.ReportAllocs()
			for b.Loop() {
				matches = x.Match(matches[:0], rows[changes%len(rows)])
				found += len(matches)
				evaluated += x.Evaluated()
				changes++
			}
			nsPerChange := float64(processorTime()-began) / float64(changes)
			b.ReportMetric(nsPerChange, "cpu-ns/change")
			b.ReportMetric(float64(found)/float64(changes), "matches/change")
			b.ReportMetric(float64(evaluated)/float64(changes), "evaluated/change")
			b.ReportMetric(linear(filters, rows)/nsPerChange, "×linear")
			b.ReportMetric(compiled, "compiled-B/filter")
			b.ReportMetric(bytes, "index-B/filter")
			runtime.KeepAlive(x)
		})
	}
}

// linear is how many nanoseconds it takes to ask every filter for a row.
func linear(filters []*filter.Filter, rows [][]wal.Value) float64 {
	const changes = 20
	found := 0
	began := processorTime()
	for _, row := range rows[:changes] {
		for _, f := range filters {
			if f.Match(row) != filter.No {
				found++
			}
		}
	}
	took := processorTime() - began
	if found < 0 {
		panic("unreachable")
	}
	return float64(took) / changes
}

// nobody makes an order that matches no filter of the market.
func nobody(row []wal.Value) []wal.Value {
	for i, text := range []string{"-1", "-1", "none", "", "00000000-0000-0000-0000-000000000000", "-", "-", "-1", "-1", "1999-01-01 00:00:00+00", "f", "{}"} {
		row[i].Text = []byte(text)
	}
	row[1].State, row[3].State = wal.Null, wal.Null // NULL is not unequal to anything
	return row
}

// BenchmarkIndexNothing is a row that fulfils none of 100,000 filters.
func BenchmarkIndexNothing(b *testing.B) {
	m := newMarket(sameRand(), 1_000_000)
	x, _, _ := fill(b, distinct(b, 100_000, m.mixed))
	row := nobody(m.row())
	if matches := x.Match(nil, row); len(matches) > 0 {
		b.Fatalf("%d matches", len(matches))
	}
	b.ReportAllocs()
	for b.Loop() {
		x.Match(nil, row)
	}
}

// BenchmarkIndexChurn is one filter that leaves and one that comes.
func BenchmarkIndexChurn(b *testing.B) {
	m := newMarket(sameRand(), 1_000_000)
	for _, n := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprintf("filters=%d", n), func(b *testing.B) {
			filters := distinct(b, n+n/10, m.mixed)
			x, handles, _ := fill(b, filters[:n])
			spare := filters[n:]
			began := processorTime()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				at := m.IntN(n)
				x.Remove(handles[at])
				handles[at] = x.Add(spare[i%len(spare)], nil)
			}
			b.ReportMetric(float64(processorTime()-began)/float64(b.N), "cpu-ns/change")
		})
	}
}

// BenchmarkIndexMatchUnderChurn compares matching with a thousand changes of
// subscription a second and without, in turns. The changes' own time counts.
func BenchmarkIndexMatchUnderChurn(b *testing.B) {
	const n, block = 100_000, 500
	m := newMarket(sameRand(), 1_000_000)
	filters := distinct(b, n+n/10, m.mixed)
	x, handles, _ := fill(b, filters[:n])
	spare, rows := filters[n:], m.rows(10_000)
	var matches []filter.Match
	changes, churned := 0, 0
	match := func() {
		matches = x.Match(matches[:0], rows[changes%len(rows)])
		changes++
	}
	for range rows {
		match()
	}
	var quiet, busy time.Duration
	for b.Loop() {
		began := processorTime()
		for range block {
			match()
		}
		quiet += processorTime() - began
		// As many as come in the time that the block takes.
		every := max(1, int(time.Millisecond*block/(processorTime()-began+1)))
		began = processorTime()
		for i := range block {
			match()
			if i%every == 0 {
				at := m.IntN(n)
				x.Remove(handles[at])
				handles[at] = x.Add(spare[churned%len(spare)], nil)
				churned++
			}
		}
		busy += processorTime() - began
	}
	b.ReportMetric(float64(quiet)/float64(b.N*block), "quiet-ns/change")
	b.ReportMetric(100*(float64(busy)/float64(quiet)-1), "%slower")
	b.ReportMetric(float64(churned)/busy.Seconds(), "subscriptions/s")
}
