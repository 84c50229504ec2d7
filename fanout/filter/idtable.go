package filter

import "slices"

// idTable gives each item an id, an index into items, and reuses the ids of items that were
// removed. It shrinks as they leave.
type idTable[T comparable] struct {
	items []T     // the zero value where an id is free
	free  []int32 // free ids; some may be taken again, or beyond the end
}

func (t *idTable[T]) put(item T) int32 {
	var zero T
	for n := len(t.free); n > 0; n-- {
		at := t.free[n-1]
		t.free = t.free[:n-1]
		if int(at) < len(t.items) && t.items[at] == zero {
			t.items[at] = item
			return at
		}
	}
	t.items = append(t.items, item)
	return int32(len(t.items) - 1)
}

func (t *idTable[T]) remove(at int32) {
	var zero T
	t.items[at] = zero
	t.free = append(t.free, at)
	last := len(t.items)
	for last > 0 && t.items[last-1] == zero {
		last--
	}
	t.items = t.items[:last]
	if cap(t.items) < minPeak || last >= cap(t.items)/8 {
		return
	}
	t.items, t.free = slices.Clone(t.items), nil
	for i, item := range t.items {
		if item == zero {
			t.free = append(t.free, int32(i))
		}
	}
}
