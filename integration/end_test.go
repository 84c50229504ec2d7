package integration

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// How a server ends, and what is left when it does.
func TestEnd(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)

	t.Run("SIGTERM tells clients to come back and confirms what was sent", func(t *testing.T) {
		t.Parallel()
		db := connect(t, pg.NewDatabase(t))
		db.run(t, `CREATE TABLE t (id int PRIMARY KEY)`)
		s := serve(t, db.url, "end_term")
		w := watch(t, s, "t", nil)
		silent := dial(t, s, "t") // has not authenticated
		db.run(t, `INSERT INTO t VALUES (1)`)
		w.next(t)
		began := time.Now()
		s.stop(t)
		t.Logf("ended after %s", time.Since(began))
		w.wantClosed(t, 1012)
		silent.wantClosed(t, 1012)
		eventually(t, "the slot is free", func() bool {
			return query[bool](t, db, `SELECT NOT active FROM pg_replication_slots WHERE slot_name = 'end_term'`)[0]
		})

		db.run(t, `INSERT INTO t VALUES (2)`)
		s = serve(t, db.url, "end_term")
		w = watch(t, s, "t", nil)
		db.run(t, `INSERT INTO t VALUES (3)`)
		for m := w.next(t); m != `{"event":"create","collection_id":"t","data":{"id":3}}`; m = w.next(t) {
			if m != `{"event":"create","collection_id":"t","data":{"id":2}}` {
				t.Errorf("what was confirmed came again: %s", m)
			}
		}
	})

	t.Run("a client that does not read does not hold the end up", func(t *testing.T) {
		t.Parallel()
		db := connect(t, pg.NewDatabase(t))
		db.run(t, `CREATE TABLE t (id int PRIMARY KEY, pad text)`)
		s := serve(t, db.url, "end_stalled", "--queue-bytes", "64MiB")
		stalled := dialRaw(t, s, "t")
		w := watch(t, s, "t", nil)
		db.run(t, `INSERT INTO t SELECT i, repeat('x', 1000) FROM generate_series(1, 20000) i`)
		for range 20000 {
			w.next(t)
		}
		s.stop(t)
		_ = stalled.Close()
	})

	t.Run("kill -9, and the next one goes on", func(t *testing.T) {
		t.Parallel()
		db := connect(t, pg.NewDatabase(t))
		db.run(t, `CREATE TABLE t (id int PRIMARY KEY)`)
		s := serve(t, db.url, "end_kill")
		w := watch(t, s, "t", nil)
		db.run(t, `INSERT INTO t VALUES (1)`)
		w.next(t)
		s.signal(t, syscall.SIGKILL)
		w.wantClosed(t, 1006)            // no close frame came
		s = serve(t, db.url, "end_kill") // though the slot may still be held for a moment
		w = watch(t, s, "t", nil)
		db.run(t, `INSERT INTO t VALUES (2)`)
		for m := w.next(t); m != `{"event":"create","collection_id":"t","data":{"id":2}}`; m = w.next(t) {
			t.Logf("came again: %s", m)
		}
	})
}

// The database goes away and comes back: sockets stay, nothing is lost or repeated.
func TestDatabaseRestarts(t *testing.T) {
	t.Parallel()
	pg := pgtest.Separate(t, nil)
	db := connect(t, pg.NewDatabase(t))
	db.run(t, `CREATE TABLE t (id int PRIMARY KEY)`)
	s := serve(t, db.url, "restarts")
	w := watch(t, s, "t", nil)
	id := 0
	insert := func() {
		id++
		db.run(t, `INSERT INTO t VALUES ($1)`, id)
	}
	for i := range 3 {
		insert()
		if i == 1 {
			pg.Crash(t)
			pg.Resume(t)
		} else {
			pg.Restart(t)
		}
		db = connect(t, db.url)
		insert()
	}
	for i := 1; i <= id; i++ {
		w.want(t, fmt.Sprintf(`{"event":"create","collection_id":"t","data":{"id":%d}}`, i))
	}
}
