package filter

import "maps"

// registry is a map that gives memory back when most has left.
type shrinkMap[K comparable, V any] struct {
	items map[K]V
	peak  int // since the map was made
}

// minPeak is from how many items on it matters.
const minPeak = 64

func (r *shrinkMap[K, V]) put(key K, value V) {
	if r.items == nil {
		r.items = map[K]V{}
	}
	r.items[key] = value
	r.peak = max(r.peak, len(r.items))
}

func (r *shrinkMap[K, V]) remove(key K) {
	delete(r.items, key)
	if n := len(r.items); r.peak >= minPeak && n < r.peak/8 {
		smaller := make(map[K]V, n)
		maps.Copy(smaller, r.items)
		r.items, r.peak = smaller, n
	}
}
