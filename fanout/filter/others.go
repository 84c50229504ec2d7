package filter

// others are the filters of ne and notin: a value leads to all but those that leave
// it out. They are a list, and a table of what they leave out.
type others struct {
	list bag     // a point's key is the turn in which its filter is left out
	out  buckets // by the hash of a value that is left out
}

func (o *others) init(a *axis) {
	o.list.axis = a
	o.out.init(a)
}

// put gives an entry its place in the list, before all its others, and one for each
// value that it leaves out.
func (o *others) put(e *Entry, c *clause) {
	o.list.add(e, 0, 0)
	for _, d := range c.operands {
		o.out.put(e, c.opclass.Hash(d))
	}
}

// match visits those that don't leave out a value of some hash. Where no hash is the
// same no value is. Those that have the hash are evaluated.
func (o *others) match(x *Index, hash uint64) {
	for id := o.out.head(hash); id != 0; {
		p := o.out.points.at(id)
		o.list.points.at(p.entry.places[0].id).key = x.turn
		x.visit(p.entry)
		id = p.next
	}
	for _, page := range o.list.points.pages {
		for i := range page {
			if p := &page[i]; p.key != x.turn {
				x.visitHolding(p)
			}
		}
	}
}

func (o *others) len() uint32 { return o.list.points.len }
