package cdc_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/cdc"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
	"github.com/tablewire/tablewire/protocol"
)

// A database with other formats than those that a stream needs.
const oddFormats = `
	CREATE TABLE t (id int PRIMARY KEY, at timestamptz, i interval, b bytea, f float8);
	DO $$ BEGIN
	  EXECUTE format('ALTER DATABASE %I SET DateStyle = ''German''', current_database());
	  EXECUTE format('ALTER DATABASE %I SET IntervalStyle = ''iso_8601''', current_database());
	  EXECUTE format('ALTER DATABASE %I SET TimeZone = ''Asia/Tokyo''', current_database());
	  EXECUTE format('ALTER DATABASE %I SET bytea_output = ''escape''', current_database());
	  EXECUTE format('ALTER DATABASE %I SET extra_float_digits = 0', current_database());
	  EXECUTE format('ALTER DATABASE %I SET client_encoding = ''LATIN1''', current_database());
	  EXECUTE format('ALTER DATABASE %I SET statement_timeout = ''2s''', current_database());
	END $$`

// A pooler that passes replication on, but drops startup parameters that it does not know,
// does not change the values.
func TestPoolerThatPassesReplication(t *testing.T) {
	t.Parallel()
	for _, major := range pgtest.Versions() {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			server := pgtest.StartVersion(t, major)
			direct := server.NewDatabase(t)
			conn, err := pgx.Connect(t.Context(), direct)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(t.Context())
			s := &subject{url: pgtest.Pooler{Passes: []string{"replication", "application_name"}}.Start(t, direct), slot: slotOf(t), conn: conn}
			s.exec(t, oddFormats)
			s.start(t)
			s.exec(t, `INSERT INTO t VALUES (1, '2024-01-15 10:30:00+00', '1 day 2 hours', '\x00ff', 0.1::float8 + 0.2)`)
			s.want(t, `{"event":"create","collection_id":"t","data":{"id":1,"at":"2024-01-15T10:30:00Z","i":"1 day 02:00:00","b":"\\x00ff","f":0.30000000000000004}}`)
		})
	}
}

// The problem names a pooler that does not pass replication on, whether the pooler drops the
// parameter or refuses it.
func TestPoolerWithoutReplication(t *testing.T) {
	t.Parallel()
	for _, major := range pgtest.Versions() {
		for name, pooler := range map[string]pgtest.Pooler{
			"drops":   {Passes: []string{"application_name"}},
			"refuses": {Passes: []string{"application_name"}, Refuses: true},
		} {
			t.Run(fmt.Sprintf("%d %s", major, name), func(t *testing.T) {
				t.Parallel()
				s := &subject{url: pooler.Start(t, pgtest.StartVersion(t, major).NewDatabase(t)), slot: slotOf(t)}
				var problem *protocol.Problem
				err := cdc.Explain(s.tryStart(t))
				if !errors.As(err, &problem) || !strings.Contains(problem.Hint, "connection pooler is in between") {
					t.Errorf("it ended with %v: %+v", err, problem)
				}
			})
		}
	}
}

// PgBouncer takes a stream for a query, and ends it after query_timeout. The message is that
// of PgBouncer 1.26.1.
func TestExplainOfQueryTimeout(t *testing.T) {
	t.Parallel()
	err := cdc.Explain(fmt.Errorf("the server ended the stream: %w", &pgconn.PgError{Severity: "FATAL", Code: "08P01", Message: "query timeout"}))
	var problem *protocol.Problem
	if !errors.As(err, &problem) || !strings.Contains(problem.Hint, "query_timeout") {
		t.Errorf("explained as %+v", err)
	}
}
