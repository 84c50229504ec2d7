package wal

import "slices"

// Omit leaves out of an event what would make it too long: the longest values first,
// never a key's, until the others have at most limit bytes of text together. Where
// all columns are the key, which is where there is no index that would bound their
// length, none is spared. It reports how many columns it took. A filter still sees
// all values.
func (c *Change) Omit(limit int) (columns int) {
	// Weighing compares values, which may be long: each column is weighed once.
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

// weight is how much text a column brings into an event.
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

// Omits reports whether events leave the values of column i out.
func (c *Change) Omits(i int) bool { return c.Omitted != nil && c.Omitted[i] }
