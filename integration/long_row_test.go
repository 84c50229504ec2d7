package integration

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// A row that is longer than --queue-bytes reaches a client that reads, and so do the rows
// after it. A row that is longer than --row-bytes comes without its longest value.
func TestLongRows(t *testing.T) {
	t.Parallel()
	db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
	db.Run(t, `CREATE TABLE t (id int PRIMARY KEY, body text)`)
	s := harness.Serve(t, db.URL, "long_rows", "--queue-bytes", "64KiB", "--row-bytes", "6MiB")
	w := harness.Subscribe(t, s, "t", nil)
	const long, tooLong = 5 << 20, 7 << 20
	// Both rows are in one transaction, so the second one is queued while the first is written.
	db.Run(t, `INSERT INTO t SELECT 1, repeat('x', $1::int) UNION ALL SELECT 2, 'y'`, long)
	db.Run(t, `INSERT INTO t VALUES (3, 'secret' || repeat('z', $1::int))`, tooLong)
	db.Run(t, `INSERT INTO t VALUES (4, 'end')`)
	w.Want(t,
		`{"event":"create","collection_id":"t","data":{"id":1,"body":"`+strings.Repeat("x", long)+`"}}`,
		`{"event":"create","collection_id":"t","data":{"id":2,"body":"y"}}`,
		`{"event":"create","collection_id":"t","data":{"id":3},"omitted":["body"]}`,
		`{"event":"create","collection_id":"t","data":{"id":4,"body":"end"}}`)
	if metrics := s.Metrics(t); !strings.Contains(metrics, "\ntablewire_omitted_values_total 1\n") {
		t.Error("the metrics do not count the omitted value")
	}
	if out := s.Output(); !strings.Contains(out, "table=t columns=[body] limit=6291456") || strings.Contains(out, "secret") {
		t.Errorf("the log does not name the omitted column, or it contains the value:\n%s", out)
	}
}

// The defaults of --row-bytes and --queue-bytes fit together: a client that does not read for
// a while can have two of the longest rows in its queue, even if JSON needs two bytes for each
// byte of theirs. The server does not close it, and the client gets both.
func TestTwoLongRowsWait(t *testing.T) {
	t.Parallel()
	db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
	db.Run(t, `CREATE TABLE t (id int PRIMARY KEY, body text)`)
	s := harness.Serve(t, db.URL, "two_long_rows")
	const length = 2<<20 - 1
	late := harness.SubscribeUnread(t, s, "t")
	next := func() string {
		_, m, err := late.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		return string(m)
	}
	w := harness.Subscribe(t, s, "t", nil)
	db.Run(t, `INSERT INTO t SELECT id, repeat('"', $1::int) FROM generate_series(1, 2) id`, length)
	var rows []string
	for id := range 2 {
		rows = append(rows, fmt.Sprintf(`{"event":"create","collection_id":"t","data":{"id":%d,"body":"%s"}}`, id+1, strings.Repeat(`\"`, length)))
	}
	w.Want(t, rows...) // so both rows are in the queue of late, but for what the kernel took
	for _, want := range rows {
		if f := next(); f != want {
			t.Errorf("the client gets %.100s, want %.100s", f, want)
		}
	}
}
