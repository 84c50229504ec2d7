package integration

import (
	"strings"
	"testing"

	"github.com/tablewire/tablewire/pgserver/pgtest"
)

// A row that is longer than what may wait for a client reaches one that reads, with
// what comes behind it; one that is longer than what is delivered comes without its
// longest value.
func TestLongRows(t *testing.T) {
	t.Parallel()
	db := connect(t, pgtest.Start(t).NewDatabase(t))
	db.run(t, `CREATE TABLE t (id int PRIMARY KEY, body text)`)
	s := serve(t, db.url, "long_rows", "--queue-bytes", "64KiB", "--row-bytes", "6MiB")
	w := watch(t, s, "t", nil)
	const long, tooLong = 5 << 20, 7 << 20
	// One after the other in one transaction: the second comes while the first is written.
	db.run(t, `INSERT INTO t SELECT 1, repeat('x', $1::int) UNION ALL SELECT 2, 'y'`, long)
	db.run(t, `INSERT INTO t VALUES (3, 'secret' || repeat('z', $1::int))`, tooLong)
	db.run(t, `INSERT INTO t VALUES (4, 'end')`)
	w.want(t,
		`{"event":"create","collection_id":"t","data":{"id":1,"body":"`+strings.Repeat("x", long)+`"}}`,
		`{"event":"create","collection_id":"t","data":{"id":2,"body":"y"}}`,
		`{"event":"create","collection_id":"t","data":{"id":3},"omitted":["body"]}`,
		`{"event":"create","collection_id":"t","data":{"id":4,"body":"end"}}`)
	if metrics := get(t, "http://"+s.admin+"/metrics"); !strings.Contains(metrics, "\ntablewire_omitted_values_total 1\n") {
		t.Error("the metrics do not say what was omitted")
	}
	if out := s.output(); !strings.Contains(out, "table=t columns=[body] limit=6291456") || strings.Contains(out, "secret") {
		t.Errorf("the log does not say what was omitted, or says too much:\n%s", out)
	}
}
