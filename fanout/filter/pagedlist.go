package filter

// pagedList is a list in pages of 128 items. It grows and shrinks by a page, so that no
// addition or removal copies all items. An item's id is 1 + its index; 0 means no item.
type pagedList[T any] struct {
	pages [][]T
	len   uint32
}

const (
	pageBits = 7
	pageSize = 1 << pageBits
)

// add appends an item and returns its id.
func (l *pagedList[T]) add(item T) uint32 {
	page := int(l.len >> pageBits)
	if page == len(l.pages) {
		l.pages = append(l.pages, nil)
		if page > 0 { // the first page grows with its items: most lists are short
			l.pages[page] = make([]T, 0, pageSize)
		}
	}
	l.pages[page] = append(l.pages[page], item)
	l.len++
	return l.len
}

// at returns the item with an id. The pointer is valid until the next add or removeLast.
func (l *pagedList[T]) at(id uint32) *T {
	return &l.pages[(id-1)>>pageBits][(id-1)&(pageSize-1)]
}

// removeLast removes the last item. The list keeps one empty page, so that adding and removing
// in turns at a page's border does not allocate.
func (l *pagedList[T]) removeLast() {
	l.len--
	page := int(l.len >> pageBits)
	last := &l.pages[page]
	clear((*last)[len(*last)-1:])
	*last = (*last)[:len(*last)-1]
	if page+2 < len(l.pages) {
		l.pages[len(l.pages)-1] = nil
		l.pages = l.pages[:len(l.pages)-1]
	}
	if l.len == 0 {
		l.pages = nil
	}
}
