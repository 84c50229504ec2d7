package filter

import (
	"maps"
	"slices"
)

// registry is a map that gives memory back when most has left.
type registry[K comparable, V any] struct {
	items map[K]V
	peak  int // since the map was made
}

// minPeak is from how many items on it matters.
const minPeak = 64

func (r *registry[K, V]) put(key K, value V) {
	if r.items == nil {
		r.items = map[K]V{}
	}
	r.items[key] = value
	r.peak = max(r.peak, len(r.items))
}

func (r *registry[K, V]) remove(key K) {
	delete(r.items, key)
	if n := len(r.items); r.peak >= minPeak && n < r.peak/8 {
		smaller := make(map[K]V, n)
		maps.Copy(smaller, r.items)
		r.items, r.peak = smaller, n
	}
}

// places keeps items at numbers that stay theirs, and gives the numbers of those that
// have left anew.
type places[T comparable] struct {
	items []T     // zero where a number is free
	free  []int32 // may also have numbers that are taken, or beyond the end
}

func (p *places[T]) put(item T) int32 {
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

func (p *places[T]) remove(at int32) {
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
