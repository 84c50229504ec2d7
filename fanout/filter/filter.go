package filter

import (
	"slices"
	"strings"

	"github.com/tablewire/tablewire/fanout/filter/value"
	"github.com/tablewire/tablewire/protocol/wal"
)

// Filter is a compiled filter. It is never altered, and safe for concurrent use.
type Filter struct {
	// clauses are groups of which all must hold; of a group one must. A plain clause
	// is a group of one.
	clauses []clause
	key     string
}

// group is the clauses of one group while a filter is compiled.
type group []term

// term is a clause with its canonical form.
type term struct {
	*clause
	key string
}

// Compile reads a client's filters, a JSON object or nothing, as a filter of a
// relation's rows. The error's text is for the client.
func Compile(raw []byte, rel *wal.Relation) (*Filter, error) {
	members, err := parse(raw)
	if err != nil {
		return nil, err
	}
	c := &compiler{rel: rel, named: map[string]int{}}
	for i := range members {
		if err := c.add(&members[i]); err != nil {
			return nil, err
		}
	}
	return newFilter(c.groups), nil
}

// newFilter puts groups into their canonical form. SQL's AND and OR don't care
// for order or repetition, so equal filters are those with equal sets.
func newFilter(groups []group) *Filter {
	for i := range groups {
		groups[i] = groups[i].canonical()
	}
	slices.SortFunc(groups, func(a, b group) int { return strings.Compare(a.key(), b.key()) })
	groups = slices.CompactFunc(groups, func(a, b group) bool { return a.key() == b.key() })
	keys := make([]string, len(groups))
	clauses := 0
	for i, g := range groups {
		keys[i] = g.key()
		clauses += len(g)
	}
	f := &Filter{clauses: make([]clause, 0, clauses), key: strings.Join(keys, " & ")}
	for _, g := range groups {
		for i, t := range g {
			c := *t.clause
			c.last = i == len(g)-1
			f.clauses = append(f.clauses, c)
		}
	}
	f.pack()
	return f
}

// pack lays the operands side by side, and their bytes: what is evaluated together
// lies together.
func (f *Filter) pack() {
	operands, size := 0, 0
	for i := range f.clauses {
		operands += len(f.clauses[i].operands)
		for _, d := range f.clauses[i].operands {
			size += len(d.Bytes())
		}
	}
	data, all := make([]byte, 0, size), make([]value.Datum, 0, operands)
	for i := range f.clauses {
		c := &f.clauses[i]
		start := len(all)
		for _, d := range c.operands {
			data, d = d.MoveTo(data)
			all = append(all, d)
		}
		c.operands = all[start:len(all):len(all)]
		if c.op.compares() && c.opclass.HasSortKey() {
			c.sortKey = c.opclass.SortKey(c.operands[0])
		}
	}
}

// canonical drops what adds nothing to a group: a repeated clause, and one that
// never holds beside one that may.
func (g group) canonical() group {
	slices.SortFunc(g, func(a, b term) int { return strings.Compare(a.key, b.key) })
	g = slices.CompactFunc(g, func(a, b term) bool { return a.key == b.key })
	if len(g) > 1 {
		g = slices.DeleteFunc(g, func(t term) bool { return t.op == opNever })
	}
	return g
}

func (g group) key() string {
	keys := make([]string, len(g))
	for i, t := range g {
		keys[i] = t.key
	}
	return strings.Join(keys, " | ")
}

// Key is the filter's canonical form: two filters of one relation have the same
// key if they are the same but for order, repetition and spelling. It is "" for
// the empty filter.
func (f *Filter) Key() string { return f.key }

// Empty says that the filter lets every row pass.
func (f *Filter) Empty() bool { return len(f.clauses) == 0 }

// Match evaluates the filter for a row: one value for each column, or nothing
// where nothing is known of the row.
func (f *Filter) Match(row []wal.Value) Result {
	result, group := Yes, No
	for i := range f.clauses {
		c := &f.clauses[i]
		if group != Yes {
			group = max(group, c.match(row))
		}
		if !c.last {
			continue
		}
		if group == No {
			return No
		}
		result, group = min(result, group), No
	}
	return result
}
