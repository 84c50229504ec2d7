package filter

import (
	"slices"
	"strings"
)

// group is a group of clauses while a filter is compiled: their OR.
type group []term

// term is a clause with its canonical form.
type term struct {
	*clause
	key string
}

// canonical sorts a group, and drops what adds nothing to it: a repeated clause, and a clause
// that never holds beside one that may.
func (g group) canonical() group {
	slices.SortFunc(g, func(a, b term) int { return strings.Compare(a.key, b.key) })
	g = slices.CompactFunc(g, func(a, b term) bool { return a.key == b.key })
	if len(g) > 1 {
		g = slices.DeleteFunc(g, func(t term) bool { return t.op == opNever })
	}
	return g
}

// key returns the group's canonical form, if its terms are sorted.
func (g group) key() string {
	keys := make([]string, len(g))
	for i, t := range g {
		keys[i] = t.key
	}
	return strings.Join(keys, " | ")
}
