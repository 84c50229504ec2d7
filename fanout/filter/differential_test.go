package filter_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/protocol/wal"
)

var (
	pairs = flag.Int("filter.pairs", 300_000, "pairs of filter and row that TestDifferential compares")
	seed  = flag.Uint64("filter.seed", 0, "repeat the run with this seed; 0 takes a new one")
)

func newRand(t *testing.T) *rand.Rand {
	t.Helper()
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("repeat with -filter.seed=%d", s)
	return rand.New(rand.NewPCG(s, 0))
}

const rowsPerTable = 150

// answer has the ids of the rows that PostgreSQL selects by a filter.
type answer struct {
	question
	ids map[string]bool
}

// checkIndex compares what an index finds with PostgreSQL's answers.
func checkIndex(t *testing.T, o *oracle, x *filter.Index, table map[string][]wal.Value, answers []*answer) {
	t.Helper()
	var matches []filter.Match
	for id, values := range table {
		matches = x.Match(matches[:0], values)
		found := make(map[*answer]bool, len(matches))
		for _, m := range matches {
			a := m.Handle.Value.(*answer)
			if m.Result != filter.Yes || !a.ids[id] {
				t.Fatalf("%s\nWHERE %s\nis found by the index, %v, for\n%s", a.raw, a.where, m.Result, o.show(t, id))
			}
			found[a] = true
		}
		for _, a := range answers {
			if a.ids[id] && !found[a] {
				t.Fatalf("%s\nWHERE %s\nis not found by the index for\n%s", a.raw, a.where, o.show(t, id))
			}
		}
	}
}

// TestDifferential compares filters, and an index over them, with the WHERE clauses
// that they read as.
func TestDifferential(t *testing.T) {
	t.Parallel()
	eachOracle(t, func(t *testing.T, o *oracle, share int) { compareFilters(t, o, *pairs/share) })
}

func compareFilters(t *testing.T, o *oracle, pairs int) {
	t.Helper()
	r := newRand(t)
	samples := append(allSamples(), newSamples(o.major)...)
	relation := relationOf(samples)
	used := map[string]int{}
	var table map[string][]wal.Value
	filters, matched := 0, 0
	var index filter.Index
	var answers []*answer
	for done := 0; done < pairs; done += rowsPerTable {
		if filters%500 == 0 {
			checkIndex(t, o, &index, table, answers)
			index, answers = filter.Index{}, nil
			table = o.createTable(t, r, samples, rowsPerTable)
		}
		filters++
		q := (&generator{r: r, samples: samples, folding: o.folding, used: used}).filter()
		f, err := filter.Compile([]byte(q.raw), relation)
		if err != nil {
			t.Fatalf("%s\ndoes not compile: %v\nWHERE %s", q.raw, err, q.where)
		}
		rows := o.mustQuery(t, "SELECT id FROM t WHERE "+q.where)
		want := map[string]bool{}
		for _, fields := range rows {
			want[string(fields[0])] = true
		}
		matched += len(want)
		answers = append(answers, &answer{q, want})
		index.Add(f, answers[len(answers)-1])
		for id, values := range table {
			got := f.Match(values)
			if got == filter.Unknown || (got == filter.Yes) != want[id] {
				t.Fatalf("%s\nWHERE %s\nkey %s\ngives %v, PostgreSQL %v for\n%s", q.raw, q.where, f.Key(), got, want[id], o.show(t, id))
			}
			if guess := f.Match(masked(r, values)); guess != filter.Unknown && guess != got {
				t.Fatalf("%s\ngives %v, but %v when less is known, for\n%s", q.raw, got, guess, o.show(t, id))
			}
		}
	}
	checkIndex(t, o, &index, table, answers)
	t.Logf("%d filters, %d matches of %d", filters, matched, filters*rowsPerTable)
	if pairs < 100_000 {
		return
	}
	for _, s := range samples {
		for _, op := range s.ops {
			if used[s.name+" "+op] == 0 {
				t.Errorf("%s was never tested with %q", s.name, op)
			}
		}
	}
}

