package integration

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// What a server does at its start about a slot that another one holds: it waits for
// one that is gone, and says so, and gives way to one that lives.
func TestPredecessor(t *testing.T) {
	t.Parallel()
	for _, major := range pgtest.Versions() {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			pg := pgtest.StartVersion(t, major)

			// A machine that is frozen, or lost its power, says no farewell: the same.
			t.Run("frozen", func(t *testing.T) {
				t.Parallel()
				db := connect(t, pg.NewDatabase(t))
				slot := fmt.Sprintf("frozen_%d", major)
				db.run(t, `CREATE TABLE t (id int PRIMARY KEY)`)
				setSenderTimeout(t, db, "3s")
				first := serve(t, db.url, slot)
				first.signal(t, syscall.SIGSTOP)
				began := time.Now()
				second := start(t, env(db.url), serveArgs(slot)...)
				told := second.line(t, `waiting for the replication slot.*`)[0]
				for _, want := range []string{"application=tablewire", "address=127.0.0.1", "pid="} {
					if !strings.Contains(told, want) {
						t.Errorf("%q is not told: %s", want, told)
					}
				}
				second.line(t, `ready .*`)
				t.Logf("ready after %s", time.Since(began))
				first.signal(t, syscall.SIGCONT)
				first.line(t, `interrupted.*`+slot+`.*is active for PID.*application.*tablewire`)
			})

			t.Run("killed", func(t *testing.T) {
				t.Parallel()
				db := connect(t, pg.NewDatabase(t))
				slot := fmt.Sprintf("killed_%d", major)
				db.run(t, `CREATE TABLE t (id int PRIMARY KEY)`)
				first := serve(t, db.url, slot)
				first.signal(t, syscall.SIGKILL)
				second := serve(t, db.url, slot)
				second.stop(t)
			})

			if major != pgtest.Versions()[0] && major != pgtest.Versions()[len(pgtest.Versions())-1] {
				return // each of the others takes twelve seconds, for nothing that differs by version
			}
			t.Run("frozen, and never given up", func(t *testing.T) {
				t.Parallel()
				db := connect(t, pg.NewDatabase(t))
				slot := fmt.Sprintf("kept_%d", major)
				setSenderTimeout(t, db, "0")
				first := serve(t, db.url, slot)
				first.signal(t, syscall.SIGSTOP)
				second := start(t, env(db.url), serveArgs(slot)...)
				if code := second.exit(t, 20*time.Second); code != 1 {
					t.Errorf("ended with %d", code)
				}
				for _, want := range []string{"has not replied for", "wal_sender_timeout is 0", "SELECT pg_terminate_backend("} {
					if !strings.Contains(second.output(), want) {
						t.Errorf("%q is not told:\n%s", want, second.output())
					}
				}
			})

			t.Run("alive", func(t *testing.T) {
				t.Parallel()
				db := connect(t, pg.NewDatabase(t))
				slot := fmt.Sprintf("alive_%d", major)
				serve(t, db.url, slot)
				second := start(t, env(db.url), serveArgs(slot)...)
				if code := second.exit(t, 15*time.Second); code != 1 {
					t.Errorf("ended with %d", code)
				}
				for _, want := range []string{"is active for PID", `application "tablewire" at 127.0.0.1`, "another Tablewire reads this slot"} {
					if !strings.Contains(second.output(), want) {
						t.Errorf("%q is not told:\n%s", want, second.output())
					}
				}
			})
		})
	}
}

// setSenderTimeout is how long the server waits for a reader of this database's slots.
func setSenderTimeout(t *testing.T, db *database, timeout string) {
	t.Helper()
	db.run(t, `ALTER DATABASE "`+db.Config().Database+`" SET wal_sender_timeout = '`+timeout+`'`)
}
