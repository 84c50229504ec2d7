package integration

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// The log says what a publication made by hand leaves out. The rest arrives.
func TestPublicationByHand(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	if pg.Major() < 15 { // lists of columns and WHERE clauses came with 15
		pg = pgtest.StartVersion(t, 15)
	}
	db := harness.Connect(t, pg.NewDatabase(t))
	db.Run(t, `CREATE TABLE t (id int PRIMARY KEY, secret text, flag bool);
		CREATE PUBLICATION wire_by_hand FOR TABLE t (id, flag) WHERE (id < 100) WITH (publish = 'insert')`)
	s := harness.Serve(t, db.URL, "by_hand")
	for _, want := range []string{"leaves out every update, delete, truncate", "has a WHERE clause for table", "has a list of columns for table"} {
		if !strings.Contains(s.Output(), want) {
			t.Errorf("the log does not say %q:\n%s", want, s.Output())
		}
	}
	w := harness.Subscribe(t, s, "t", nil)
	flagged := harness.Subscribe(t, s, "t", map[string]any{"flag": true})
	db.Run(t, `INSERT INTO t VALUES (1, 'hush', true), (200, 'hush', true)`)
	db.Run(t, `UPDATE t SET flag = false`)
	db.Run(t, `INSERT INTO t VALUES (2, 'hush', false)`)
	w.Want(t, `{"event":"create","collection_id":"t","data":{"id":1,"flag":true}}`)
	w.Want(t, `{"event":"create","collection_id":"t","data":{"id":2,"flag":false}}`)
	flagged.Want(t, `{"event":"create","collection_id":"t","data":{"id":1,"flag":true}}`)
	hidden := harness.NewClient(t, s, "collections/t", nil)
	hidden.Send(t, map[string]any{"api_key": harness.APIKey, "filters": map[string]any{"secret": "hush"}})
	if m := hidden.Next(t); !strings.Contains(m, "Invalid filter") {
		t.Errorf("a filter on a column that is not published gets %s, want an error", m)
	}
}

// A partition that --tables names is a collection of its own.
func TestPartitionByName(t *testing.T) {
	t.Parallel()
	db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
	db.Run(t, `CREATE TABLE parted (id int PRIMARY KEY, n int) PARTITION BY RANGE (id);
		CREATE TABLE low PARTITION OF parted FOR VALUES FROM (0) TO (10);
		CREATE TABLE high (n int, id int PRIMARY KEY); ALTER TABLE parted ATTACH PARTITION high FOR VALUES FROM (10) TO (20)`)
	s := harness.Serve(t, db.URL, "by_name", "--tables", "low,high")
	low, high := harness.Subscribe(t, s, "low", nil), harness.Subscribe(t, s, "high", nil)
	db.Run(t, `INSERT INTO parted VALUES (1, 5), (11, 6)`)
	low.Want(t, `{"event":"create","collection_id":"low","data":{"id":1,"n":5}}`)
	high.Want(t, `{"event":"create","collection_id":"high","data":{"n":6,"id":11}}`)
}

// Two servers on one database have a publication each, named after their slots. A server that
// is given another's publication does not change it.
func TestTwoServers(t *testing.T) {
	t.Parallel()
	db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
	db.Run(t, `CREATE TABLE orders (id int PRIMARY KEY); CREATE TABLE stock (id int PRIMARY KEY)`)
	one, two := harness.ServeNamed(t, db.URL, "--slot", "side_one"), harness.ServeNamed(t, db.URL, "--slot", "side_two", "--tables", "orders")
	intruder := harness.ServeNamed(t, db.URL, "--slot", "side_three", "--publication", "side_one", "--tables", "orders")
	if !strings.Contains(intruder.Output(), `is kept by the Tablewire of slot "side_one"`) || !strings.Contains(intruder.Output(), "give this server a publication of its own with --publication") {
		t.Errorf("the log does not say what to do:\n%s", intruder.Output())
	}
	watched := []harness.Client{harness.Subscribe(t, one, "orders", nil), harness.Subscribe(t, one, "stock", nil), harness.Subscribe(t, two, "orders", nil), harness.Subscribe(t, intruder, "orders", nil)}
	const rows = 76
	for id := range rows {
		db.Run(t, `INSERT INTO orders VALUES ($1)`, id)
		db.Run(t, `INSERT INTO stock VALUES ($1)`, id)
		if id%20 == 10 {
			for _, s := range []*harness.Server{one, two, intruder} {
				refreshTables(t, s)
			}
		}
	}
	for i, w := range watched {
		for id := range rows {
			w.Want(t, fmt.Sprintf(`{"event":"create","collection_id":"%s","data":{"id":%d}}`, []string{"orders", "stock", "orders", "orders"}[i], id))
		}
	}
	got := harness.Query[string](t, db, `SELECT pubname || ' ' || tablename FROM pg_publication_tables ORDER BY 1`)
	if want := "[side_one orders side_one stock side_two orders]"; fmt.Sprint(got) != want {
		t.Errorf("the publications have %v, want %s", got, want)
	}
	for _, s := range []*harness.Server{one, two, intruder} {
		if n := s.CountLines("may be lost"); n > 0 {
			t.Errorf("the log says %d times that changes may be lost", n)
		}
	}
}

// refreshTables makes a server read the list of tables: it does that when a client names a
// collection that it does not know.
func refreshTables(t *testing.T, s *harness.Server) {
	t.Helper()
	c := harness.NewClient(t, s, "collections/nonesuch", nil)
	c.Send(t, map[string]any{"api_key": harness.APIKey})
	if m := c.Next(t); !strings.Contains(m, "Collection not found") {
		t.Errorf("got %s, want an error", m)
	}
}
