package filter

// bag holds points: places through which filters are reached. They lie dense,
// so that all of them can be gone through at the cost of their number, and
// memory is given back when they leave. Points with the same key are chained.
type postings struct {
	list      pagedList[posting]
	column    *columnIndex // that it belongs to, or
	composite *compositeIndex
	// heads finds the first point of a chain; nil where there are no chains.
	chains chains
}

// heads is where the first points of chains are kept.
type chains interface {
	// head is the id of a key's first point; 0 for none, or where no counts are kept.
	head(key uint64) uint32
	// addHead adds a key's first point, moveHead puts another in its place, and dropHead
	// takes out the key with its last one.
	addHead(key uint64, id uint32)
	moveHead(key uint64, from, to uint32)
	dropHead(key uint64, id uint32)
}

// point is one place of an entry.
type posting struct {
	handle     *Handle
	key        uint64
	prev, next uint32 // in the chain
	count      uint32 // length of the chain; kept in its first point
	ordinal    uint32 // among the entry's places; lone if it has no other clause
}

// lone is the ordinal's bit which says that the entry's filter has one clause.
const singleBit = 1 << 31

func (p *posting) single() bool { return p.ordinal&singleBit != 0 }

// place says where an entry stands.
type ref struct {
	postings *postings
	id       uint32
}

// add gives an entry a point. The chain's first point is head; 0 where there is none.
func (b *postings) add(e *Handle, key uint64, head uint32) {
	p := posting{handle: e, key: key, count: 1, ordinal: uint32(len(e.refs))}
	if len(e.clauses) == 1 {
		p.ordinal |= singleBit
	}
	switch {
	case b.chains == nil:
	case head != 0:
		first := b.list.at(head)
		first.count++
		p.prev, p.next = head, first.next
	}
	id := b.list.add(p)
	e.refs = append(e.refs, ref{b, id})
	switch {
	case b.chains == nil:
	case head == 0:
		b.chains.addHead(key, id)
	default:
		b.list.at(head).next = id
		if p.next != 0 {
			b.list.at(p.next).prev = id
		}
	}
	if b.column != nil {
		b.column.postings++
	}
}

// remove takes a point out. The last one takes its place.
func (b *postings) remove(id uint32) {
	if b.chains != nil {
		b.unchain(id)
	}
	if last := b.list.len; last != id {
		b.move(last, id)
	}
	b.list.removeLast()
	if b.column != nil {
		b.column.postings--
	}
}

func (b *postings) unchain(id uint32) {
	p := b.list.at(id)
	if p.next != 0 {
		b.list.at(p.next).prev = p.prev
	}
	switch {
	case p.prev != 0:
		b.list.at(p.prev).next = p.next
		if head := b.chains.head(p.key); head != 0 {
			b.list.at(head).count--
		}
	case p.next != 0:
		next := b.list.at(p.next)
		next.count, next.key = p.count-1, p.key
		b.chains.moveHead(p.key, id, p.next)
	default:
		b.chains.dropHead(p.key, id)
	}
}

// move puts the point from into the place of to, which is free.
func (b *postings) move(from, to uint32) {
	p := b.list.at(from)
	*b.list.at(to) = *p
	p.handle.refs[p.ordinal&^singleBit].id = to
	if b.chains == nil {
		return
	}
	if p.next != 0 {
		b.list.at(p.next).prev = to
	}
	if p.prev != 0 {
		b.list.at(p.prev).next = to
	} else {
		b.chains.moveHead(p.key, from, to)
	}
}
