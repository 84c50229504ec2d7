package filter

// bag holds points: places through which filters are reached. They lie dense,
// so that all of them can be gone through at the cost of their number, and
// memory is given back when they leave. Points with the same key are chained.
type bag struct {
	points slab[point]
	axis   *axis // that it belongs to, or
	pair   *pair
	// heads finds the first point of a chain; nil where there are no chains.
	heads heads
}

// heads is where the first points of chains are kept.
type heads interface {
	// head is the id of a key's first point; 0 for none, or where no counts are kept.
	head(key uint64) uint32
	// addHead adds a key's first point, moveHead puts another in its place, and dropHead
	// takes out the key with its last one.
	addHead(key uint64, id uint32)
	moveHead(key uint64, from, to uint32)
	dropHead(key uint64, id uint32)
}

// point is one place of an entry.
type point struct {
	entry      *Entry
	key        uint64
	prev, next uint32 // in the chain
	count      uint32 // length of the chain; kept in its first point
	ordinal    uint32 // among the entry's places; lone if it has no other clause
}

// lone is the ordinal's bit which says that the entry's filter has one clause.
const lone = 1 << 31

func (p *point) lone() bool { return p.ordinal&lone != 0 }

// place says where an entry stands.
type place struct {
	bag *bag
	id  uint32
}

// add gives an entry a point. The chain's first point is head; 0 where there is none.
func (b *bag) add(e *Entry, key uint64, head uint32) {
	p := point{entry: e, key: key, count: 1, ordinal: uint32(len(e.places))}
	if len(e.clauses) == 1 {
		p.ordinal |= lone
	}
	switch {
	case b.heads == nil:
	case head != 0:
		first := b.points.at(head)
		first.count++
		p.prev, p.next = head, first.next
	}
	id := b.points.add(p)
	e.places = append(e.places, place{b, id})
	switch {
	case b.heads == nil:
	case head == 0:
		b.heads.addHead(key, id)
	default:
		b.points.at(head).next = id
		if p.next != 0 {
			b.points.at(p.next).prev = id
		}
	}
	if b.axis != nil {
		b.axis.points++
	}
}

// remove takes a point out. The last one takes its place.
func (b *bag) remove(id uint32) {
	if b.heads != nil {
		b.unchain(id)
	}
	if last := b.points.len; last != id {
		b.move(last, id)
	}
	b.points.removeLast()
	if b.axis != nil {
		b.axis.points--
	}
}

func (b *bag) unchain(id uint32) {
	p := b.points.at(id)
	if p.next != 0 {
		b.points.at(p.next).prev = p.prev
	}
	switch {
	case p.prev != 0:
		b.points.at(p.prev).next = p.next
		if head := b.heads.head(p.key); head != 0 {
			b.points.at(head).count--
		}
	case p.next != 0:
		next := b.points.at(p.next)
		next.count, next.key = p.count-1, p.key
		b.heads.moveHead(p.key, id, p.next)
	default:
		b.heads.dropHead(p.key, id)
	}
}

// move puts the point from into the place of to, which is free.
func (b *bag) move(from, to uint32) {
	p := b.points.at(from)
	*b.points.at(to) = *p
	p.entry.places[p.ordinal&^lone].id = to
	if b.heads == nil {
		return
	}
	if p.next != 0 {
		b.points.at(p.next).prev = to
	}
	if p.prev != 0 {
		b.points.at(p.prev).next = to
	} else {
		b.heads.moveHead(p.key, from, to)
	}
}
