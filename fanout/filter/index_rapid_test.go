package filter_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tablewire/tablewire/fanout/filter"
)

// FuzzIndexMachine and TestIndexMachine add, remove and match in any order, with few
// values, so that filters meet; what fails is shrunk.
func FuzzIndexMachine(f *testing.F) {
	f.Add([]byte(strings.Repeat("\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00", 64)))
	f.Add([]byte(strings.Repeat("\x05\x00\x01\x00\x02\x00\x03\x00", 128)))
	f.Fuzz(rapid.MakeFuzz(checkIndexMachine))
}

func TestIndexMachine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, checkIndexMachine)
}

// machineMembers are right sides by the names that take them.
var machineMembers = []struct {
	names, ops, right []string
}{
	{
		[]string{"age", "small", "id", "price", "profile.a", "profile.b.c"},
		[]string{"eq", "eq", "ne", "gt", "gte", "lt", "lte", "in", "notin", "isnull"},
		[]string{"1", "2", "-7", "null", "true"},
	},
	{
		[]string{"name", "name_2", "code", "doc.a", "profile.a"},
		[]string{"eq", "ne", "gt", "lte", "in", "notin", "contains", "startswith", "endswith", "isnull"},
		[]string{`"a"`, `"ab"`, `"abcdefgh"`, `"bcd"`, `"1"`, `""`, "null", "true"},
	},
	{[]string{"mood"}, []string{"eq", "ne", "gt", "in"}, []string{`"sad"`, `"ok"`}},
}

func drawFilter(t *rapid.T) string {
	var members []string
	for range rapid.IntRange(0, 4).Draw(t, "members") {
		kind := rapid.SampledFrom(machineMembers).Draw(t, "kind")
		op := rapid.SampledFrom(kind.ops).Draw(t, "op")
		right := rapid.SampledFrom(kind.right).Draw(t, "right")
		switch {
		case op == "in" || op == "notin":
			right = "[" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(kind.right[:2]), 1, 3).Draw(t, "items"), ",") + "]"
		case op == "isnull":
			right = rapid.SampledFrom([]string{"true", "false"}).Draw(t, "isnull")
		case right == "true":
			right = kind.right[0]
		}
		prefix := rapid.SampledFrom([]string{"", "", "[or]", "[or:a]"}).Draw(t, "prefix")
		members = append(members, `"`+prefix+rapid.SampledFrom(kind.names).Draw(t, "name")+"__"+op+`":`+right)
	}
	return "{" + strings.Join(members, ",") + "}"
}

func checkIndexMachine(t *rapid.T) {
	var index filter.Index
	held := map[*filter.Handle]*filter.Filter{}
	var handles []*filter.Handle
	match := func(t *rapid.T) {
		row := drawRow(t)
		for range rapid.SampledFrom([]int{0, 0, 100}).Draw(t, "times before") { // often enough for a replan
			index.Match(nil, row)
		}
		found := map[*filter.Handle]filter.Result{}
		for _, match := range index.Match(nil, row) {
			if found[match.Handle] != filter.No {
				t.Fatalf("%v is found twice", match.Handle.Value)
			}
			found[match.Handle] = match.Result
		}
		for e, f := range held {
			if got, want := found[e], f.Match(row); got != want {
				t.Fatalf("%v: the filter says %v, the index %v, for\n%s", e.Value, want, got, showRow(withoutAge, row))
			}
			delete(found, e)
		}
		if len(found) > 0 {
			t.Fatal("what is found is not in the index")
		}
	}
	t.Repeat(map[string]func(*rapid.T){
		"add": func(t *rapid.T) {
			raw := drawFilter(t)
			f, err := filter.Compile([]byte(raw), withoutAge)
			if err != nil {
				return // it does not compile
			}
			for range rapid.SampledFrom([]int{1, 1, 20}).Draw(t, "copies") {
				e := index.Add(f, raw)
				handles = append(handles, e)
				held[e] = f
			}
		},
		"remove": func(t *rapid.T) {
			if len(handles) == 0 {
				return
			}
			i := rapid.IntRange(0, len(handles)-1).Draw(t, "handle")
			index.Remove(handles[i])
			delete(held, handles[i])
			handles = slices.Delete(handles, i, i+1)
		},
		"match": match,
		"": func(t *rapid.T) {
			if index.Len() != len(held) {
				t.Fatalf("the index holds %d filters, not %d", index.Len(), len(held))
			}
		},
	})
}
