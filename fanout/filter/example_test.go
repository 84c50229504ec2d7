package filter_test

import (
	"fmt"

	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/protocol"
)

func Example() {
	orders := &protocol.Relation{Schema: "public", Name: "orders", Columns: []protocol.Column{
		protocol.NewColumn("id", protocol.Type{Name: "bigint", Kind: protocol.KindInt, Bits: 64}, true, nil),
		protocol.NewColumn("status", protocol.Type{Name: "text", Kind: protocol.KindText}, false, nil),
	}}
	f, err := filter.Compile([]byte(`{"status_in": "paid, sent", "id_gt": 100}`), orders)
	if err != nil {
		fmt.Println(err)
		return
	}
	text := func(s string) protocol.Value { return protocol.Value{State: protocol.Text, Text: []byte(s)} }
	fmt.Println(f.Key())
	fmt.Println(f.Match([]protocol.Value{text("101"), text("paid")}))
	fmt.Println(f.Match([]protocol.Value{text("100"), text("paid")}))
	fmt.Println(f.Match([]protocol.Value{text("101"), {State: protocol.Absent}}))

	_, err = filter.Compile([]byte(`{"id_gte": "abc"}`), orders)
	fmt.Println(err)
	// Output:
	// "id" gt 100 & "status" in "paid" "sent"
	// yes
	// no
	// unknown
	// id_gte: "abc" is not an integer
}
