package cdc_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tablewire/tablewire/cdc"
	"github.com/tablewire/tablewire/cdc/catalog"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
)

// looking signals each refresh of the list of tables.
type looking struct {
	catalog.Database
	looked chan struct{}
	fails  atomic.Bool
}

func (l *looking) Sync(ctx context.Context) (pgcatalog.PublicationState, error) {
	state, err := l.Database.Sync(ctx)
	if l.fails.Load() {
		state, err = pgcatalog.PublicationState{}, errors.New("the connection is lost")
	}
	select {
	case l.looked <- struct{}{}:
	default:
	}
	return state, err
}

// If somebody alters the publication and puts it back between two refreshes, changes may be
// missing: Config.Interrupted is called for the tables concerned. It is not called for
// alterations that hold no change back.
func TestAlteredAndPutBack(t *testing.T) {
	t.Parallel()
	const anyVersion = 14
	cases := []struct {
		name    string
		since   int
		foreign string // what the publication is made with, where it is not ours
		alter   string
		broken  []string
	}{
		{"a table is taken out and put back", anyVersion, "", `ALTER PUBLICATION tablewire DROP TABLE t; INSERT INTO t VALUES (1); ALTER PUBLICATION tablewire ADD TABLE t`, []string{"t"}},
		{"and of somebody else's publication", anyVersion, `FOR TABLE t, u`, `ALTER PUBLICATION tablewire DROP TABLE t; INSERT INTO t VALUES (1); ALTER PUBLICATION tablewire ADD TABLE t`, []string{"t"}},
		{"the list is set without a table", anyVersion, "", `ALTER PUBLICATION tablewire SET TABLE u, p; INSERT INTO t VALUES (1); ALTER PUBLICATION tablewire SET TABLE u, p, t`, []string{"t"}},
		{"kinds of change are left out", anyVersion, "", `ALTER PUBLICATION tablewire SET (publish = 'update'); INSERT INTO t VALUES (1); ALTER PUBLICATION tablewire SET (publish = 'insert, update, delete, truncate')`, []string{"p", "t", "u"}},
		{"partitions' changes come as their own", anyVersion, "", `ALTER PUBLICATION tablewire SET (publish_via_partition_root = false); INSERT INTO p VALUES (1); ALTER PUBLICATION tablewire SET (publish_via_partition_root = true)`, []string{"p", "t", "u"}},
		{"the publication has another name", anyVersion, "", `ALTER PUBLICATION tablewire RENAME TO wire; ALTER PUBLICATION wire RENAME TO tablewire`, []string{"p", "t", "u"}},
		{"the publication is created again", anyVersion, `FOR TABLE t, u`, `DROP PUBLICATION tablewire; CREATE PUBLICATION tablewire FOR TABLE t, u`, []string{"t", "u"}},
		{"a table has another name", anyVersion, "", `ALTER TABLE t RENAME TO x; INSERT INTO x VALUES (1); ALTER TABLE x RENAME TO t`, []string{"t"}},
		{"a table is in another schema", anyVersion, `FOR ALL TABLES`, `ALTER TABLE t SET SCHEMA other; INSERT INTO other.t VALUES (1); ALTER TABLE other.t SET SCHEMA public`, []string{"t"}},
		{"a WHERE clause", 15, "", `ALTER PUBLICATION tablewire SET TABLE t WHERE (id > 5), u, p; INSERT INTO t VALUES (1); ALTER PUBLICATION tablewire SET TABLE t, u, p`, []string{"t"}},
		{"a WHERE clause is another one", 15, `FOR TABLE t WHERE (id < 10), u`, `ALTER PUBLICATION tablewire SET TABLE t WHERE (id > 5), u; INSERT INTO t VALUES (1); ALTER PUBLICATION tablewire SET TABLE t WHERE (id < 10), u`, []string{"t"}},
		{"a list of columns", 15, "", `ALTER PUBLICATION tablewire SET TABLE t (id), u, p; INSERT INTO t VALUES (1); ALTER PUBLICATION tablewire SET TABLE t, u, p`, []string{"t"}},
		{"a schema is taken out", 15, `FOR TABLES IN SCHEMA public`, `ALTER PUBLICATION tablewire DROP TABLES IN SCHEMA public; INSERT INTO t VALUES (1); ALTER PUBLICATION tablewire ADD TABLES IN SCHEMA public`, []string{"t", "u"}},
		{"a table is moved out of a schema", 15, `FOR TABLES IN SCHEMA public`, `ALTER TABLE t SET SCHEMA other; INSERT INTO other.t VALUES (1); ALTER TABLE other.t SET SCHEMA public`, []string{"t"}},
		{"generated columns", 18, "", `ALTER PUBLICATION tablewire SET (publish_generated_columns = none); INSERT INTO t VALUES (1); ALTER PUBLICATION tablewire SET (publish_generated_columns = stored)`, []string{"p", "t", "u"}},
		{"a partition is UNLOGGED", anyVersion, "", `ALTER TABLE p1 SET UNLOGGED; INSERT INTO p VALUES (1); ALTER TABLE p1 SET LOGGED`, []string{"p"}},
		{"a table that is not named is UNLOGGED", anyVersion, `FOR ALL TABLES`, `ALTER TABLE t SET UNLOGGED; INSERT INTO t VALUES (1); ALTER TABLE t SET LOGGED`, []string{"t"}},

		{"nothing: a partition is rewritten", anyVersion, "", `VACUUM FULL p1`, nil},
		{"nothing: a column comes that needs a TOAST table", anyVersion, `FOR ALL TABLES`, `ALTER TABLE u ADD COLUMN v text`, nil},
		{"nothing: a partitioned table is truncated", anyVersion, "", `TRUNCATE p`, nil},
		{"nothing: a table that is not named is truncated", anyVersion, `FOR ALL TABLES`, `TRUNCATE t`, nil},
		{"nothing: the table's own definition", anyVersion, "", `ALTER TABLE t ADD COLUMN more text DEFAULT 'x'; CREATE INDEX ON t (more); GRANT SELECT ON t TO PUBLIC; ALTER TABLE t REPLICA IDENTITY FULL; ALTER TABLE t DROP COLUMN more; TRUNCATE t; COMMENT ON TABLE t IS 'x'`, nil},
		{"nothing: statistics", anyVersion, "", `ANALYZE t`, nil},
		{"nothing: vacuum", anyVersion, "", `VACUUM FULL t`, nil},
		{"nothing: the catalog is rewritten", anyVersion, "", `VACUUM FULL pg_publication_rel`, nil},
		{"nothing: a comment", anyVersion, "", `COMMENT ON PUBLICATION tablewire IS 'tablewire: ours'`, nil},
		{"nothing: another table comes", anyVersion, "", `CREATE TABLE new (id int PRIMARY KEY)`, nil},
		{"nothing: another table is added", anyVersion, `FOR TABLE t, u`, `ALTER PUBLICATION tablewire ADD TABLE p`, nil},
		{"nothing: another publication", anyVersion, "", `CREATE PUBLICATION another FOR TABLE t; ALTER PUBLICATION another DROP TABLE t; DROP PUBLICATION another`, nil},
		{"nothing: a partition comes", anyVersion, "", `CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20)`, nil},
	}
	for _, version := range pgtest.Versions() {
		for _, foreign := range []string{"", `FOR TABLE t, u`, `FOR ALL TABLES`, `FOR TABLES IN SCHEMA public`, `FOR TABLE t WHERE (id < 10), u`} {
			if version < 15 && (strings.Contains(foreign, "SCHEMA") || strings.Contains(foreign, "WHERE")) {
				continue
			}
			t.Run(fmt.Sprintf("%d %s", version, foreign), func(t *testing.T) {
				t.Parallel()
				looked := make(chan struct{})
				statements := `CREATE SCHEMA other; CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE u (id int PRIMARY KEY);
					CREATE TABLE p (id int PRIMARY KEY, v text) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)`
				if foreign != "" {
					statements += `; CREATE PUBLICATION tablewire ` + foreign
				}
				s := setup(t, pgtest.StartVersion(t, version), statements, func(c *cdc.Config) {
					c.RefreshInterval = 50 * time.Millisecond
					c.CatalogDatabase = &looking{Database: c.CatalogDatabase, looked: looked}
				})
				for i, tc := range cases {
					if tc.foreign != foreign || version < tc.since {
						continue
					}
					s.exec(t, `DELETE FROM t; DELETE FROM p`)
					s.exec(t, tc.alter) // in one transaction, so that no look falls between
					// The first refresh may have begun before, the second sees the alteration, and the
					// third begins when the second has reported it.
					for range 3 {
						receive(t, looked, "a look")
					}
					var broken []string
					for len(s.broken) > 0 {
						name := <-s.broken
						broken = append(broken, name.String())
					}
					slices.Sort(broken)
					if fmt.Sprint(broken) != fmt.Sprint(tc.broken) {
						t.Errorf("%s: changes of %v may be lost, want %v", tc.name, broken, tc.broken)
					}
					if len(s.lost) > 0 || len(s.dropped) > 0 {
						t.Fatalf("%s: %d times all is lost, %d tables are no longer exposed", tc.name, len(s.lost), len(s.dropped))
					}
					s.exec(t, `INSERT INTO u VALUES ($1)`, i)
					for f := s.next(t); !strings.HasPrefix(f, fmt.Sprintf(`{"event":"create","collection_id":"u","data":{"id":%d`, i)); f = s.next(t) {
						continue // of what was altered
					}
				}
			})
		}
	}
}

