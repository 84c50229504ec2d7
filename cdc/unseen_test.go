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
	"github.com/tablewire/tablewire/protocol/wal"
)

// When rows come, go or change without events, Config.Unseen is called. It is not called when
// the rows stay as they are.
func TestUnseen(t *testing.T) {
	t.Parallel()
	for _, major := range pgtest.Versions() {
		t.Run(fmt.Sprintf("PostgreSQL %d", major), func(t *testing.T) {
			t.Parallel()
			server := pgtest.StartVersion(t, major)
			testUnseen(t, server, major)
		})
	}
}

// A plain table, and a partitioned one with rows in each of its partitions. Some were
// analyzed, as most tables are after a while.
const unseenTables = `
		CREATE TABLE plain (id int PRIMARY KEY, n int, v varchar(20), g int GENERATED ALWAYS AS (id * 2) STORED);
		INSERT INTO plain SELECT i, i, 'x' FROM generate_series(1, 100) i;
		CREATE TABLE parted (id int PRIMARY KEY, n int, v varchar(20)) PARTITION BY RANGE (id);
		CREATE TABLE low PARTITION OF parted FOR VALUES FROM (0) TO (10);
		CREATE TABLE mid PARTITION OF parted FOR VALUES FROM (10) TO (20);
		CREATE TABLE deep PARTITION OF parted FOR VALUES FROM (20) TO (40) PARTITION BY RANGE (id);
		CREATE TABLE deep_1 PARTITION OF deep FOR VALUES FROM (20) TO (30);
		INSERT INTO parted SELECT i, i, 'x' FROM generate_series(1, 29) i;
		ANALYZE plain, low, mid;
		CREATE TABLE rest (id int PRIMARY KEY, n int, v varchar(20)); CREATE TABLE empty (LIKE rest INCLUDING ALL);
		INSERT INTO rest SELECT i, i, 'x' FROM generate_series(50, 59) i`

