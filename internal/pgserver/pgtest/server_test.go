package pgtest_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(t.Context()) })
	return conn
}

func query[T any](t *testing.T, conn *pgx.Conn, sql string, args ...any) T {
	t.Helper()
	var v T
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func exec(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func TestStart(t *testing.T) {
	t.Parallel()
	s := pgtest.Start(t)
	if again := pgtest.Start(t); again != s {
		t.Error("the second Start gave another server")
	}
	conn := connect(t, s.URL("postgres"))
	for name, want := range map[string]string{
		"wal_level":             "logical",
		"max_wal_senders":       "20",
		"max_replication_slots": "20",
		"fsync":                 "off",
		"server_encoding":       "UTF8",
	} {
		if got := query[string](t, conn, "SELECT current_setting($1)", name); got != want {
			t.Errorf("%s = %s, want %s", name, got, want)
		}
	}
	if got := query[int](t, conn, "SELECT current_setting('server_version_num')::int / 10000"); got != s.Major() {
		t.Errorf("Major = %d (of %s), want %d", s.Major(), s.Version(), got)
	}
}

func TestStartVersion(t *testing.T) {
	t.Parallel()
	major := pgtest.Start(t).Major()
	s := pgtest.StartVersion(t, major)
	if again := pgtest.StartVersion(t, major); again != s {
		t.Error("the second StartVersion gave another server")
	}
	if s.Major() != major {
		t.Errorf("version %d, want %d", s.Major(), major)
	}
}

// TestVersions fails if this machine can't run one of the supported versions.
func TestVersions(t *testing.T) {
	t.Parallel()
	all := pgtest.Versions()
	if _, err := strconv.Atoi(os.Getenv("TABLEWIRE_TEST_POSTGRES")); err == nil {
		if len(all) != 1 {
			t.Errorf("Versions are %v, want the one of TABLEWIRE_TEST_POSTGRES", all)
		}
	} else if all[0] != 14 || all[len(all)-1] != 19 {
		t.Errorf("Versions are %v", all)
	}
	for _, major := range all {
		t.Run(fmt.Sprintf("PostgreSQL%d", major), func(t *testing.T) {
			t.Parallel()
			if s := pgtest.StartVersion(t, major); s.Major() != major {
				t.Errorf("version %d, want %d", s.Major(), major)
			}
		})
	}
}

func TestSeparate(t *testing.T) {
	t.Parallel()
	s := pgtest.Separate(t, map[string]string{"wal_level": "replica"})
	if s == pgtest.Start(t) {
		t.Fatal("Separate returned the shared server")
	}
	if got := query[string](t, connect(t, s.URL("postgres")), "SHOW wal_level"); got != "replica" {
		t.Errorf("wal_level = %s, want replica", got)
	}
}

func TestStandby(t *testing.T) {
	t.Parallel()
	primary := pgtest.SeparateVersion(t, 17, nil)
	exec(t, connect(t, primary.URL("postgres")), "CREATE TABLE before AS SELECT 1 AS n")
	standby := primary.Standby(t, map[string]string{"hot_standby_feedback": "on"})
	exec(t, connect(t, primary.URL("postgres")), "CREATE TABLE after AS SELECT 2 AS n")
	conn := connect(t, standby.URL("postgres"))
	deadline := time.Now().Add(20 * time.Second)
	for query[int](t, conn, "SELECT count(*) FROM pg_class WHERE relname IN ('before', 'after')") < 2 {
		if time.Now().After(deadline) {
			t.Fatal("the primary's writes don't reach the standby")
		}
		time.Sleep(10 * time.Millisecond)
	}
	if !query[bool](t, conn, "SELECT pg_is_in_recovery() AND current_setting('hot_standby_feedback')::bool") {
		t.Error("the server is not a standby, or lacks its settings")
	}
	query[bool](t, conn, "SELECT pg_promote()")
	if query[bool](t, conn, "SELECT pg_is_in_recovery()") {
		t.Error("the standby was not promoted")
	}
}

func TestServer(t *testing.T) {
	t.Parallel()
	for name, restart := range map[string]func(*pgtest.Server, *testing.T){
		"Restart":        func(s *pgtest.Server, t *testing.T) { s.Restart(t) },
		"CrashAndResume": func(s *pgtest.Server, t *testing.T) { s.Crash(t); s.Resume(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := pgtest.Separate(t, nil)
			url := s.NewDatabase(t)
			conn := connect(t, url)
			exec(t, conn, "CREATE TABLE kept AS SELECT 42 AS n")
			before := query[string](t, conn, "SELECT pg_postmaster_start_time()::text")
			restart(s, t)
			if err := conn.Ping(t.Context()); err == nil {
				t.Error("the connection outlived its server")
			}
			again := connect(t, url)
			if got := query[int](t, again, "SELECT n FROM kept"); got != 42 {
				t.Errorf("kept %d, want 42", got)
			}
			if after := query[string](t, again, "SELECT pg_postmaster_start_time()::text"); after == before {
				t.Error("the server was not restarted")
			}
		})
	}
	t.Run("StopEndsIt", func(t *testing.T) {
		t.Parallel()
		s := pgtest.Separate(t, nil)
		url := s.NewDatabase(t)
		s.Stop(t)
		if conn, err := pgx.Connect(t.Context(), url); err == nil {
			conn.Close(t.Context())
			t.Error("a stopped server took a connection")
		}
	})
}

func TestNewDatabase(t *testing.T) { //nolint:tparallel // the first subtest ends before the rest looks
	t.Parallel()
	s := pgtest.Start(t)
	admin := connect(t, s.URL("postgres"))
	var name string
	t.Run("InUse", func(inner *testing.T) {
		url := s.NewDatabase(inner)
		if other := s.NewDatabase(inner); other == url {
			t.Error("two databases have one name")
		}
		// The outer test owns the connections: they are open when the database is dropped.
		conn := connect(t, url)
		name = query[string](t, conn, "SELECT current_database()")
		query[string](t, conn, "SELECT pg_create_logical_replication_slot('idle_'||current_database(), 'pgoutput')::text")
		streamFrom(t, url, name)
	})
	if query[bool](t, admin, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name) {
		t.Errorf("database %s is still there", name)
	}
	if query[bool](t, admin, "SELECT EXISTS (SELECT FROM pg_replication_slots WHERE database = $1)", name) {
		t.Errorf("database %s still has slots", name)
	}
}

// streamFrom opens a replication connection that uses a slot until the test ends.
func streamFrom(t *testing.T, url, name string) {
	t.Helper()
	exec(t, connect(t, url), "CREATE PUBLICATION p")
	conn, err := pgconn.Connect(t.Context(), url+"&replication=database")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Conn().Close() })
	slot := "busy_" + name
	if _, err := pglogrepl.CreateReplicationSlot(t.Context(), conn, slot, "pgoutput", pglogrepl.CreateReplicationSlotOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := pglogrepl.StartReplication(t.Context(), conn, slot, 0, pglogrepl.StartReplicationOptions{
		PluginArgs: []string{"proto_version '1'", "publication_names 'p'"},
	}); err != nil {
		t.Fatal(err)
	}
}
