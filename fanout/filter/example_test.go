package filter_test

import (
	"fmt"

	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/protocol/wal"
)

func Example() {
	orders := &wal.Relation{Schema: "public", Name: "orders", Columns: []wal.Column{
		wal.NewColumn("id", wal.Type{Name: "bigint", Kind: wal.KindInt, Bits: 64}, true, nil),
		wal.NewColumn("status", wal.Type{Name: "text", Kind: wal.KindText}, false, nil),
	}}
	f, err := filter.Compile([]byte(`{"status_in": "paid, sent", "id_gt": 100}`), orders)
	if err != nil {
		fmt.Println(err)
		return
	}
	text := func(s string) wal.Value { return wal.Value{State: wal.Text, Text: []byte(s)} }
	fmt.Println(f.Key())
	fmt.Println(f.Match([]wal.Value{text("101"), text("paid")}))
	fmt.Println(f.Match([]wal.Value{text("100"), text("paid")}))
	fmt.Println(f.Match([]wal.Value{text("101"), {State: wal.Absent}}))

	_, err = filter.Compile([]byte(`{"id_gte": "abc"}`), orders)
	fmt.Println(err)
	// Output:
	// "id" gt 100 & "status" in "paid" "sent"
	// yes
	// no
	// unknown
	// id_gte: "abc" is not an integer
}

// An index finds the filters that match a row among many, and evaluates few of them.
func ExampleIndex() {
	orders := &wal.Relation{Schema: "public", Name: "orders", Columns: []wal.Column{
		wal.NewColumn("id", wal.Type{Name: "bigint", Kind: wal.KindInt, Bits: 64}, true, nil),
		wal.NewColumn("city", wal.Type{Name: "text", Kind: wal.KindText}, false, nil),
	}}
	var index filter.Index
	var handles []*filter.Handle
	for i := range 10_000 {
		f, err := filter.Compile(fmt.Appendf(nil, `{"id": %d}`, i), orders)
		if err != nil {
			fmt.Println(err)
			return
		}
		handles = append(handles, index.Add(f, i))
	}
	row := []wal.Value{{State: wal.Text, Text: []byte("42")}, {State: wal.Text, Text: []byte("Rome")}}
	for _, m := range index.Match(nil, row) {
		fmt.Println(m.Handle.Value, m.Result, "after evaluating", index.Evaluated(), "of", index.Len())
	}
	index.Remove(handles[42])
	fmt.Println(len(index.Match(nil, row)), "of", index.Len())
	// Output:
	// 42 yes after evaluating 1 of 10000
	// 0 of 9999
}