// The alteration is reported even if refreshes fail while it lasts.
func TestPutBackAfterFailedLooks(t *testing.T) {
	t.Parallel()
	l := &looking{looked: make(chan struct{})}
	s := setup(t, pgtest.Start(t), `CREATE TABLE t (id int PRIMARY KEY)`, func(c *cdc.Config) {
		c.RefreshInterval = 50 * time.Millisecond
		l.Database, c.CatalogDatabase = c.CatalogDatabase, l
	})
	l.fails.Store(true)
	s.exec(t, `ALTER PUBLICATION tablewire DROP TABLE t; INSERT INTO t VALUES (1); ALTER PUBLICATION tablewire ADD TABLE t`)
	for range 3 {
		receive(t, l.looked, "a look")
	}
	if len(s.broken) > 0 {
		t.Fatal("a look that fails tells something")
	}
	l.fails.Store(false)
	s.wantBroken(t)
}

// Config.Interrupted is called when somebody takes kinds of change from our publication, and
// again when they are put back.
func TestPublicationOfOursAltered(t *testing.T) {
	t.Parallel()
	s := setup(t, pgtest.Start(t), `CREATE TABLE t (id int PRIMARY KEY)`, func(c *cdc.Config) { c.RefreshInterval = 50 * time.Millisecond })
	s.exec(t, `ALTER PUBLICATION tablewire SET (publish = 'insert')`)
	s.wantBroken(t)
	s.exec(t, `INSERT INTO t VALUES (1)`)
	s.want(t, `{"event":"create","collection_id":"t","data":{"id":1}}`)
	s.exec(t, `ALTER PUBLICATION tablewire SET (publish = 'insert, update, delete, truncate')`)
	s.wantBroken(t)
	s.exec(t, `DELETE FROM t`)
	s.want(t, `{"event":"delete","collection_id":"t","data":{"id":1}}`)
}
