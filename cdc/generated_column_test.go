package cdc_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tablewire/tablewire/cdc"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
	"github.com/tablewire/tablewire/protocol"
)

// The server's version decides which generated columns arrive. A table's own statements never
// fail because it is published.
func TestGeneratedColumns(t *testing.T) {
	t.Parallel()
	for _, major := range pgtest.Versions() {
		t.Run(fmt.Sprintf("PostgreSQL%d", major), func(t *testing.T) {
			t.Parallel()
			s := setup(t, pgtest.StartVersion(t, major), `
				CREATE TABLE t (id int PRIMARY KEY, a int, s int GENERATED ALWAYS AS (a * 2) STORED);
				CREATE TABLE f (id int PRIMARY KEY, a int, s int GENERATED ALWAYS AS (a * 2) STORED);
				ALTER TABLE f REPLICA IDENTITY FULL`,
				func(c *cdc.Config) { c.RefreshInterval = 50 * time.Millisecond })
			stored := func(a int) string {
				if major < 18 {
					return ""
				}
				return fmt.Sprintf(`,"s":%d`, 2*a)
			}
			for _, table := range []string{"t", "f"} {
				s.exec(t, fmt.Sprintf(`INSERT INTO %s VALUES (1, 1); UPDATE %s SET a = 2; DELETE FROM %s`, table, table, table))
				old, deleted := "", ""
				if table == "f" {
					old = `,"old_data":{"a":1` + stored(1) + `}`
					deleted = `,"old_data":{"id":1,"a":2` + stored(2) + `}`
				}
				event := func(op string) string { return `{"event":"` + op + `","collection_id":"` + table + `","data":{"id":1` }
				s.want(t,
					event("create")+`,"a":1`+stored(1)+`}}`,
					event("update")+`,"a":2`+stored(2)+`}`+old+`}`,
					event("delete")+`}`+deleted+`}`)
			}
			if major < 18 {
				return
			}
			s.exec(t, `
				CREATE TABLE v (id int PRIMARY KEY, a int, s int GENERATED ALWAYS AS (a * 2) VIRTUAL);
				CREATE TABLE vf (id int PRIMARY KEY, a int, s int GENERATED ALWAYS AS (a * 2) VIRTUAL);
				ALTER TABLE vf REPLICA IDENTITY FULL`)
			if _, err := s.stream.Catalog().Resolve(t.Context(), "v"); err != nil {
				t.Fatal(err)
			}
			if _, err := s.stream.Catalog().Resolve(t.Context(), "vf"); !errors.Is(err, protocol.ErrCollectionNotFound) {
				t.Errorf("a table whose UPDATE would fail is exposed: %v", err)
			}
			s.exec(t, `INSERT INTO vf VALUES (1, 1); UPDATE vf SET a = 2; DELETE FROM vf`)
			s.exec(t, `INSERT INTO v VALUES (1, 1)`)
			if got := s.next(t); !strings.HasSuffix(got, `"data":{"id":1,"a":1}}`) {
				t.Errorf("got %s", got)
			}
		})
	}
}
