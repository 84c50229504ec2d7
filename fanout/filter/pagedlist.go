package filter

// slab is a list in pages, so that it grows and shrinks a page at a time, with no
// pause at any size. An item's id is its place, from 1; 0 stands for none.
type pagedList[T any] struct {
	pages [][]T
	len   uint32
}

const (
	pageBits = 7
	pageSize = 1 << pageBits
)

// add appends an item and returns its id.
func (s *pagedList[T]) add(item T) uint32 {
	page := int(s.len >> pageBits)
	if page == len(s.pages) {
		s.pages = append(s.pages, nil)
		if page > 0 { // the first grows as it is needed: most lists are short
			s.pages[page] = make([]T, 0, pageSize)
		}
	}
	s.pages[page] = append(s.pages[page], item)
	s.len++
	return s.len
}

// at is the item of an id. The pointer is good until the next add or removeLast.
func (s *pagedList[T]) at(id uint32) *T {
	return &s.pages[(id-1)>>pageBits][(id-1)&(pageSize-1)]
}

// removeLast takes the last item off. One empty page is kept, so that going back
// and forth over a page's border costs nothing.
func (s *pagedList[T]) removeLast() {
	s.len--
	page := int(s.len >> pageBits)
	last := &s.pages[page]
	clear((*last)[len(*last)-1:])
	*last = (*last)[:len(*last)-1]
	if page+2 < len(s.pages) {
		s.pages[len(s.pages)-1] = nil
		s.pages = s.pages[:len(s.pages)-1]
	}
	if s.len == 0 {
		s.pages = nil
	}
}
