package integration

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// How a server ends, and from where the next one goes on.
func TestShutdown(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)

	t.Run("SIGTERM closes clients with 1012 and confirms what was delivered", func(t *testing.T) {
		t.Parallel()
		db := harness.Connect(t, pg.NewDatabase(t))
		db.Run(t, `CREATE TABLE t (id int PRIMARY KEY)`)
		s := harness.Serve(t, db.URL, "shutdown_term")
		w := harness.Subscribe(t, s, "t", nil)
		silent := harness.NewClient(t, s, "collections/t", nil) // never authenticates
		db.Run(t, `INSERT INTO t VALUES (1)`)
		w.Next(t)
		began := time.Now()
		s.Stop(t)
		t.Logf("ended after %s", time.Since(began))
		w.WantClosed(t, 1012)
		silent.WantClosed(t, 1012)
		harness.Eventually(t, "the slot is free", func() bool {
			return harness.Query[bool](t, db, `SELECT NOT active FROM pg_replication_slots WHERE slot_name = 'shutdown_term'`)[0]
		})

		db.Run(t, `INSERT INTO t VALUES (2)`)
		s = harness.Serve(t, db.URL, "shutdown_term")
		w = harness.Subscribe(t, s, "t", nil)
		db.Run(t, `INSERT INTO t VALUES (3)`)
		for m := w.Next(t); m != `{"event":"create","collection_id":"t","data":{"id":3}}`; m = w.Next(t) {
			if m != `{"event":"create","collection_id":"t","data":{"id":2}}` {
				t.Errorf("a confirmed change came again: %s", m)
			}
		}
	})

	t.Run("a client that does not read does not delay the end", func(t *testing.T) {
		t.Parallel()
		db := harness.Connect(t, pg.NewDatabase(t))
		db.Run(t, `CREATE TABLE t (id int PRIMARY KEY, pad text)`)
		s := harness.Serve(t, db.URL, "shutdown_stalled", "--queue-bytes", "64MiB")
		stalled := harness.SubscribeUnread(t, s, "t")
		w := harness.Subscribe(t, s, "t", nil)
		db.Run(t, `INSERT INTO t SELECT i, repeat('x', 1000) FROM generate_series(1, 20000) i`)
		for range 20000 {
			w.Next(t)
		}
		s.Stop(t)
		_ = stalled.Close()
	})

	t.Run("after kill -9 the next server goes on", func(t *testing.T) {
		t.Parallel()
		db := harness.Connect(t, pg.NewDatabase(t))
		db.Run(t, `CREATE TABLE t (id int PRIMARY KEY)`)
		s := harness.Serve(t, db.URL, "shutdown_kill")
		w := harness.Subscribe(t, s, "t", nil)
		db.Run(t, `INSERT INTO t VALUES (1)`)
		w.Next(t)
		s.Signal(t, syscall.SIGKILL)
		w.WantClosed(t, 1006)                         // without a close frame
		s = harness.Serve(t, db.URL, "shutdown_kill") // waits until PostgreSQL has freed the slot
		w = harness.Subscribe(t, s, "t", nil)
		db.Run(t, `INSERT INTO t VALUES (2)`)
		for m := w.Next(t); m != `{"event":"create","collection_id":"t","data":{"id":2}}`; m = w.Next(t) {
			t.Logf("delivered again: %s", m)
		}
	})
}

// The database stops and comes back. Clients stay connected, and every change arrives once.
func TestDatabaseRestarts(t *testing.T) {
	t.Parallel()
	pg := pgtest.Separate(t, nil)
	db := harness.Connect(t, pg.NewDatabase(t))
	db.Run(t, `CREATE TABLE t (id int PRIMARY KEY)`)
	s := harness.Serve(t, db.URL, "restarts")
	w := harness.Subscribe(t, s, "t", nil)
	id := 0
	insert := func() {
		id++
		db.Run(t, `INSERT INTO t VALUES ($1)`, id)
	}
	for i := range 3 {
		insert()
		if i == 1 {
			pg.Crash(t)
			pg.Resume(t)
		} else {
			pg.Restart(t)
		}
		db = harness.Connect(t, db.URL)
		insert()
	}
	for i := 1; i <= id; i++ {
		w.Want(t, fmt.Sprintf(`{"event":"create","collection_id":"t","data":{"id":%d}}`, i))
	}
}
