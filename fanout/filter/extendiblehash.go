package filter

// extendibleHash maps keys, which are 64-bit hashes, to the ids of postings (Fagin et al.:
// Extendible Hashing, 1979). A directory leads from the tag's first bits to a segment, a small
// hash table with open addressing. A full segment is split, and two nearly empty ones are
// merged: so no addition or removal ever moves all keys.
//
//	slot = tag (the key's upper 32 bits) | id (32 bits); 0 is empty
//
// Two keys may have the same tag: get compares the whole key, which the posting has.
type extendibleHash struct {
	segments []*segment // 2^depth of them; a segment of less depth stands at several indexes
	depth    uint8
	deepest  int // segments whose depth is the table's
	len      int
}

type segment struct {
	slots [segmentSlots]uint64
	used  uint8
	depth uint8 // how many first bits all its tags share
}

const (
	segmentSlots = 64
	segmentMask  = segmentSlots - 1
	segmentFull  = segmentSlots * 3 / 4 // a search ends at an empty slot
	tagBits      = 32
)

func tagOf(key uint64) uint32 { return uint32(key >> tagBits) }

func slotOf(key uint64, id uint32) uint64 { return key>>tagBits<<tagBits | uint64(id) }

func (eh *extendibleHash) segment(tag uint32) *segment { return eh.segments[tag>>(tagBits-eh.depth)] }

// get returns the id of a key, or 0. The ids are those of postings.
func (eh *extendibleHash) get(key uint64, postings *pagedList[posting]) uint32 {
	if eh.len == 0 {
		return 0
	}
	tag := tagOf(key)
	s := eh.segment(tag)
	for i := tag & segmentMask; s.slots[i] != 0; i = (i + 1) & segmentMask {
		if id := uint32(s.slots[i]); tagOf(s.slots[i]) == tag && postings.at(id).key == key {
			return id
		}
	}
	return 0
}

// insert adds a key that is not there, with its id.
func (eh *extendibleHash) insert(key uint64, id uint32) {
	if eh.segments == nil {
		eh.segments = []*segment{{}}
		eh.deepest = 1
	}
	eh.len++
	tag := tagOf(key)
	s := eh.segment(tag)
	for s.used >= segmentFull && s.depth < tagBits {
		eh.split(s, tag)
		s = eh.segment(tag)
	}
	s.put(slotOf(key, id))
}

// replace changes the id of a key.
func (eh *extendibleHash) replace(key uint64, old, id uint32) {
	s := eh.segment(tagOf(key))
	s.slots[s.find(slotOf(key, old))] = slotOf(key, id)
}

// remove removes a key.
func (eh *extendibleHash) remove(key uint64, id uint32) {
	eh.len--
	if eh.len == 0 {
		*eh = extendibleHash{}
		return
	}
	tag := tagOf(key)
	s := eh.segment(tag)
	s.removeAt(s.find(slotOf(key, id)))
	if s.used <= segmentSlots/8 && s.depth > 0 {
		eh.merge(s, tag)
	}
}

func (s *segment) put(slot uint64) {
	if s.used == segmentSlots-1 {
		panic("filter: 63 keyed hashes have the same upper 32 bits")
	}
	i := slot >> tagBits & segmentMask
	for s.slots[i] != 0 {
		i = (i + 1) & segmentMask
	}
	s.slots[i] = slot
	s.used++
}

// find returns the index of a slot that is there.
func (s *segment) find(slot uint64) uint64 {
	i := slot >> tagBits & segmentMask
	for s.slots[i] != slot {
		i = (i + 1) & segmentMask
	}
	return i
}

// removeAt empties a slot, and moves up those behind it that a search would no longer find.
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

// putAll adds all slots of another segment.
func (s *segment) putAll(other *segment) {
	for _, slot := range other.slots {
		if slot != 0 {
			s.put(slot)
		}
	}
}

// split divides a segment by the next bit of its tags, and doubles the directory if need be.
func (eh *extendibleHash) split(s *segment, tag uint32) {
	if s.depth == eh.depth {
		doubled := make([]*segment, 0, 2*len(eh.segments))
		for _, s := range eh.segments {
			doubled = append(doubled, s, s)
		}
		eh.segments = doubled
		eh.depth++
		eh.deepest = 0
	}
	depth := s.depth + 1
	halves := [2]*segment{{depth: depth}, {depth: depth}}
	for _, slot := range s.slots {
		if slot != 0 {
			halves[slot>>(2*tagBits-depth)&1].put(slot)
		}
	}
	eh.link(halves[0], tag&^(1<<(tagBits-depth)))
	eh.link(halves[1], tag|1<<(tagBits-depth))
}

// merge merges a segment with its other half if both are nearly empty, and halves the
// directory once no segment needs its last bit.
func (eh *extendibleHash) merge(s *segment, tag uint32) {
	other := eh.segment(tag ^ 1<<(tagBits-s.depth))
	if other.depth != s.depth || s.used+other.used > segmentSlots/4 {
		return
	}
	if s.depth == eh.depth {
		eh.deepest -= 2
	}
	merged := &segment{depth: s.depth - 1}
	merged.putAll(s)
	merged.putAll(other)
	eh.link(merged, tag)
	for eh.deepest == 0 && eh.depth > 0 {
		eh.halve()
	}
}

// link enters a segment at all indexes that its tags lead to.
func (eh *extendibleHash) link(s *segment, tag uint32) {
	if s.depth == eh.depth {
		eh.deepest++
	}
	n := 1 << (eh.depth - s.depth)
	first := int(tag>>(tagBits-eh.depth)) &^ (n - 1)
	for i := first; i < first+n; i++ {
		eh.segments[i] = s
	}
}

func (eh *extendibleHash) halve() {
	halved := make([]*segment, 0, len(eh.segments)/2)
	for i := 0; i < len(eh.segments); i += 2 {
		halved = append(halved, eh.segments[i])
	}
	eh.segments = halved
	eh.depth--
	eh.deepest = 0
	for _, s := range eh.segments {
		if s.depth == eh.depth { // it stands at one index
			eh.deepest++
		}
	}
}
