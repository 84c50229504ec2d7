package integration

import (
	"strings"
	"testing"

	"github.com/tablewire/tablewire/pgserver/pgtest"
)

// What a hand-made publication holds back is said, and the rest arrives.
func TestPublicationByHand(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	if pg.Major() < 15 { // before there were lists of columns and WHERE clauses
		pg = pgtest.StartVersion(t, 15)
	}
	db := connect(t, pg.NewDatabase(t))
	db.run(t, `CREATE TABLE t (id int PRIMARY KEY, secret text, flag bool);
		CREATE PUBLICATION wire_by_hand FOR TABLE t (id, flag) WHERE (id < 100) WITH (publish = 'insert')`)
	s := serve(t, db.url, "by_hand")
	for _, want := range []string{"leaves out every update, delete, truncate", "has a WHERE clause for table", "has a list of columns for table"} {
		if !strings.Contains(s.output(), want) {
			t.Errorf("the log does not say %q:\n%s", want, s.output())
		}
	}
	w := watch(t, s, "t", nil)
	flagged := watch(t, s, "t", map[string]any{"flag": true})
	db.run(t, `INSERT INTO t VALUES (1, 'hush', true), (200, 'hush', true)`)
	db.run(t, `UPDATE t SET flag = false`)
	db.run(t, `INSERT INTO t VALUES (2, 'hush', false)`)
	w.want(t, `{"event":"create","collection_id":"t","data":{"id":1,"flag":true}}`)
	w.want(t, `{"event":"create","collection_id":"t","data":{"id":2,"flag":false}}`)
	flagged.want(t, `{"event":"create","collection_id":"t","data":{"id":1,"flag":true}}`)
	hidden := dial(t, s, "t")
	hidden.send(t, map[string]any{"api_key": apiKey, "filters": map[string]any{"secret": "hush"}})
	if m := hidden.next(t); !strings.Contains(m, "Invalid filter") {
		t.Errorf("a column that is held back can be filtered on: %s", m)
	}
}

// A partition that is named is a collection of its own, whose rows come.
func TestPartitionByName(t *testing.T) {
	t.Parallel()
	db := connect(t, pgtest.Start(t).NewDatabase(t))
	db.run(t, `CREATE TABLE parted (id int PRIMARY KEY, n int) PARTITION BY RANGE (id);
		CREATE TABLE low PARTITION OF parted FOR VALUES FROM (0) TO (10);
		CREATE TABLE high (n int, id int PRIMARY KEY); ALTER TABLE parted ATTACH PARTITION high FOR VALUES FROM (10) TO (20)`)
	s := serve(t, db.url, "by_name", "--tables", "low,high")
	low, high := watch(t, s, "low", nil), watch(t, s, "high", nil)
	db.run(t, `INSERT INTO parted VALUES (1, 5), (11, 6)`)
	low.want(t, `{"event":"create","collection_id":"low","data":{"id":1,"n":5}}`)
	high.want(t, `{"event":"create","collection_id":"high","data":{"n":6,"id":11}}`)
}
