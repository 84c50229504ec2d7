package protocol_test

import (
	"fmt"

	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/jsonstring"
	"github.com/tablewire/tablewire/protocol/wal"
)

// A client's first message becomes a subscription's options and projection, and with them
// a change becomes the client's event.
func Example() {
	hello, clientErr := protocol.ParseHello([]byte(`{"api_key":"secret","filters":{"status":"paid"},"columns":["status"]}`))
	if clientErr != nil {
		fmt.Println(clientErr)
		return
	}
	options, clientErr := hello.Options()
	if clientErr != nil {
		fmt.Println(clientErr)
		return
	}
	text := wal.Type{Name: "text", Kind: wal.KindText}
	orders := &wal.Relation{Schema: "public", Name: "orders", Columns: []wal.Column{
		wal.NewColumn("id", text, true, jsonstring.Append[[]byte]),
		wal.NewColumn("status", text, false, jsonstring.Append[[]byte]),
		wal.NewColumn("note", text, false, jsonstring.Append[[]byte]),
	}}
	columns, err := protocol.ChooseColumns(orders, options.Columns)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(protocol.AppendConnected(nil, "orders", hello.Filters)))

	value := func(s string) wal.Value { return wal.Value{State: wal.Text, Text: []byte(s)} }
	change := &wal.Change{Op: wal.Create, Relation: orders, New: []wal.Value{value("7"), value("paid"), value("by card")}}
	projection := protocol.Projection{CollectionJSON: `"orders"`, Columns: columns}
	fmt.Println(string(protocol.AppendEvent(nil, projection, protocol.Outcome{Op: change.Op}, change)))
	// Output:
	// {"event":"connected","collection_id":"orders","filters":{"status":"paid"}}
	// {"event":"create","collection_id":"orders","data":{"id":"7","status":"paid"}}
}

// A typo is an error, because a mistyped "filters" would subscribe to every row.
func ExampleParseHello_typo() {
	_, clientErr := protocol.ParseHello([]byte(`{"api_key":"secret","filter":{"status":"paid"}}`))
	fmt.Println(string(clientErr.AppendJSON(nil)))
	fmt.Println(clientErr.Code == protocol.CloseBadRequest)
	// Output:
	// {"error":"Invalid message","error_detail":"unknown member \"filter\": did you mean \"filters\"?"}
	// true
}
