package filter

import "slices"

// places keeps items at numbers that stay theirs, and gives the numbers of those that
// have left anew.
type idTable[T comparable] struct {
	items []T     // zero where a number is free
	free  []int32 // may also have numbers that are taken, or beyond the end
}

func (p *idTable[T]) put(item T) int32 {
	var none T
	for n := len(p.free); n > 0; n-- {
		at := p.free[n-1]
		p.free = p.free[:n-1]
		if int(at) < len(p.items) && p.items[at] == none {
			p.items[at] = item
			return at
		}
	}
	p.items = append(p.items, item)
	return int32(len(p.items) - 1)
}

func (p *idTable[T]) remove(at int32) {
	var none T
	p.items[at] = none
	p.free = append(p.free, at)
	last := len(p.items)
	for last > 0 && p.items[last-1] == none {
		last--
	}
	p.items = p.items[:last]
	if cap(p.items) < minPeak || last >= cap(p.items)/8 {
		return
	}
	p.items, p.free = slices.Clone(p.items), nil
	for i, item := range p.items {
		if item == none {
			p.free = append(p.free, int32(i))
		}
	}
}
