package cdc_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/tablewire/tablewire/cdc"
	"github.com/tablewire/tablewire/protocol/wal"
	"github.com/tablewire/tablewire/sql"
)

// A program prints the changes of all tables of the schema public until it is interrupted.
func Example() {
	url := os.Getenv("DATABASE_URL")
	tables, err := sql.ParsePatterns([]string{"public.*"})
	if err != nil {
		fmt.Println(err)
		return
	}
	database, err := sql.Open(sql.Config{URL: url, Slot: "printer", Publication: "printer", Tables: tables})
	if err != nil {
		fmt.Println(cdc.Explain(err))
		return
	}
	defer database.Close()
	stream, err := cdc.New(cdc.Config{
		URL: url, Slot: "printer", Publication: "printer",
		Database: database, CatalogDatabase: database,
		Publish: func(batch *wal.Batch) error {
			for _, change := range batch.Changes {
				fmt.Println(change.Op, change.Relation.TableName())
			}
			return nil // the batch may be confirmed, and its memory is the stream's again
		},
	})
	if err != nil {
		fmt.Println(cdc.Explain(err))
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	go func() {
		select {
		case <-stream.Started():
			fmt.Println("streaming")
		case <-ctx.Done():
		}
	}()
	if err := stream.Run(ctx); err != nil {
		fmt.Println(cdc.Explain(err))
	}
}