func (o *oracle) show(t *testing.T, id string) string {
	t.Helper()
	return string(o.mustQuery(t, `SELECT row_to_json(t) FROM t WHERE id = `+id)[0][0])
}

// masked forgets some of the values. What is out of line is never NULL.
func masked(r *rand.Rand, values []wal.Value) []wal.Value {
	values = slices.Clone(values)
	for i := range values {
		switch {
		case r.IntN(3) == 0:
			values[i] = wal.Value{State: wal.Absent}
		case r.IntN(6) == 0 && values[i].State == wal.Text && !strings.HasPrefix(string(values[i].Text), "(,"):
			values[i] = wal.Value{State: wal.Unchanged}
		}
	}
	return values
}

// question is a filter and the WHERE clause that it reads as.
type question struct{ raw, where string }

// generator makes questions. It knows nothing of the package's insides.
type generator struct {
	r       *rand.Rand
	samples []*sample
	folding string
	used    map[string]int
	members map[string]json.RawMessage
}

func (g *generator) filter() question {
	g.members = map[string]json.RawMessage{}
	var all []string
	// Half of the filters have one part, which decides alone.
	for range 1 + g.r.IntN(2)*g.r.IntN(4) {
		switch g.r.IntN(4) {
		case 0:
			all = append(all, g.group("[or]"))
		case 1:
			all = append(all, g.group(fmt.Sprintf("[or:g%d]", g.r.IntN(1000))))
		default:
			all = append(all, g.member(""))
		}
	}
	names := slices.Sorted(maps.Keys(g.members))
	g.r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	list := make([]string, len(names))
	for i, name := range names {
		quoted, _ := json.Marshal(name)
		list[i] = string(quoted) + ": " + string(g.members[name])
	}
	return question{"{" + strings.Join(list, ", ") + "}", strings.Join(all, " AND ")}
}

// group makes members of one OR group; the group must be new.
func (g *generator) group(prefix string) string {
	for name := range g.members {
		if strings.HasPrefix(name, prefix) {
			return g.member("")
		}
	}
	var parts []string
	for range 1 + g.r.IntN(4) {
		parts = append(parts, g.member(prefix))
	}
	return "(" + strings.Join(parts, " OR ") + ")"
}

// member makes one member of the object and its SQL.
func (g *generator) member(prefix string) string {
	s := g.samples[g.r.IntN(len(g.samples))]
	op := s.ops[g.r.IntN(len(s.ops))]
	if g.r.IntN(2) == 0 { // so that each is used, whatever the seed
		op = slices.MinFunc(s.ops, func(a, b string) int { return g.used[s.name+" "+a] - g.used[s.name+" "+b] })
	}
	fields := []*sample{s}
	for g.r.IntN(6) == 0 {
		// Another column of the same kind can share the literal.
		for _, other := range g.samples {
			if other != s && other.typ.Name == s.typ.Name && other.number == s.number && slices.Contains(other.ops, op) && g.r.IntN(2) == 0 {
				fields = append(fields, other)
				break
			}
		}
	}
	g.used[s.name+" "+op]++
	value, right := g.operand(s, op)
	names, alternatives := make([]string, len(fields)), make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
		alternatives[i] = right(f)
	}
	name := strings.Join(names, "__or__")
	if op != "" {
		name += []string{"_", "__"}[g.r.IntN(2)] + op
	}
	if g.unclear(name, fields) {
		return g.member(prefix)
	}
	name = prefix + name
	if _, taken := g.members[name]; taken {
		if prefix == "" {
			return "true"
		}
		for n := 2; taken; n++ {
			next := fmt.Sprintf("%s_%d", name, n)
			if next == prefix+"status_2" {
				continue
			}
			if _, taken = g.members[next]; !taken {
				name = next
				break
			}
		}
	}
	g.members[name] = value
	return "(" + strings.Join(alternatives, " OR ") + ")"
}

// unclear reports whether a name means other fields than those it was made of.
func (g *generator) unclear(name string, fields []*sample) bool {
	for _, s := range g.samples {
		if s.name == name && (len(fields) > 1 || fields[0].name != name) {
			return true
		}
	}
	return false
}

