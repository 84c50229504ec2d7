package filter_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/protocol/wal"
)

// FuzzCompile: nothing panics, and what compiles has a stable key and matches
// without panicking whatever the row's text is.
func FuzzCompile(f *testing.F) {
	for _, b := range benchmarks {
		f.Add([]byte(b.raw), []byte("42"))
	}
	for _, seed := range []struct{ raw, text string }{
		{`{"status":"active"}`, ""},
		{`{"[or]name":"a","[or]name_3":null,"[or:x]age_in":[1,null,"2"]}`, "a"},
		{`{"name__or__code_contains":"É\\u0131%_"}`, "xÉı%_"},
		{`{"profile.a.b_gt":1e400,"doc.a_in":"x,y"}`, `{"a":{"b":1e-9}}`},
		{`{"profile":"{\"a\":[1,2.0,{}]}"}`, `{"a": [1, 2, {}]}`},
		{`{"lasts_lt":"P1Y2M3DT4H5M6.7S","wakes":"24:00","born_gt":"0044-03-15 BC"}`, "1 year -2 mons +3 days -04:05:06.789"},
		{`{"created_at":"294276-12-31T23:59:59.999999-15:59"}`, "infinity"},
		{`{"price_in":"NaN,Infinity,-1.50,1e-5"}`, "-0.0150"},
		{`{"tags_gt":"{{a,\"b\\\\\"},{NULL,c}}","tags_in":["{}","{x}"]}`, `[0:1][-2:-1]={{"a\\"",b},{NULL,""}}`},
		{`{"address_lt":"2001:db8::1.2.3.4/64","address_notin":"10.0.0.1,::"}`, "::ffff:10.0.0.1/97"},
		{`{"uid":"{A0EEBC999C0B4EF8BB6D6BB9BD380A11}","raw":"\\x 0A"}`, `\x0a`},
	} {
		f.Add([]byte(seed.raw), []byte(seed.text))
	}
	f.Fuzz(func(t *testing.T, raw, text []byte) {
		compiled, err := filter.Compile(raw, rel)
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without text")
			}
			return
		}
		again, err := filter.Compile(raw, rel)
		if err != nil || again.Key() != compiled.Key() || compiled.Empty() != (compiled.Key() == "") {
			t.Fatalf("keys %q and %q, %v", compiled.Key(), again.Key(), err)
		}
		values := make([]wal.Value, len(rel.Columns))
		for i := range values {
			values[i] = wal.Value{State: wal.Text, Text: text}
		}
		want := compiled.Match(values)
		if again.Match(values) != want {
			t.Fatal("two results for one row")
		}
		var index filter.Index
		index.Add(compiled, nil)
		got := filter.No
		for _, match := range index.Match(nil, values) {
			got = match.Result
		}
		if got != want {
			t.Fatalf("the filter says %v, the index %v", want, got)
		}
	})
}

// FuzzShuffle: a filter in another order has the same key and the same results.
func FuzzShuffle(f *testing.F) {
	f.Add([]byte(strings.Repeat("\x03\x01\x02\x00\x05\x00\x00\x00", 64)))
	f.Add([]byte(strings.Repeat("\x07\x00\x01\x00\x02\x00\x00\x00\x01\x00", 64)))
	f.Fuzz(rapid.MakeFuzz(checkShuffle))
}

func TestShuffle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, checkShuffle)
}

// literals are right sides that several columns take.
var shuffled = []struct {
	names []string
	right []string
}{
	{
		[]string{"age", "small", "id", "checked_in", "profile.a", "profile.b.c", "price", "weight"},
		[]string{"1", "2", `"1"`, `"2"`, "null", "-7"},
	},
	{[]string{"name", "name_2", "code", "profile.city", "doc.a"}, []string{`"a"`, `"b"`, `"a,b"`, `""`, "null"}},
	{[]string{"mood"}, []string{`"sad"`, `"ok"`, `"happy"`, "null"}},
}