func testUnseen(t *testing.T, server *pgtest.Server, major int) {
	const (
		rewritten = "the table was rewritten"
		attached  = "a partition was attached"
		detached  = "a partition was detached or dropped"
		truncated = "a partition was truncated"
	)
	tests := []struct {
		statements string
		why        string // one of them; "": nobody is told
		from       int    // the first major version that knows it
	}{
		{`ALTER TABLE plain ALTER n TYPE int USING n * 100`, rewritten, 0},
		{`BEGIN; SAVEPOINT s; ALTER TABLE plain ALTER n TYPE int USING n * 100; RELEASE s; ALTER TABLE plain ADD more int; COMMIT`, rewritten, 0},
		{`ALTER TABLE plain ALTER n TYPE int USING n * 100; VACUUM FULL plain; ANALYZE plain`, rewritten, 0},
		{`ALTER TABLE plain ALTER v TYPE varchar(20) USING upper(v)`, rewritten, 0},
		{`ALTER TABLE plain ALTER g SET EXPRESSION AS (id * 3)`, rewritten, 17},
		{`ALTER TABLE parted ALTER n TYPE int USING n * 100`, rewritten, 0},
		{`ALTER TABLE plain ALTER v TYPE varchar(30), ALTER n SET NOT NULL, ALTER n SET STATISTICS 7`, "", 0},
		{`ALTER TABLE plain ADD r float8 DEFAULT random()`, "", 0},
		{`ALTER TABLE plain ADD c int DEFAULT 5; ALTER TABLE plain DROP g`, "", 0},
		{`VACUUM FULL plain; CLUSTER plain USING plain_pkey; VACUUM (FULL) low; VACUUM mid`, "", 0},
		{`REPACK plain; REPACK low`, "", 19},
		{`TRUNCATE plain`, "", 0},
		{`TRUNCATE parted`, "", 0},
		{`TRUNCATE parted, plain; ANALYZE parted`, "", 0},
		{`ALTER TABLE parted REPLICA IDENTITY FULL; ALTER TABLE low REPLICA IDENTITY FULL; CREATE INDEX ON parted (n)`, "", 0},
		{`TRUNCATE low`, truncated, 0},
		{`TRUNCATE deep`, truncated, 0},
		{`TRUNCATE low; INSERT INTO low VALUES (1); ANALYZE low`, truncated, 0},
		{`TRUNCATE parted; INSERT INTO parted VALUES (1); TRUNCATE low`, truncated, 0},
		{`CREATE TABLE high PARTITION OF parted FOR VALUES FROM (40) TO (50)`, "", 0},
		{`CREATE TABLE high PARTITION OF parted FOR VALUES FROM (40) TO (50); INSERT INTO parted VALUES (41); ALTER TABLE high REPLICA IDENTITY FULL, ADD CHECK (n > 0); ANALYZE high`, "", 0},
		{`BEGIN; CREATE TABLE high PARTITION OF parted FOR VALUES FROM (40) TO (50); SAVEPOINT s; INSERT INTO parted VALUES (41); COMMIT`, "", 0},
		{`CREATE TABLE high PARTITION OF parted FOR VALUES FROM (40) TO (50); INSERT INTO parted VALUES (41); TRUNCATE high`, rewritten + " or " + truncated, 0},
		{`CREATE TABLE deep_2 PARTITION OF deep FOR VALUES FROM (30) TO (40); INSERT INTO parted VALUES (31)`, "", 0},
		{`ALTER TABLE parted ATTACH PARTITION empty FOR VALUES FROM (50) TO (60)`, "", 0},
		{`ALTER TABLE parted ATTACH PARTITION rest FOR VALUES FROM (50) TO (60)`, attached, 0},
		{`ALTER TABLE deep DETACH PARTITION deep_1; ALTER TABLE deep ATTACH PARTITION deep_1 FOR VALUES FROM (20) TO (30)`, attached, 0},
		{`ALTER TABLE parted DETACH PARTITION deep; ALTER TABLE parted ATTACH PARTITION deep FOR VALUES FROM (20) TO (40)`, attached, 0},
		{`BEGIN; CREATE TABLE high (LIKE parted INCLUDING ALL); INSERT INTO high VALUES (41); ALTER TABLE parted ATTACH PARTITION high FOR VALUES FROM (40) TO (50); COMMIT`, attached, 0},
		{`ALTER TABLE parted DETACH PARTITION mid`, detached, 0},
		{`ALTER TABLE parted DETACH PARTITION mid CONCURRENTLY`, detached, 0},
		{`ALTER TABLE deep DETACH PARTITION deep_1`, detached, 0},
		{`ALTER TABLE parted DETACH PARTITION deep`, detached, 0},
		{`DROP TABLE low`, detached, 0},
	}
	for i, test := range tests {
		if major < test.from {
			continue
		}
		t.Run(fmt.Sprint("case ", i), func(t *testing.T) {
			t.Parallel()
			s := setup(t, server, unseenTables, look)
			s.settled(t)
			for statement := range strings.SplitSeq(test.statements, "; ") {
				s.exec(t, statement) // VACUUM is none of several
			}
			s.settled(t)
			if got := s.told(); (got == "") != (test.why == "") || !strings.Contains(test.why, got) {
				t.Errorf("%s\ntold %q, want %q", test.statements, got, test.why)
			}
		})
	}

	// What happened before the stream started, which reads it late.
	for i, test := range []struct {
		statements string
		told       bool
	}{
		{`UPDATE plain SET v = 'y'; ALTER TABLE parted ADD c int; CREATE TABLE high PARTITION OF parted FOR VALUES FROM (40) TO (50); INSERT INTO parted VALUES (41)`, false},
		{`UPDATE plain SET v = 'y'; ALTER TABLE plain ALTER n TYPE int USING n * 100`, true},
		{`UPDATE parted SET v = 'y'; ALTER TABLE parted ATTACH PARTITION rest FOR VALUES FROM (50) TO (60)`, true},
		{`UPDATE parted SET v = 'y'; TRUNCATE low`, true},
		{`UPDATE parted SET v = 'y'; TRUNCATE parted`, false},
	} {
		t.Run(fmt.Sprint("late ", i), func(t *testing.T) {
			t.Parallel()
			// Another slot keeps PostgreSQL from knowing exactly what ours has been read past.
			older := fmt.Sprintf("SELECT pg_create_logical_replication_slot('older_%d_%d', 'pgoutput');", major, i)
			s := setup(t, server, older+unseenTables, look)
			s.settled(t)
			if got := s.told(); got != "" {
				t.Fatalf("told %q before anything happened", got)
			}
			for statement := range strings.SplitSeq(test.statements, "; ") {
				s.exec(t, statement)
			}
			s.start(t, look)
			s.settled(t)
			if got := s.told(); (got != "") != test.told {
				t.Errorf("%s\ntold %q", test.statements, got)
			}
		})
	}
}

// look makes refreshes frequent.
func look(c *cdc.Config) { c.RefreshInterval = 100 * time.Millisecond }

// told ends the stream and returns the last reason that Config.Unseen got.
func (s *subject) told() (why string) {
	s.stop()
	close(s.unseen)
	for why = range s.unseen { //nolint:revive // the last one is wanted
	}
	return why
}

// settled waits for a refresh, and until the stream has reached the end of the log as of the
// refresh.
func (s *subject) settled(t *testing.T) {
	t.Helper()
	until(t, "the catalog is read again", func() bool {
		_, err := s.stream.Catalog().Resolve(t.Context(), "no such table")
		return errors.Is(err, protocol.ErrCollectionNotFound)
	})
	var lsn string
	if err := s.conn.QueryRow(t.Context(), `SELECT pg_logical_emit_message(true, 'test', '')::text`).Scan(&lsn); err != nil {
		t.Fatal(err)
	}
	at, err := wal.ParseLSN(lsn)
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the stream has come as far", func() bool { return s.stream.Stats().Confirmed >= at })
}