// operand makes the right side: its JSON, and the SQL for a column on the left.
func (g *generator) operand(s *sample, op string) (json.RawMessage, func(*sample) string) {
	switch op {
	case "isnull":
		return g.isNull()
	case "contains", "startswith", "endswith":
		return g.like(s, op)
	case "in", "notin":
		return g.list(s, op)
	}
	sign := map[string]string{"": "=", "eq": "=", "ne": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}[op]
	value, literal := g.literal(s)
	return value, func(s *sample) string { return s.expr + " " + sign + " " + literal }
}

func (g *generator) isNull() (json.RawMessage, func(*sample) string) {
	if g.r.IntN(2) == 0 {
		return json.RawMessage(`true`), func(s *sample) string { return g.left(s) + " IS NULL" }
	}
	return json.RawMessage(`"false"`), func(s *sample) string { return "NOT " + g.left(s) + " IS NULL" }
}

// left is the column itself, where it is not compared as something else.
func (g *generator) left(s *sample) string {
	if s.sqlType != "" {
		return `"` + s.name + `"`
	}
	return s.text
}

func (g *generator) like(s *sample, op string) (json.RawMessage, func(*sample) string) {
	word := s.value(g.r)
	if runes := []rune(word); len(runes) > 0 && g.r.IntN(2) == 0 {
		from := g.r.IntN(len(runes))
		word = string(runes[from : from+g.r.IntN(len(runes)-from+1)])
	}
	value, _ := json.Marshal(word)
	pattern := sqlQuote(likeQuote(word))
	switch op {
	case "startswith":
		return value, func(s *sample) string { return s.text + " LIKE " + pattern + " || '%'" }
	case "endswith":
		return value, func(s *sample) string { return s.text + " LIKE '%' || " + pattern }
	}
	if g.folding == "" {
		word = strings.Map(func(r rune) rune { return min(r, 'z') }, word)
		value, _ = json.Marshal(word)
		pattern = sqlQuote(likeQuote(word))
		return value, func(s *sample) string { return "lower(" + s.text + ") LIKE '%' || lower(" + pattern + ") || '%'" }
	}
	return value, func(s *sample) string {
		return "lower(" + s.text + " COLLATE " + g.folding + ") LIKE '%' || lower(" + pattern + " COLLATE " + g.folding + ") || '%'"
	}
}

func (g *generator) list(s *sample, op string) (json.RawMessage, func(*sample) string) {
	sign := map[string]string{"in": " IN (", "notin": " NOT IN ("}[op]
	n := 1 + g.r.IntN(1+g.r.IntN(8))
	var array []json.RawMessage
	var items, parts []string
	joinable := !s.number || s.sqlType != "" // a path's numbers must be numbers in the JSON
	for range n {
		value, literal := g.literal(s)
		array, items = append(array, value), append(items, literal)
		var part string
		if value[0] == 'n' || json.Unmarshal(value, &part) != nil || strings.Contains(part, ",") || strings.TrimSpace(part) != part {
			joinable = false
		}
		parts = append(parts, part)
	}
	if s.sqlType == "" && s.number && !slices.ContainsFunc(array, func(v json.RawMessage) bool { return string(v) != "null" }) {
		return g.list(s, op)
	}
	value, _ := json.Marshal(array)
	if joinable {
		value, _ = json.Marshal(strings.Join(parts, []string{",", ", "}[g.r.IntN(2)]))
	}
	return value, func(s *sample) string { return s.expr + sign + strings.Join(items, ", ") + ")" }
}

// literal makes one literal as JSON and as SQL.
func (g *generator) literal(s *sample) (json.RawMessage, string) {
	if g.r.IntN(25) == 0 {
		return json.RawMessage("null"), "NULL"
	}
	word := s.literal(g.r)
	quoted, _ := json.Marshal(word)
	if bare := json.RawMessage(word); s.number && json.Valid(bare) && (s.sqlType == "" || g.r.IntN(2) == 0) {
		if s.typ.Kind == wal.KindInt && strings.TrimSpace(word) == word && g.r.IntN(3) == 0 {
			bare = append(bare, ".00"...) // as some languages write them
		}
		return bare, sqlQuote(word)
	}
	return quoted, sqlQuote(word)
}
