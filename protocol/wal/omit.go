package wal

import "slices"

// Omit marks columns whose values events leave out, so that an event is not too long: the
// longest values first, until the others have at most limit bytes of text together. It
// returns how many columns it marked. It never marks a key column, unless all columns are
// the key: then no index bounds the key's length. Filters still see all values.
func (c *Change) Omit(limit int) (columns int) {
	// A weight compares two values, which may be long: so each is computed once.
	total, weights := 0, make([]int, len(c.Relation.Columns))
	for i := range weights {
		weights[i] = c.weight(i)
		total += weights[i]
	}
	allKey := !slices.ContainsFunc(c.Relation.Columns, func(col Column) bool { return !col.Key })
	for total > limit {
		longest, most := -1, 0
		for i, w := range weights {
			if w > most && (allKey || !c.Relation.Columns[i].Key) && !c.Omits(i) {
				longest, most = i, w
			}
		}
		if longest < 0 {
			return columns
		}
		if c.Omitted == nil {
			c.Omitted = make([]bool, len(c.Relation.Columns))
		}
		c.Omitted[longest] = true
		columns++
		total -= most
	}
	return columns
}

// weight is how many bytes of text column i adds to an event.
func (c *Change) weight(i int) int {
	n := 0
	if c.New != nil {
		n = len(c.New[i].Text)
	}
	if c.Old != nil && (c.New == nil || !c.Old[i].Same(c.New[i])) {
		n += len(c.Old[i].Text)
	}
	return n
}

// Omits reports whether events leave out the values of column i.
func (c *Change) Omits(i int) bool { return c.Omitted != nil && c.Omitted[i] }
