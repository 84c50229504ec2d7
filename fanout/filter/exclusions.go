package filter

// others are the filters of ne and notin: a value leads to all but those that leave
// it out. They are a list, and a table of what they leave out.
type exclusions struct {
	list     postings  // a point's key is the turn in which its filter is left out
	excluded hashIndex // by the hash of a value that is left out
}

func (o *exclusions) init(a *columnIndex) {
	o.list.column = a
	o.excluded.init(a)
}

// put gives an entry its place in the list, before all its others, and one for each
// value that it leaves out.
func (o *exclusions) put(e *Handle, c *clause) {
	o.list.add(e, 0, 0)
	for _, d := range c.operands {
		o.excluded.put(e, c.opclass.Hash(d))
	}
}

// match visits those that don't leave out a value of some hash. Where no hash is the
// same no value is. Those that have the hash are evaluated.
func (o *exclusions) match(x *Index, hash uint64) {
	for id := o.excluded.head(hash); id != 0; {
		p := o.excluded.list.at(id)
		o.list.list.at(p.handle.refs[0].id).key = x.generation
		x.evaluate(p.handle)
		id = p.next
	}
	for _, page := range o.list.list.pages {
		for i := range page {
			if p := &page[i]; p.key != x.generation {
				x.accept(p)
			}
		}
	}
}

func (o *exclusions) len() uint32 { return o.list.list.len }
