package wal_test

import (
	"fmt"

	"github.com/tablewire/tablewire/protocol/wal"
)

// An update under the default replica identity: the log has the new row and no old one,
// which proves that the key did not change and proves nothing about other columns.
func Example() {
	text := wal.Type{Name: "text", Kind: wal.KindText}
	orders := &wal.Relation{
		Schema: "shop", Name: "orders", Identity: wal.IdentityDefault,
		Columns: []wal.Column{wal.NewColumn("id", text, true, nil), wal.NewColumn("status", text, false, nil)},
	}
	commit, err := wal.ParseLSN("16/B374D848")
	if err != nil {
		fmt.Println(err)
		return
	}
	update := wal.Change{
		Op: wal.Update, Relation: orders, Position: wal.Position{Commit: commit, Index: 2},
		New: []wal.Value{{State: wal.Text, Text: []byte("7")}, {State: wal.Text, Text: []byte("paid")}},
	}
	fmt.Println(update.Op, orders.TableName(), update.Position)
	fmt.Println("id may have changed:", update.Touches("\x01\x00"))
	fmt.Println("status may have changed:", update.Touches("\x00\x01"))
	// Output:
	// update shop.orders 16/B374D848+2
	// id may have changed: false
	// status may have changed: true
}

// A collection's name may contain dots, as may the names of tables and schemas.
func ExampleCollectionTables() {
	for _, table := range wal.CollectionTables("shop.orders") {
		fmt.Printf("schema %s, table %s\n", table.Schema, table.Table)
	}
	// Output:
	// schema public, table shop.orders
	// schema shop, table orders
}
