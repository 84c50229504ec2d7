package filter

// exclusions finds the filters of ne and notin: a value leads to all of them but those that
// exclude it.
type exclusions struct {
	list     postings  // all filters; a key is the generation in which the value was excluded
	excluded hashIndex // the same filters by the hash of each value that they exclude
}

func (ex *exclusions) init(col *columnIndex) {
	ex.list.column = col
	ex.excluded.init(col)
}

// put adds the postings of a clause: the one in the list, which must be the handle's first, and
// one for each value that the clause excludes.
func (ex *exclusions) put(h *Handle, c *clause) {
	ex.list.add(h, 0, 0)
	for _, d := range c.operands {
		ex.excluded.put(h, c.opclass.Hash(d))
	}
}

// match evaluates the filters that exclude a value with this hash. The others hold without a
// look at the value, because values with different hashes are different.
func (ex *exclusions) match(x *Index, hash uint64) {
	for id := ex.excluded.head(hash); id != 0; {
		p := ex.excluded.list.at(id)
		ex.list.list.at(p.handle.refs[0].id).key = x.generation
		x.evaluate(p.handle)
		id = p.next
	}
	for _, page := range ex.list.list.pages {
		for i := range page {
			if p := &page[i]; p.key != x.generation {
				x.accept(p)
			}
		}
	}
}

func (ex *exclusions) len() uint32 { return ex.list.list.len }
