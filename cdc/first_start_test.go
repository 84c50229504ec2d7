package cdc_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/cdc"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// While PostgreSQL creates the slot, the catalog gives out no collection: a client that
// subscribed then would miss the changes until the slot exists.
func TestNoCollectionBeforeTheSlot(t *testing.T) {
	t.Parallel()
	s := &subject{url: pgtest.Start(t).NewDatabase(t), slot: slotOf(t)}
	conn, err := pgx.Connect(t.Context(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	s.conn = conn
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	s.exec(t, `CREATE TABLE t (id int PRIMARY KEY)`)

	// An open transaction keeps PostgreSQL from making the slot.
	open, err := pgx.Connect(t.Context(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = open.Close(context.WithoutCancel(t.Context())) })
	if _, err := open.Exec(t.Context(), `BEGIN; SELECT pg_current_xact_id()`); err != nil {
		t.Fatal(err)
	}
	early := make(chan error, 1)
	committed := make(chan error, 1)
	s.whenMade = func(stream *cdc.Stream) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Second)
		defer cancel()
		_, err := stream.Catalog().Resolve(ctx, "t")
		early <- err
		_, err = open.Exec(context.WithoutCancel(t.Context()), `COMMIT`)
		committed <- err
	}
	s.start(t)
	if err := <-early; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a collection was given out before the slot exists: %v", err)
	}
	if err := <-committed; err != nil {
		t.Fatal(err)
	}
	if _, err := s.stream.Catalog().Resolve(t.Context(), "t"); err != nil {
		t.Fatal(err)
	}
	s.exec(t, `INSERT INTO t VALUES (1)`)
	s.want(t, `{"event":"create","collection_id":"t","data":{"id":1}}`)
}
