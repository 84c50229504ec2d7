package filter

// table finds the id that is kept for a key, a 64-bit hash. It is extendible
// hashing: a directory, by the tag's first bits, of segments with open
// addressing. A segment that is full is split and two that are nearly empty are
// merged, so that no addition or removal ever has to move everything.
//
// A tag is the half of the key that a slot holds beside the id. Two keys may have
// the same tag; the ids' owner knows which key is meant.
type table struct {
	segments []*segment // 2^depth; a segment of less depth stands in several places
	depth    uint8
	deepest  int // segments whose depth is the table's
	len      int
}

type segment struct {
	slots []uint64 // tag<<32 | id; 0 is empty
	used  int
	depth uint8 // how many of its tags' first bits are the same
}

const (
	minSlots = 8
	maxSlots = 256
	maxDepth = 24 // tags' last 8 bits are the place in a segment
)

func tagOf(key uint64) uint32 { return uint32(key >> 32) }

func slotOf(key uint64, id uint32) uint64 { return key>>32<<32 | uint64(id) }

func (t *table) segment(tag uint32) *segment { return t.segments[tag>>(32-t.depth)] }

// get is the id of a key; 0 for none.
func (t *table) get(key uint64, points *slab[point]) uint32 {
	if t.len == 0 {
		return 0
	}
	tag := tagOf(key)
	s := t.segment(tag)
	mask := uint32(len(s.slots) - 1)
	for i := tag & mask; s.slots[i] != 0; i = (i + 1) & mask {
		if id := uint32(s.slots[i]); tagOf(s.slots[i]) == tag && points.at(id).key == key {
			return id
		}
	}
	return 0
}

// insert adds an id for a key that has none.
func (t *table) insert(key uint64, id uint32) {
	if t.segments == nil {
		t.segments = []*segment{{slots: make([]uint64, minSlots)}}
		t.deepest = 1
	}
	t.len++
	tag := tagOf(key)
	s := t.segment(tag)
	for s.full() {
		if len(s.slots) < maxSlots || s.depth == maxDepth {
			s.resize(2 * len(s.slots))
			continue
		}
		t.split(s, tag)
		s = t.segment(tag)
	}
	s.put(slotOf(key, id))
}

// replace sets another id for a key.
func (t *table) replace(key uint64, old, id uint32) {
	s := t.segment(tagOf(key))
	s.slots[s.find(slotOf(key, old))] = slotOf(key, id)
}

// remove takes a key out.
func (t *table) remove(key uint64, id uint32) {
	t.len--
	tag := tagOf(key)
	s := t.segment(tag)
	s.removeAt(s.find(slotOf(key, id)))
	switch {
	case t.len == 0:
		*t = table{}
	case s.used > len(s.slots)/8:
	case s.depth > 0:
		t.merge(s, tag)
	case len(s.slots) > minSlots:
		s.resize(len(s.slots) / 2)
	}
}

// full says that there is no room for another one: an eighth stays empty, and so
// a search ends.
func (s *segment) full() bool { return s.used >= len(s.slots)-len(s.slots)/4 }

func (s *segment) put(slot uint64) {
	mask := uint32(len(s.slots) - 1)
	i := uint32(slot>>32) & mask
	for s.slots[i] != 0 {
		i = (i + 1) & mask
	}
	s.slots[i] = slot
	s.used++
}

// find is the place of a slot that is there.
func (s *segment) find(slot uint64) uint32 {
	mask := uint32(len(s.slots) - 1)
	i := uint32(slot>>32) & mask
	for s.slots[i] != slot {
		i = (i + 1) & mask
	}
	return i
}

// removeAt empties a place and moves those behind it up that a search would miss.
func (s *segment) removeAt(hole uint32) {
	mask := uint32(len(s.slots) - 1)
	s.used--
	for i := (hole + 1) & mask; s.slots[i] != 0; i = (i + 1) & mask {
		home := uint32(s.slots[i]>>32) & mask
		if (i-home)&mask >= (i-hole)&mask {
			s.slots[hole] = s.slots[i]
			hole = i
		}
	}
	s.slots[hole] = 0
}

func (s *segment) resize(n int) {
	before := s.slots
	s.slots, s.used = make([]uint64, n), 0
	for _, slot := range before {
		if slot != 0 {
			s.put(slot)
		}
	}
}

// split divides a segment by the next bit of its tags.
func (t *table) split(s *segment, tag uint32) {
	if s.depth == t.depth {
		doubled := make([]*segment, 0, 2*len(t.segments))
		for _, s := range t.segments {
			doubled = append(doubled, s, s)
		}
		t.segments = doubled
		t.depth++
		t.deepest = 0
	}
	depth := s.depth + 1
	halves := [2]*segment{
		{slots: make([]uint64, maxSlots), depth: depth},
		{slots: make([]uint64, maxSlots), depth: depth},
	}
	for _, slot := range s.slots {
		if slot != 0 {
			halves[slot>>(64-depth)&1].put(slot)
		}
	}
	t.place(halves[0], tag&^(1<<(32-depth)))
	t.place(halves[1], tag|1<<(32-depth))
}

// merge puts a segment and its other half together where they fit well, and
// halves the directory when nobody needs its last bit.
func (t *table) merge(s *segment, tag uint32) {
	other := t.segment(tag ^ 1<<(32-s.depth))
	if other.depth != s.depth || len(s.slots) > maxSlots || len(other.slots) > maxSlots || s.used+other.used > maxSlots/4 {
		return
	}
	if s.depth == t.depth {
		t.deepest -= 2
	}
	merged := &segment{slots: make([]uint64, maxSlots), depth: s.depth - 1}
	for _, half := range [2]*segment{s, other} {
		for _, slot := range half.slots {
			if slot != 0 {
				merged.put(slot)
			}
		}
	}
	t.place(merged, tag)
	for t.deepest == 0 && t.depth > 0 {
		t.halve()
	}
}

// place puts a segment wherever its tags lead.
func (t *table) place(s *segment, tag uint32) {
	if s.depth == t.depth {
		t.deepest++
	}
	n := 1 << (t.depth - s.depth)
	first := int(tag>>(32-t.depth)) &^ (n - 1)
	for i := first; i < first+n; i++ {
		t.segments[i] = s
	}
}

func (t *table) halve() {
	halved := make([]*segment, 0, len(t.segments)/2)
	for i := 0; i < len(t.segments); i += 2 {
		halved = append(halved, t.segments[i])
	}
	t.segments = halved
	t.depth--
	t.deepest = 0
	for _, s := range t.segments {
		if s.depth == t.depth { // it stands in one place
			t.deepest++
		}
	}
}
