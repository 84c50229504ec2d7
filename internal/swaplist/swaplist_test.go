package swaplist_test

import (
	"slices"
	"testing"

	"github.com/tablewire/tablewire/internal/swaplist"
)

type item struct {
	name  string
	index uint32
}

func setIndex(i *item, at uint32) { i.index = at }

func listOf(names ...string) []*item {
	var list []*item
	for at, name := range names {
		list = append(list, &item{name, uint32(at)})
	}
	return list
}

func TestRemove(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		remove string
		want   []string
	}{
		{"a", []string{"c", "b"}},
		{"b", []string{"a", "c"}},
		{"c", []string{"a", "b"}},
	} {
		list := listOf("a", "b", "c")
		at := slices.IndexFunc(list, func(i *item) bool { return i.name == tt.remove })
		left := swaplist.Remove(list, list[at].index, setIndex)
		var got []string
		for i, item := range left {
			got = append(got, item.name)
			if item.index != uint32(i) {
				t.Errorf("without %s, %s at %d has the index %d", tt.remove, item.name, i, item.index)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("without %s: %v, want %v", tt.remove, got, tt.want)
		}
		if list[2] != nil {
			t.Errorf("without %s: the slot behind the end still holds %s", tt.remove, list[2].name)
		}
	}
}

func TestRemoveOnly(t *testing.T) {
	t.Parallel()
	if left := swaplist.Remove(listOf("a"), 0, setIndex); len(left) != 0 {
		t.Errorf("%d items are left, want none", len(left))
	}
}

// Remove panics, and leaves the items alone, for an index that is out of range.
func TestRemoveOutOfRange(t *testing.T) {
	t.Parallel()
	for _, list := range [][]*item{nil, listOf("a", "b")} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("no panic for the index %d of %d items", len(list), len(list))
				}
			}()
			swaplist.Remove(list, uint32(len(list)), setIndex)
		}()
		for i, item := range list {
			if item == nil || item.index != uint32(i) {
				t.Errorf("the item at %d is %v", i, item)
			}
		}
	}
}

func TestRemoveDoesNotAllocate(t *testing.T) { //nolint:paralleltest // it counts what is allocated
	list := listOf("a", "b")
	if n := testing.AllocsPerRun(100, func() {
		removed := list[0]
		list = swaplist.Remove(list, 0, setIndex)
		removed.index = uint32(len(list))
		list = append(list, removed)
	}); n != 0 {
		t.Errorf("it allocates %v times", n)
	}
}
