package filter

// postings is a list of postings. It has no gaps, so that going through it costs no more than
// the number of its postings, and shrinks as they leave. Postings with the same key form a chain
// (a linked list), if chains is set.
type postings struct {
	list pagedList[posting]

	// The owner: one of these, or neither.
	column    *columnIndex
	composite *compositeIndex

	chains chains // nil: keys mean nothing here
}

// chains knows the first posting, the head, of each chain.
type chains interface {
	// head returns the id of a key's first posting; 0 if there is none, or if nobody needs the
	// chain's count.
	head(key uint64) uint32

	// addHead adds a key with its first posting.
	addHead(key uint64, id uint32)

	// moveHead says that a key's first posting has another id.
	moveHead(key uint64, from, to uint32)

	// dropHead removes a key with its last posting.
	dropHead(key uint64, id uint32)
}

// posting leads from a key, such as the hash of a value, to a filter.
type posting struct {
	handle     *Handle
	key        uint64
	prev, next uint32 // in the chain
	count      uint32 // of the chain; only in its first posting
	ordinal    uint32 // the posting's index in handle.refs, and singleBit
}

// singleBit of an ordinal says that the filter has one clause: if it holds, the filter matches.
const singleBit = 1 << 31

func (p *posting) single() bool { return p.ordinal&singleBit != 0 }

// ref is where a posting is.
type ref struct {
	postings *postings
	id       uint32
}

// add adds a posting of a handle. head is the first posting of the key's chain, or 0.
func (ps *postings) add(h *Handle, key uint64, head uint32) {
	p := posting{handle: h, key: key, count: 1, ordinal: uint32(len(h.refs))}
	if len(h.clauses) == 1 {
		p.ordinal |= singleBit
	}
	switch {
	case ps.chains == nil:
	case head != 0:
		first := ps.list.at(head)
		first.count++
		p.prev, p.next = head, first.next
	}
	id := ps.list.add(p)
	h.refs = append(h.refs, ref{ps, id})
	switch {
	case ps.chains == nil:
	case head == 0:
		ps.chains.addHead(key, id)
	default:
		ps.list.at(head).next = id
		if p.next != 0 {
			ps.list.at(p.next).prev = id
		}
	}
	if ps.column != nil {
		ps.column.len++
	}
}

// remove removes a posting. The last posting takes its id.
func (ps *postings) remove(id uint32) {
	if ps.chains != nil {
		ps.unchain(id)
	}
	if last := ps.list.len; last != id {
		ps.move(last, id)
	}
	ps.list.removeLast()
	if ps.column != nil {
		ps.column.len--
	}
}

// unchain takes a posting out of its chain.
func (ps *postings) unchain(id uint32) {
	p := ps.list.at(id)
	if p.next != 0 {
		ps.list.at(p.next).prev = p.prev
	}
	switch {
	case p.prev != 0:
		ps.list.at(p.prev).next = p.next
		if head := ps.chains.head(p.key); head != 0 {
			ps.list.at(head).count--
		}
	case p.next != 0:
		next := ps.list.at(p.next)
		next.count, next.key = p.count-1, p.key
		ps.chains.moveHead(p.key, id, p.next)
	default:
		ps.chains.dropHead(p.key, id)
	}
}

// move gives the posting from the id to, which is free.
func (ps *postings) move(from, to uint32) {
	p := ps.list.at(from)
	*ps.list.at(to) = *p
	p.handle.refs[p.ordinal&^singleBit].id = to
	if ps.chains == nil {
		return
	}
	if p.next != 0 {
		ps.list.at(p.next).prev = to
	}
	if p.prev != 0 {
		ps.list.at(p.prev).next = to
	} else {
		ps.chains.moveHead(p.key, from, to)
	}
}
