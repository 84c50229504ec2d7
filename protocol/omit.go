package protocol

// Omit leaves out of an event what would make it too long: the longest values first,
// never a key's, until the others have at most limit bytes of text together. It
// reports how many columns it took. A filter still sees all values.
func (c *Change) Omit(limit int) (columns int) {
	total := 0
	for i := range c.Relation.Columns {
		total += c.weight(i)
	}
	for total > limit {
		longest, most := -1, 0
		for i := range c.Relation.Columns {
			if w := c.weight(i); w > most && !c.Relation.Columns[i].Key && !c.omits(i) {
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
	if c.Old != nil && (c.New == nil || !c.Old[i].same(c.New[i])) {
		n += len(c.Old[i].Text)
	}
	return n
}

func (c *Change) omits(i int) bool { return c.Omitted != nil && c.Omitted[i] }
