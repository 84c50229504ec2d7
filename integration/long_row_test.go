package integration

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// A row that is longer than what may wait for a client reaches one that reads, with
// what comes behind it; one that is longer than what is delivered comes without its
// longest value.
func TestLongRows(t *testing.T) {
	t.Parallel()
	db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
	db.Run(t, `CREATE TABLE t (id int PRIMARY KEY, body text)`)
	s := harness.Serve(t, db.URL, "long_rows", "--queue-bytes", "64KiB", "--row-bytes", "6MiB")
	w := harness.Subscribe(t, s, "t", nil)
	const long, tooLong = 5 << 20, 7 << 20
	// One after the other in one transaction: the second comes while the first is written.
	db.Run(t, `INSERT INTO t SELECT 1, repeat('x', $1::int) UNION ALL SELECT 2, 'y'`, long)
	db.Run(t, `INSERT INTO t VALUES (3, 'secret' || repeat('z', $1::int))`, tooLong)
	db.Run(t, `INSERT INTO t VALUES (4, 'end')`)
	w.Want(t,
		`{"event":"create","collection_id":"t","data":{"id":1,"body":"`+strings.Repeat("x", long)+`"}}`,
		`{"event":"create","collection_id":"t","data":{"id":2,"body":"y"}}`,
		`{"event":"create","collection_id":"t","data":{"id":3},"omitted":["body"]}`,
		`{"event":"create","collection_id":"t","data":{"id":4,"body":"end"}}`)
	if metrics := s.Metrics(t); !strings.Contains(metrics, "\ntablewire_omitted_values_total 1\n") {
		t.Error("the metrics do not say what was omitted")
	}
	if out := s.Output(); !strings.Contains(out, "table=t columns=[body] limit=6291456") || strings.Contains(out, "secret") {
		t.Errorf("the log does not say what was omitted, or says too much:\n%s", out)
	}
}

// The defaults of --row-bytes and --queue-bytes fit together: two of the longest rows
// may wait for a client that does not read for a while, even where JSON needs two bytes
// for each of theirs. It is not closed, and gets both.
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
	w.Want(t, rows...) // the other's wait, but for what the kernel takes
	for _, want := range rows {
		if f := next(); f != want {
			t.Errorf("it gets %.100s, want %.100s", f, want)
		}
	}
}
