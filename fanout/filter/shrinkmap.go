package filter

import "maps"

// shrinkMap is a map that frees its memory once most items have been removed: a map of Go
// never does.
type shrinkMap[K comparable, V any] struct {
	items map[K]V
	peak  int // the most items since items was made
}

// minPeak is the number of items from which on it is worth the copy.
const minPeak = 64

func (m *shrinkMap[K, V]) put(key K, value V) {
	if m.items == nil {
		m.items = map[K]V{}
	}
	m.items[key] = value
	m.peak = max(m.peak, len(m.items))
}

func (m *shrinkMap[K, V]) remove(key K) {
	delete(m.items, key)
	if n := len(m.items); m.peak >= minPeak && n < m.peak/8 {
		smaller := make(map[K]V, n)
		maps.Copy(smaller, m.items)
		m.items, m.peak = smaller, n
	}
}
