package cdc_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
	"github.com/tablewire/tablewire/protocol"
)

// connected returns a subject whose stream has not started.
func connected(t *testing.T, url string) *subject {
	t.Helper()
	s := &subject{url: url, slot: slotOf(t)}
	var err error
	if s.conn, err = pgx.Connect(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.conn.Close(context.WithoutCancel(t.Context())) })
	return s
}

// wantProblem starts the stream, which must fail with a problem whose What and Hint have these
// texts.
func (s *subject) wantProblem(t *testing.T, what string, hints ...string) {
	t.Helper()
	err := s.tryStart(t)
	var problem *protocol.Problem
	if !errors.As(err, &problem) {
		t.Fatalf("got %v, want a problem: %s", err, what)
	}
	if !strings.Contains(problem.What, what) {
		t.Errorf("got %q, want %q", problem.What, what)
	}
	for _, hint := range hints {
		if !strings.Contains(problem.Hint, hint) {
			t.Errorf("the hint is %q, which does not say %q", problem.Hint, hint)
		}
	}
}

func (s *subject) wantSetting(t *testing.T, name, want string) {
	t.Helper()
	until(t, name+" is "+want, func() bool {
		var got string
		if err := s.conn.QueryRow(t.Context(), `SELECT current_setting($1)`, name).Scan(&got); err != nil {
			t.Fatal(err)
		}
		return got == want
	})
}

// Each version names the wal_level that it needs.
func TestWALLevel(t *testing.T) {
	t.Parallel()
	const table = `CREATE TABLE t (id int PRIMARY KEY)`
	for _, major := range pgtest.Versions() {
		t.Run(fmt.Sprintf("PostgreSQL%d", major), func(t *testing.T) {
			t.Parallel()
			t.Run("minimal", func(t *testing.T) {
				t.Parallel()
				server := pgtest.SeparateVersion(t, major, map[string]string{"wal_level": "minimal", "max_wal_senders": "0"})
				s := connected(t, server.NewDatabase(t))
				enough := "logical"
				if major >= 19 {
					enough = "replica"
				}
				s.wantProblem(t, `wal_level is "minimal"`, "SET wal_level = '"+enough+"'", "max_wal_senders", "restart")
			})
			t.Run("replica", func(t *testing.T) {
				t.Parallel()
				server := pgtest.SeparateVersion(t, major, map[string]string{"wal_level": "replica"})
				s := connected(t, server.NewDatabase(t))
				s.exec(t, table)
				if major < 19 {
					s.wantProblem(t, `wal_level is "replica"`, "SET wal_level = 'logical'", "restart")
					return
				}
				// The server turns logical decoding on while there is a logical slot.
				s.wantSetting(t, "effective_wal_level", "replica")
				s.start(t)
				s.wantSetting(t, "effective_wal_level", "logical")
				s.exec(t, `INSERT INTO t VALUES (1)`)
				s.want(t, `{"event":"create","collection_id":"t","data":{"id":1}}`)
				s.stop()
				s.dropSlot(t)
				s.wantSetting(t, "effective_wal_level", "replica")
				s.exec(t, `SELECT pg_create_logical_replication_slot('other', 'pgoutput')`)
				s.start(t)
				s.exec(t, `INSERT INTO t VALUES (2)`)
				s.want(t, `{"event":"create","collection_id":"t","data":{"id":2}}`)
			})
		})
	}
}

// Logical decoding is turned off and on while the stream runs: somebody drops the only slot.
func TestWALLevelComesAndGoes(t *testing.T) {
	t.Parallel()
	server := pgtest.SeparateVersion(t, 19, map[string]string{"wal_level": "replica"})
	s := connected(t, server.NewDatabase(t))
	s.exec(t, `CREATE TABLE t (id int PRIMARY KEY)`)
	s.start(t)
	s.dropSlot(t)
	receive(t, s.lost, "word that changes were lost")
	s.flowsAgain(t, 1)
	s.wantSetting(t, "effective_wal_level", "logical")
}

// A standby decodes what its primary writes.
func TestWALLevelOfStandby(t *testing.T) {
	t.Parallel()
	prepare := func(t *testing.T, major int, settings map[string]string) (primary, standby *subject) {
		t.Helper()
		server := pgtest.SeparateVersion(t, major, settings)
		primary = connected(t, server.NewDatabase(t))
		primary.exec(t, `CREATE TABLE t (id int PRIMARY KEY); CREATE PUBLICATION tablewire FOR TABLE t`)
		behind := server.Standby(t, map[string]string{"hot_standby_feedback": "on"})
		primary = connected(t, primary.url) // the server was started again
		return primary, connected(t, behind.URL(primary.conn.Config().Database))
	}
	t.Run("PostgreSQL19", func(t *testing.T) {
		t.Parallel()
		primary, standby := prepare(t, 19, map[string]string{"wal_level": "replica"})
		standby.wantProblem(t, `effective_wal_level is "replica" on the standby`, "on the primary", "wal_level = 'logical'")
		primary.exec(t, `SELECT pg_create_logical_replication_slot('other', 'pgoutput')`)
		standby.wantSetting(t, "effective_wal_level", "logical")
		stop := primary.logSnapshots(t)
		standby.start(t)
		stop()
		primary.exec(t, `INSERT INTO t VALUES (1)`)
		standby.want(t, `{"event":"create","collection_id":"t","data":{"id":1}}`)
	})
	t.Run("PostgreSQL15", func(t *testing.T) {
		t.Parallel()
		_, standby := prepare(t, 15, nil)
		standby.wantProblem(t, "standby of PostgreSQL 15", "primary")
	})
}

// dropSlot drops the slot, even if a process reads it.
func (s *subject) dropSlot(t *testing.T) {
	t.Helper()
	until(t, "the slot is dropped", func() bool {
		s.exec(t, `SELECT pg_terminate_backend(active_pid, 10000) FROM pg_replication_slots WHERE slot_name = $1 AND active`, s.slot)
		_, err := s.conn.Exec(t.Context(), `SELECT pg_drop_replication_slot($1)`, s.slot)
		return err == nil
	})
}

// logSnapshots makes the primary log its running transactions again and again: a standby
// can create a slot only then.
func (s *subject) logSnapshots(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var logging sync.WaitGroup
	logging.Go(func() {
		again := time.NewTicker(100 * time.Millisecond)
		defer again.Stop()
		for {
			if _, err := s.conn.Exec(context.WithoutCancel(ctx), `SELECT pg_log_standby_snapshot()`); err != nil {
				t.Errorf("log the running transactions: %v", err)
				return
			}
			select {
			case <-again.C:
			case <-ctx.Done():
				return
			}
		}
	})
	return func() {
		cancel()
		logging.Wait()
	}
}
