package integration

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
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

// The README's role has no pg_read_all_stats: its pg_stat_replication.reply_time is NULL,
// even for its own role's connections.
func TestSlotInUseWithoutStatistics(t *testing.T) {
	t.Parallel()
	for _, major := range pgtest.Versions() {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			pg := pgtest.StartVersion(t, major)
			prepare := func(t *testing.T, slot, timeout string) (db *harness.Database, roleURL string) {
				t.Helper()
				db = harness.Connect(t, pg.NewDatabase(t))
				setSenderTimeout(t, db, timeout)
				db.Run(t, `CREATE TABLE t (id int PRIMARY KEY);
					CREATE ROLE `+slot+` LOGIN REPLICATION PASSWORD 'pw';
					GRANT CREATE ON DATABASE "`+db.Config().Database+`" TO `+slot+`;
					ALTER TABLE t OWNER TO `+slot)
				t.Cleanup(func() { db.Run(t, `DROP OWNED BY `+slot+` CASCADE; DROP ROLE `+slot) })
				u, err := url.Parse(db.URL)
				if err != nil {
					t.Fatal(err)
				}
				u.User = url.UserPassword(slot, "pw")
				return db, u.String()
			}
			ends := func(t *testing.T, roleURL, slot string, wants ...string) {
				t.Helper()
				second := harness.Start(t, harness.Env(roleURL), harness.ServeArgs(slot)...)
				if code := second.WaitExit(t, 20*time.Second); code != 1 {
					t.Errorf("exit code %d, want 1", code)
				}
				for _, want := range append(wants, "is active for PID", `application "tablewire" at 127.0.0.1`, "another Tablewire reads this slot") {
					if !strings.Contains(second.Output(), want) {
						t.Errorf("the output lacks %q:\n%s", want, second.Output())
					}
				}
				for _, claim := range []string{"has not replied", "does not reply"} {
					if strings.Contains(second.Output(), claim) {
						t.Errorf("the output claims %q of a reader whose replies are hidden:\n%s", claim, second.Output())
					}
				}
			}

			t.Run("frozen", func(t *testing.T) {
				t.Parallel()
				slot := fmt.Sprintf("frozen_unseen_%d", major)
				_, roleURL := prepare(t, slot, "3s")
				harness.Serve(t, roleURL, slot).Signal(t, syscall.SIGSTOP)
				second := harness.Start(t, harness.Env(roleURL), harness.ServeArgs(slot)...)
				second.WaitLine(t, `ready .*`)
			})
			t.Run("alive and confirming", func(t *testing.T) {
				t.Parallel()
				slot := fmt.Sprintf("busy_unseen_%d", major)
				db, roleURL := prepare(t, slot, "3s")
				harness.Serve(t, roleURL, slot)
				ctx, cancel := context.WithCancel(t.Context())
				var writer sync.WaitGroup
				writer.Go(func() {
					for i := 0; ctx.Err() == nil; i++ {
						if _, err := db.Exec(t.Context(), `INSERT INTO t VALUES ($1)`, i); err != nil {
							t.Error(err)
							return
						}
						time.Sleep(100 * time.Millisecond)
					}
				})
				began := time.Now()
				ends(t, roleURL, slot)
				cancel()
				writer.Wait()
				if took := time.Since(began); took > 10*time.Second {
					t.Errorf("ended after %s, although the reader confirms every second", took)
				}
			})
			if major != pgtest.Versions()[0] && major != pgtest.Versions()[len(pgtest.Versions())-1] {
				return // the one below takes twelve seconds, and the versions between do the same
			}
			t.Run("frozen, with wal_sender_timeout 0", func(t *testing.T) {
				t.Parallel()
				slot := fmt.Sprintf("kept_unseen_%d", major)
				_, roleURL := prepare(t, slot, "0")
				harness.Serve(t, roleURL, slot).Signal(t, syscall.SIGSTOP)
				ends(t, roleURL, slot, "can't see whether the reader is alive", "wal_sender_timeout is 0", "GRANT pg_read_all_stats TO", "SELECT pg_terminate_backend(")
			})
		})
	}
}

// setSenderTimeout sets how long PostgreSQL waits for a reader of this database's slots.
func setSenderTimeout(t *testing.T, db *harness.Database, timeout string) {
	t.Helper()
	db.Run(t, `ALTER DATABASE "`+db.Config().Database+`" SET wal_sender_timeout = '`+timeout+`'`)
}
