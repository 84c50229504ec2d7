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
