package filter

// table finds the id that is kept for a key, a 64-bit hash. It is extendible
// hashing: a directory, by the tag's first bits, of segments with open
// addressing. A segment that is full is split and two that are nearly empty are
// merged, so that no addition or removal ever has to move everything, and a search
// looks into two places.
//
// A tag is the half of the key that a slot holds beside the id. Two keys may have
// the same tag; the ids' owner knows which key is meant.
type extendibleHash struct {
	segments []*segment // 2^depth; a segment of less depth stands in several places
	depth    uint8
	deepest  int // segments whose depth is the table's
	len      int
}

type segment struct {
	slots [segmentSlots]uint64 // tag<<32 | id; 0 is empty
	used  uint8
	depth uint8 // how many of its tags' first bits are the same
}

const (
	segmentSlots = 64
	segmentMask  = segmentSlots - 1
	segmentFull  = segmentSlots * 3 / 4 // the rest stays empty, so that a search ends
	tagBits      = 32
)

func tagOf(key uint64) uint32 { return uint32(key >> tagBits) }

func slotOf(key uint64, id uint32) uint64 { return key>>tagBits<<tagBits | uint64(id) }

func (t *extendibleHash) segment(tag uint32) *segment { return t.segments[tag>>(tagBits-t.depth)] }

// get is the id of a key; 0 for none.
func (t *extendibleHash) get(key uint64, points *pagedList[posting]) uint32 {
	if t.len == 0 {
		return 0
	}
	tag := tagOf(key)
	s := t.segment(tag)
	for i := tag & segmentMask; s.slots[i] != 0; i = (i + 1) & segmentMask {
		if id := uint32(s.slots[i]); tagOf(s.slots[i]) == tag && points.at(id).key == key {
			return id
		}
	}
	return 0
}

// insert adds an id for a key that has none.
func (t *extendibleHash) insert(key uint64, id uint32) {
	if t.segments == nil {
		t.segments = []*segment{{}}
		t.deepest = 1
	}
	t.len++
	tag := tagOf(key)
	s := t.segment(tag)
	for s.used >= segmentFull && s.depth < tagBits {
		t.split(s, tag)
		s = t.segment(tag)
	}
	s.put(slotOf(key, id))
}

// replace sets another id for a key.
func (t *extendibleHash) replace(key uint64, old, id uint32) {
	s := t.segment(tagOf(key))
	s.slots[s.find(slotOf(key, old))] = slotOf(key, id)
}

// remove takes a key out.
func (t *extendibleHash) remove(key uint64, id uint32) {
	t.len--
	if t.len == 0 {
		*t = extendibleHash{}
		return
	}
	tag := tagOf(key)
	s := t.segment(tag)
	s.removeAt(s.find(slotOf(key, id)))
	if s.used <= segmentSlots/8 && s.depth > 0 {
		t.merge(s, tag)
	}
}

func (s *segment) put(slot uint64) {
	if s.used == segmentSlots-1 {
		panic("filter: dozens of keyed hashes with the same first half")
	}
	i := slot >> tagBits & segmentMask
	for s.slots[i] != 0 {
		i = (i + 1) & segmentMask
	}
	s.slots[i] = slot
	s.used++
}

// find is the place of a slot that is there.
func (s *segment) find(slot uint64) uint64 {
	i := slot >> tagBits & segmentMask
	for s.slots[i] != slot {
		i = (i + 1) & segmentMask
	}
	return i
}

// removeAt empties a place and moves those behind it up that a search would miss.
func (s *segment) removeAt(hole uint64) {
	s.used--
	for i := (hole + 1) & segmentMask; s.slots[i] != 0; i = (i + 1) & segmentMask {
		home := s.slots[i] >> tagBits & segmentMask
		if (i-home)&segmentMask >= (i-hole)&segmentMask {
			s.slots[hole] = s.slots[i]
			hole = i
		}
	}
	s.slots[hole] = 0
}

// putAll takes over another's slots.
func (s *segment) putAll(other *segment) {
	for _, slot := range other.slots {
		if slot != 0 {
			s.put(slot)
		}
	}
}

// split divides a segment by the next bit of its tags.
func (t *extendibleHash) split(s *segment, tag uint32) {
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
	halves := [2]*segment{{depth: depth}, {depth: depth}}
	for _, slot := range s.slots {
		if slot != 0 {
			halves[slot>>(2*tagBits-depth)&1].put(slot)
		}
	}
	t.place(halves[0], tag&^(1<<(tagBits-depth)))
	t.place(halves[1], tag|1<<(tagBits-depth))
}

// merge puts a segment and its other half together where they fit well, and
// halves the directory when nobody needs its last bit.
func (t *extendibleHash) merge(s *segment, tag uint32) {
	other := t.segment(tag ^ 1<<(tagBits-s.depth))
	if other.depth != s.depth || s.used+other.used > segmentSlots/4 {
		return
	}
	if s.depth == t.depth {
		t.deepest -= 2
	}
	merged := &segment{depth: s.depth - 1}
	merged.putAll(s)
	merged.putAll(other)
	t.place(merged, tag)
	for t.deepest == 0 && t.depth > 0 {
		t.halve()
	}
}

// place puts a segment wherever its tags lead.
func (t *extendibleHash) place(s *segment, tag uint32) {
	if s.depth == t.depth {
		t.deepest++
	}
	n := 1 << (t.depth - s.depth)
	first := int(tag>>(tagBits-t.depth)) &^ (n - 1)
	for i := first; i < first+n; i++ {
		t.segments[i] = s
	}
}

func (t *extendibleHash) halve() {
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
