package cdc_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tablewire/tablewire/cdc"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
	"github.com/tablewire/tablewire/protocol/wal"
)

// PostgreSQL does not describe a table again when one of its types is altered, nor when the
// root of a partitioned table or a schema is renamed. Clients see the change all the same.
func TestAltered(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	often := func(c *cdc.Config) { c.RefreshInterval = 50 * time.Millisecond }
	seldom := func(c *cdc.Config) { c.RefreshInterval = time.Hour }
	// labels has, for each change, the labels of the second column as a filter sees them.
	labels := func(into *[][]string) option {
		return func(c *cdc.Config) {
			publish := c.Publish
			c.Publish = func(b *wal.Batch) error {
				for i := range b.Changes {
					*into = append(*into, b.Changes[i].Relation.Columns[1].Type.Labels)
				}
				return publish(b)
			}
		}
	}
	const moods = `CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE t (id int PRIMARY KEY, m mood)`

	t.Run("a label is added, and a row has it", func(t *testing.T) {
		t.Parallel()
		var seen [][]string
		s := setup(t, server, moods, seldom, labels(&seen))
		s.exec(t, `INSERT INTO t VALUES (1, 'ok')`)
		s.next(t)
		s.exec(t, `ALTER TYPE mood ADD VALUE 'glad' BEFORE 'ok'`)
		s.exec(t, `INSERT INTO t VALUES (2, 'glad')`)
		s.want(t, `{"event":"create","collection_id":"t","data":{"id":2,"m":"glad"}}`)
		s.stop()
		if !slices.Contains(seen[1], "glad") {
			t.Errorf("the row with the label is of a table that has %q", seen[1])
		}
	})

	t.Run("a label is added, and a client knows it", func(t *testing.T) {
		t.Parallel()
		var seen [][]string
		s := setup(t, server, moods, seldom, labels(&seen))
		s.exec(t, `INSERT INTO t VALUES (1, 'ok')`)
		s.next(t)
		s.exec(t, `ALTER TYPE mood ADD VALUE 'glad'`)
		until(t, "the label is known", func() bool {
			rel, err := s.stream.Catalog().Resolve(t.Context(), "t")
			if err != nil {
				t.Fatal(err)
			}
			return slices.Contains(rel.Columns[1].Type.Labels, "glad")
		})
		s.exec(t, `INSERT INTO t VALUES (2, 'sad')`)
		s.next(t)
		s.stop()
		if !slices.Contains(seen[1], "glad") {
			t.Errorf("a row after it is of a table that has %q: a filter with the label matches nothing", seen[1])
		}
	})

	t.Run("types are altered one soon after the other", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, `CREATE TYPE pair AS (x int); CREATE TABLE t (id int PRIMARY KEY, p pair)`, seldom)
		s.exec(t, `INSERT INTO t VALUES (1, ROW(1))`)
		s.want(t, `{"event":"create","collection_id":"t","data":{"id":1,"p":{"x":1}}}`)
		s.exec(t, `ALTER TYPE pair ADD ATTRIBUTE y int`)
		s.exec(t, `INSERT INTO t VALUES (2, (1, 2))`)
		s.want(t, `{"event":"create","collection_id":"t","data":{"id":2,"p":{"x":1,"y":2}}}`)
		s.exec(t, `ALTER TYPE pair ADD ATTRIBUTE z int`)
		s.exec(t, `INSERT INTO t VALUES (3, (1, 2, 3))`)
		s.want(t, `{"event":"create","collection_id":"t","data":{"id":3,"p":{"x":1,"y":2,"z":3}}}`)
	})

	t.Run("a label is renamed", func(t *testing.T) {
		t.Parallel()
		var seen [][]string
		s := setup(t, server, moods, often, labels(&seen))
		s.exec(t, `INSERT INTO t VALUES (0, 'ok')`)
		s.next(t)
		s.exec(t, `ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'`)
		id := 0
		until(t, "the label is known", func() bool {
			id++
			s.exec(t, fmt.Sprintf(`INSERT INTO t VALUES (%d, 'ok')`, id))
			s.next(t)
			return slices.Contains(seen[len(seen)-1], "blue")
		})
	})

	const pairs = `
		CREATE TYPE pair AS (x int, y text);
		CREATE DOMAIN some_pair AS pair;
		CREATE TABLE t (id int PRIMARY KEY, p pair, ps pair[], d some_pair)`

	t.Run("a composite gets and loses an attribute", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, pairs, seldom)
		s.exec(t, `INSERT INTO t VALUES (1, (1, 'a'), ARRAY[(1, 'a')::pair], (1, 'a'))`)
		s.want(t, `{"event":"create","collection_id":"t","data":{"id":1,"p":{"x":1,"y":"a"},"ps":[{"x":1,"y":"a"}],"d":{"x":1,"y":"a"}}}`)
		s.exec(t, `ALTER TYPE pair ADD ATTRIBUTE z bool`)
		s.exec(t, `INSERT INTO t VALUES (2, NULL, ARRAY[(2, 'b', true)::pair], (2, 'b', NULL))`)
		s.want(t, `{"event":"create","collection_id":"t","data":{"id":2,"p":null,"ps":[{"x":2,"y":"b","z":true}],"d":{"x":2,"y":"b","z":null}}}`)
	})

	t.Run("an attribute is renamed", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, pairs, often)
		s.exec(t, `INSERT INTO t (id, p) VALUES (0, (1, 'a'))`)
		s.next(t)
		s.exec(t, `ALTER TYPE pair RENAME ATTRIBUTE x TO "X y"`)
		id := 0
		until(t, "the new name comes", func() bool {
			id++
			s.exec(t, fmt.Sprintf(`INSERT INTO t (id, p) VALUES (%d, (1, 'a'))`, id))
			return s.next(t) == fmt.Sprintf(`{"event":"create","collection_id":"t","data":{"id":%d,"p":{"X y":1,"y":"a"},"ps":null,"d":null}}`, id)
		})
	})

	t.Run("an extension that comes later", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, `CREATE TABLE t (id int PRIMARY KEY)`, seldom)
		s.exec(t, `INSERT INTO t VALUES (1)`)
		s.exec(t, `CREATE EXTENSION hstore; ALTER TABLE t ADD h hstore, ADD hs hstore[]; INSERT INTO t VALUES (2, 'a=>1', ARRAY['b=>NULL'::hstore])`)
		s.want(t,
			`{"event":"create","collection_id":"t","data":{"id":1}}`,
			`{"event":"create","collection_id":"t","data":{"id":2,"h":{"a":"1"},"hs":[{"b":null}]}}`)
	})

	for name, rename := range map[string]struct{ statements, to string }{
		"the root of a partitioned table gets another name": {`ALTER TABLE shop.orders RENAME TO "Old Orders"`, "shop.Old Orders"},
		"a schema gets another name":                        {`ALTER SCHEMA shop RENAME TO store`, "store.orders"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setup(t, server, `
				CREATE SCHEMA shop;
				CREATE TABLE shop.orders (id int PRIMARY KEY) PARTITION BY RANGE (id);
				CREATE TABLE shop.low PARTITION OF shop.orders FOR VALUES FROM (0) TO (10)`, often)
			s.exec(t, `INSERT INTO shop.orders VALUES (1)`)
			s.want(t, `{"event":"create","collection_id":"shop.orders","data":{"id":1}}`)
			s.exec(t, rename.statements)
			// A client that can subscribe under the new name gets what is committed from then on.
			if _, err := s.stream.Catalog().Resolve(t.Context(), rename.to); err != nil {
				t.Fatal(err)
			}
			s.exec(t, `DO $$ BEGIN EXECUTE format('INSERT INTO %s VALUES (2)', (SELECT oid::regclass FROM pg_class WHERE relkind = 'p')); END $$`)
			s.want(t, `{"event":"create","collection_id":"`+rename.to+`","data":{"id":2}}`)
		})
	}
}

// until calls f until it returns true.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !so() {
		if time.Now().After(deadline) {
			t.Fatalf("it never came that %s", what)
		}
		time.Sleep(10 * time.Millisecond) // between two tries
	}
}
