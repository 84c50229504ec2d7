// Package swaplist removes items from slices in constant time. An item knows its own
// index, and the order of the items doesn't matter: so the last item can fill the gap.
package swaplist

// Integer is the type of an item's index: as small as its owner likes.
type Integer interface{ ~int | ~uint32 }

// Remove takes items[at] out, puts the last item into its place and returns the shorter
// slice, which shares the memory of items. It calls setIndex with the item that now is at
// index at; if items[at] is the last item, that is the removed item, whose index stays as
// it was. The slot behind the end is zeroed, so that it keeps nothing alive. Remove panics
// if at is out of range.
func Remove[T any, I Integer](items []T, at I, setIndex func(item T, at I)) []T {
	last := len(items) - 1
	moved := items[last]
	items[at] = moved
	setIndex(moved, at)
	clear(items[last:])
	return items[:last]
}
