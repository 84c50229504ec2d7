package cdc_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/tablewire/tablewire/cdc"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// New statements of PostgreSQL 19: the changes that they make arrive, and rows that they only
// move do not.
func TestKindsOf19(t *testing.T) {
	t.Parallel()
	server := pgtest.StartVersion(t, 19)
	event := func(op, table, data string) string {
		return fmt.Sprintf(`{"event":%q,"collection_id":%q,"data":{%s}}`, op, table, data)
	}
	for name, tc := range map[string]struct {
		tables, statements string
		want               []string
	}{
		"a conflict only selects": {
			`CREATE TABLE t (id int PRIMARY KEY, n int)`,
			`INSERT INTO t VALUES (1, 1); INSERT INTO t VALUES (1, 2), (2, 2) ON CONFLICT (id) DO SELECT RETURNING n`,
			[]string{event("create", "t", `"id":1,"n":1`), event("create", "t", `"id":2,"n":2`)},
		},
		"a table is repacked": {
			`CREATE TABLE t (id int PRIMARY KEY, n int)`,
			`INSERT INTO t VALUES (1, 1), (2, 2); DELETE FROM t WHERE id = 1; REPACK t; UPDATE t SET n = 3`,
			[]string{
				event("create", "t", `"id":1,"n":1`), event("create", "t", `"id":2,"n":2`), event("delete", "t", `"id":1`), event("update", "t", `"id":2,"n":3`),
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setup(t, server, tc.tables, func(c *cdc.Config) { c.RefreshInterval = time.Hour })
			s.exec(t, tc.statements)
			s.want(t, tc.want...)
		})
	}
	t.Run("a table is repacked while it is written to", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, `CREATE TABLE t (id int PRIMARY KEY, n int)`)
		s.exec(t, `INSERT INTO t VALUES (1, 1), (2, 2)`)
		s.exec(t, `REPACK (CONCURRENTLY) t`)
		s.exec(t, `UPDATE t SET n = 3 WHERE id = 2`)
		s.want(t, event("create", "t", `"id":1,"n":1`), event("create", "t", `"id":2,"n":2`), event("update", "t", `"id":2,"n":3`))
	})
}
