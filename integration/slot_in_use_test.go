package integration

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// A server starts while another process holds its slot. It waits, and says so, if that
// process is gone. It ends if that process is alive.
func TestSlotInUse(t *testing.T) {
	t.Parallel()
	for _, major := range pgtest.Versions() {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			pg := pgtest.StartVersion(t, major)

			// A machine that is frozen, or that lost its power, does not close its connections.
			t.Run("frozen", func(t *testing.T) {
				t.Parallel()
				db := harness.Connect(t, pg.NewDatabase(t))
				slot := fmt.Sprintf("frozen_%d", major)
				db.Run(t, `CREATE TABLE t (id int PRIMARY KEY)`)
				setSenderTimeout(t, db, "3s")
				first := harness.Serve(t, db.URL, slot)
				first.Signal(t, syscall.SIGSTOP)
				began := time.Now()
				second := harness.Start(t, harness.Env(db.URL), harness.ServeArgs(slot)...)
				waiting := second.WaitLine(t, `waiting for the replication slot.*`)[0]
				for _, want := range []string{"application=tablewire", "address=127.0.0.1", "pid="} {
					if !strings.Contains(waiting, want) {
						t.Errorf("the line lacks %q: %s", want, waiting)
					}
				}
				second.WaitLine(t, `ready .*`)
				t.Logf("ready after %s", time.Since(began))
				first.Signal(t, syscall.SIGCONT)
				first.WaitLine(t, `interrupted.*`+slot+`.*is active for PID.*application.*tablewire`)
			})

			t.Run("killed", func(t *testing.T) {
				t.Parallel()
				db := harness.Connect(t, pg.NewDatabase(t))
				slot := fmt.Sprintf("killed_%d", major)
				db.Run(t, `CREATE TABLE t (id int PRIMARY KEY)`)
				first := harness.Serve(t, db.URL, slot)
				first.Signal(t, syscall.SIGKILL)
				second := harness.Serve(t, db.URL, slot)
				second.Stop(t)
			})

			if major != pgtest.Versions()[0] && major != pgtest.Versions()[len(pgtest.Versions())-1] {
				return // the two below take twelve seconds each, and the versions between do the same
			}
			t.Run("frozen, with wal_sender_timeout 0", func(t *testing.T) {
				t.Parallel()
				db := harness.Connect(t, pg.NewDatabase(t))
				slot := fmt.Sprintf("kept_%d", major)
				setSenderTimeout(t, db, "0")
				first := harness.Serve(t, db.URL, slot)
				first.Signal(t, syscall.SIGSTOP)
				second := harness.Start(t, harness.Env(db.URL), harness.ServeArgs(slot)...)
				if code := second.WaitExit(t, 20*time.Second); code != 1 {
					t.Errorf("exit code %d, want 1", code)
				}
				for _, want := range []string{"has not replied for", "wal_sender_timeout is 0", "SELECT pg_terminate_backend("} {
					if !strings.Contains(second.Output(), want) {
						t.Errorf("the output lacks %q:\n%s", want, second.Output())
					}
				}
			})

			t.Run("alive", func(t *testing.T) {
				t.Parallel()
				db := harness.Connect(t, pg.NewDatabase(t))
				slot := fmt.Sprintf("alive_%d", major)
				harness.Serve(t, db.URL, slot)
				second := harness.Start(t, harness.Env(db.URL), harness.ServeArgs(slot)...)
				if code := second.WaitExit(t, 15*time.Second); code != 1 {
					t.Errorf("exit code %d, want 1", code)
				}
				for _, want := range []string{"is active for PID", `application "tablewire" at 127.0.0.1`, "another Tablewire reads this slot"} {
					if !strings.Contains(second.Output(), want) {
						t.Errorf("the output lacks %q:\n%s", want, second.Output())
					}
				}
			})
		})
	}
}

// setSenderTimeout sets how long PostgreSQL waits for a reader of this database's slots.
func setSenderTimeout(t *testing.T, db *harness.Database, timeout string) {
	t.Helper()
	db.Run(t, `ALTER DATABASE "`+db.Config().Database+`" SET wal_sender_timeout = '`+timeout+`'`)
}
