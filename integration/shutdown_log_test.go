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

// A server that ends leaves no FATAL error in PostgreSQL's log. It ends while it is idle,
// while it receives a long transaction, and while it waits for its slot to be created.
func TestShutdownLeavesNoFatalError(t *testing.T) {
	t.Parallel()
	for _, major := range pgtest.Versions() {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			pg := pgtest.SeparateVersion(t, major, map[string]string{
				"logging_collector": "on", "log_directory": "log", "log_filename": "all", "log_line_prefix": "%a|%p|",
			})
			db := harness.Connect(t, pg.URL("postgres"))
			db.Run(t, `CREATE TABLE t (id int PRIMARY KEY, pad text)`)

			harness.Serve(t, db.URL, "idle").Stop(t)

			busy := harness.Serve(t, db.URL, "busy")
			w := harness.Subscribe(t, busy, "t", nil)
			db.Run(t, `INSERT INTO t SELECT i, repeat('x', 1000) FROM generate_series(1, 50000) i`)
			w.Next(t)
			busy.Stop(t)

			open := harness.Connect(t, db.URL)
			open.Run(t, `BEGIN; INSERT INTO t VALUES (0)`)
			waits := harness.Start(t, harness.Env(db.URL), harness.ServeArgs("waits")...)
			waits.WaitLine(t, "waiting for the transactions")
			waits.Signal(t, syscall.SIGTERM)
			if code := waits.WaitExit(t, 10*time.Second); code != 0 {
				t.Errorf("exit code %d, want 0", code)
			}
			open.Run(t, `COMMIT`)
			harness.Eventually(t, "all connections of the program are closed", func() bool {
				return harness.Query[int](t, db, `SELECT count(*)::int FROM pg_stat_activity WHERE application_name LIKE 'tablewire%'`)[0] == 0
			})
			log := harness.Query[string](t, db, `SELECT pg_read_file('log/all')`)[0]
			if !strings.Contains(log, "START_REPLICATION") {
				t.Errorf("PostgreSQL's log has no START_REPLICATION, so it is not the log:\n%s", log)
			}
			for line := range strings.Lines(log) {
				if strings.Contains(line, "FATAL:") {
					t.Errorf("PostgreSQL's log has: %s", line)
				}
			}
		})
	}
}
