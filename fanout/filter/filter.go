package filter

import (
	"slices"
	"strings"

	"github.com/tablewire/tablewire/protocol"
)

// Filter is a compiled filter. It is never altered, and safe for concurrent use.
type Filter struct {
	groups []group // all must hold
	key    string
}

// group is clauses of which one must hold: a plain clause is a group of one.
type group []*clause

// Compile reads a client's filters, a JSON object or nothing, as a filter of a
// relation's rows. The error's text is for the client.
func Compile(raw []byte, rel *protocol.Relation) (*Filter, error) {
	entries, err := parse(raw)
	if err != nil {
		return nil, err
	}
	c := &compiler{rel: rel, named: map[string]int{}}
	for i := range entries {
		if err := c.add(&entries[i]); err != nil {
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
	f := &Filter{groups: groups}
	keys := make([]string, len(groups))
	for i, g := range groups {
		keys[i] = g.key()
	}
	f.key = strings.Join(keys, " & ")
	return f
}

// canonical drops what adds nothing to a group: a repeated clause, and one that
// never holds beside one that may.
func (g group) canonical() group {
	slices.SortFunc(g, func(a, b *clause) int { return strings.Compare(a.key, b.key) })
	g = slices.CompactFunc(g, func(a, b *clause) bool { return a.key == b.key })
	if len(g) > 1 {
		g = slices.DeleteFunc(g, func(c *clause) bool { return c.op == opNever })
	}
	return g
}

func (g group) key() string {
	keys := make([]string, len(g))
	for i, c := range g {
		keys[i] = c.key
	}
	return strings.Join(keys, " | ")
}

// Key is the filter's canonical form: two filters of one relation have the same
// key if they are the same but for order, repetition and spelling. It is "" for
// the empty filter.
func (f *Filter) Key() string { return f.key }

// Empty says that the filter lets every row pass.
func (f *Filter) Empty() bool { return len(f.groups) == 0 }

// Match evaluates the filter for a row: one value for each column, or nothing
// where nothing is known of the row.
func (f *Filter) Match(row []protocol.Value) Result {
	result := Yes
	for _, g := range f.groups {
		result = min(result, g.match(row))
		if result == No {
			break
		}
	}
	return result
}

func (g group) match(row []protocol.Value) Result {
	result := No
	for _, c := range g {
		result = max(result, c.match(row))
		if result == Yes {
			break
		}
	}
	return result
}