func checkShuffle(t *rapid.T) {
	type member struct{ name, right string }
	var first, second []member
	taken := map[string]bool{}
	for range rapid.IntRange(0, 8).Draw(t, "members") {
		kind := rapid.SampledFrom(shuffled).Draw(t, "kind")
		name := rapid.SampledFrom(kind.names).Draw(t, "name")
		op := rapid.SampledFrom([]string{"eq", "ne", "gt", "lte", "in", "notin", "contains"}).Draw(t, "op")
		prefix := rapid.SampledFrom([]string{"", "", "[or]", "[or:a]"}).Draw(t, "prefix")
		if taken[prefix+name+op] {
			continue
		}
		taken[prefix+name+op] = true
		right := rapid.SampledFrom(kind.right).Draw(t, "right")
		other := right
		if op == "in" || op == "notin" {
			items := rapid.SliceOfN(rapid.SampledFrom(kind.right), 1, 5).Draw(t, "items")
			right = "[" + strings.Join(items, ",") + "]"
			mixed := rapid.Permutation(append(items, items[0])).Draw(t, "order")
			other = "[" + strings.Join(mixed, ",") + "]"
		}
		first = append(first, member{prefix + name + "_" + op, right})
		respelt := prefix + name + "__" + op
		if op == "eq" && rapid.Bool().Draw(t, "bare") {
			respelt = prefix + name
		}
		second = append(second, member{respelt, other})
	}
	write := func(members []member) string {
		list := make([]string, len(members))
		for i, m := range members {
			name, _ := json.Marshal(m.name)
			list[i] = string(name) + ":" + m.right
		}
		return "{" + strings.Join(list, ",") + "}"
	}
	raw1, raw2 := write(first), write(second)
	if len(second) > 1 {
		raw2 = write(rapid.Permutation(second).Draw(t, "permutation"))
	}
	a, err1 := filter.Compile([]byte(raw1), withoutAge)
	b, err2 := filter.Compile([]byte(raw2), withoutAge)
	if (err1 == nil) != (err2 == nil) {
		t.Fatalf("%s: %v\n%s: %v", raw1, err1, raw2, err2)
	}
	if err1 != nil {
		return
	}
	if a.Key() != b.Key() {
		t.Fatalf("%s → %s\n%s → %s", raw1, a.Key(), raw2, b.Key())
	}
	values := drawRow(t)
	if got, want := a.Match(values), b.Match(values); got != want {
		t.Fatalf("%s: %v\n%s: %v", raw1, got, raw2, want)
	}
}

// withoutAge has no column whose name ends in an underscore, which would make
// age__gt mean something else than age_gt.
var withoutAge = func() *wal.Relation {
	relation := users()
	relation.Columns = slices.DeleteFunc(relation.Columns, func(c wal.Column) bool { return c.Name == "age_" })
	return relation
}()

func drawRow(t *rapid.T) []wal.Value {
	choices := map[string][]string{
		"profile": {`{"a": 1, "b": {"c": "2"}}`, `{"a": "x"}`}, "doc": {`{"a":"a"}`, `{"a":null}`}, "mood": {"sad", "ok", "happy"},
		"name": {"a", "b", "xABcdefghi"}, "name_2": {"a", "ab"}, "code": {"a    "}, "profile.city": {"b"},
	}
	for _, number := range shuffled[0].names[:4] {
		choices[number] = []string{"1", "2", "-7"}
	}
	choices["price"], choices["weight"] = []string{"1.0", "2.00"}, []string{"1", "-7"}
	values := make([]wal.Value, len(withoutAge.Columns))
	for _, name := range slices.Sorted(maps.Keys(choices)) {
		v := &values[withoutAge.Column(name)]
		v.State = rapid.SampledFrom([]wal.State{wal.Text, wal.Null, wal.Absent, wal.Unchanged}).Draw(t, "state of "+name)
		if v.State == wal.Text {
			v.Text = []byte(rapid.SampledFrom(choices[name]).Draw(t, name))
		}
	}
	return values
}
