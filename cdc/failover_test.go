package cdc_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// fromVersion runs a test on each version from one on.
func fromVersion(t *testing.T, oldest int, test func(*testing.T, int)) {
	t.Helper()
	for _, major := range pgtest.Versions() {
		if major >= oldest {
			t.Run(fmt.Sprint(major), func(t *testing.T) {
				t.Parallel()
				test(t, major)
			})
		}
	}
}

// on is a subject that only runs statements, on a server's first database.
func on(t *testing.T, server *pgtest.Server) *subject {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return &subject{conn: conn, url: server.URL("postgres"), slot: "failover"}
}

// aside runs f in a goroutine. The test waits for it before it closes what it has opened so
// far.
func aside(t *testing.T, do func()) {
	t.Helper()
	var running sync.WaitGroup
	running.Go(do)
	t.Cleanup(running.Wait)
}

func ask[T any](t *testing.T, s *subject, query string, args ...any) (v T) {
	t.Helper()
	if err := s.conn.QueryRow(t.Context(), query, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

func (s *subject) until(t *testing.T, query string, between ...string) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ask[bool](t, s, query); waitABit() {
		if time.Now().After(deadline) {
			t.Fatalf("still not so: %s", query)
		}
		for _, statement := range between {
			_, _ = s.conn.Exec(t.Context(), statement) // it may have to be tried again
		}
	}
}

// A synced slot survives a failover. If the stream reaches the standby before it is
// promoted, it waits, and then goes on from the slot.
func TestFailoverSlot(t *testing.T) {
	t.Parallel()
	fromVersion(t, 17, func(t *testing.T, major int) {
		primary := pgtest.SeparateVersion(t, major, nil)
		on(t, primary).exec(t, `
			CREATE TABLE t (id int PRIMARY KEY); CREATE PUBLICATION tablewire FOR TABLE t;
			SELECT pg_create_physical_replication_slot('standby')`)
		standby := primary.Standby(t, map[string]string{"hot_standby_feedback": "on", "primary_slot_name": "standby"})
		one, two := on(t, primary), on(t, standby)
		one.exec(t, `SELECT pg_create_logical_replication_slot('failover', 'pgoutput', failover => true)`)
		r, log := newRelay(t, primary), new(logged)
		s := &subject{url: "postgres://postgres@" + r.listener.Addr().String() + "/postgres?sslmode=disable", slot: "failover", conn: one.conn}
		s.start(t, log.option)
		one.exec(t, `INSERT INTO t VALUES (1)`)
		s.next(t)
		// A slot is synced once the standby has replayed what the primary's slot needs, which a
		// busy machine takes its time for.
		deadline := time.Now().Add(4 * patience)
		for n := 2; ; n++ {
			one.exec(t, `INSERT INTO t VALUES ($1)`, n)
			one.exec(t, `SELECT pg_log_standby_snapshot()`)
			s.next(t)
			_, _ = two.conn.Exec(t.Context(), `SELECT pg_sync_replication_slots()`) // it may be too early
			if ask[bool](t, two, `SELECT count(*) > 0 FROM pg_replication_slots WHERE slot_name = 'failover' AND synced AND NOT temporary`) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("the slot is not synced")
			}
			waitABit()
		}
		one.exec(t, `INSERT INTO t VALUES (10001)`)
		s.next(t)
		two.until(t, `SELECT count(*) = 1 FROM t WHERE id = 10001`)

		primary.Stop(t)
		r.cut(addressOf(t, standby))
		if line := log.await(t, "the replication stream waits"); !strings.Contains(line, "pg_promote") {
			t.Errorf("it is not said what it waits for: %s", line)
		}
		if s.stream.Live() == nil {
			t.Error("the stream says that it is live")
		}
		s.conn = two.conn
		two.exec(t, `SELECT pg_promote()`)
		two.exec(t, `INSERT INTO t VALUES (10002)`) // while nobody reads
		for f := s.next(t); f != `{"event":"create","collection_id":"t","data":{"id":10002}}`; f = s.next(t) {
			t.Log(f) // the slot was synced a little behind
		}
		if n := log.count("a replication slot was created") + log.count("the replication stream waits"); n != 1 {
			t.Errorf("%d lines tell of waiting or of a new slot, want 1:\n%s", n, log)
		}
		if !ask[bool](t, two, `SELECT failover FROM pg_replication_slots WHERE slot_name = 'failover'`) {
			t.Error("the slot is another one")
		}
	})
}

// A stream that starts before the standby is promoted waits, too.
func TestStartOnStandbyBeforePromotion(t *testing.T) {
	t.Parallel()
	fromVersion(t, 17, func(t *testing.T, major int) {
		primary := pgtest.SeparateVersion(t, major, nil)
		on(t, primary).exec(t, `
			CREATE TABLE t (id int PRIMARY KEY); CREATE PUBLICATION tablewire FOR TABLE t;
			SELECT pg_create_physical_replication_slot('standby')`)
		standby := primary.Standby(t, map[string]string{"hot_standby_feedback": "on", "primary_slot_name": "standby"})
		one, two := on(t, primary), on(t, standby)
		one.exec(t, `SELECT pg_create_logical_replication_slot('failover', 'pgoutput', failover => true)`)
		two.until(t, `SELECT count(*) > 0 FROM pg_replication_slots WHERE slot_name = 'failover' AND synced AND NOT temporary`,
			`SELECT pg_sync_replication_slots()`)
		one.exec(t, `INSERT INTO t VALUES (1)`)
		two.until(t, `SELECT count(*) = 1 FROM t`)
		primary.Stop(t)

		log := new(logged)
		aside(t, func() {
			log.await(t, "the replication stream waits")
			_, _ = two.conn.Exec(t.Context(), `SELECT pg_promote()`)
		})
		two.start(t, log.option)
		two.want(t, `{"event":"create","collection_id":"t","data":{"id":1}}`)
	})
}

// A lost slot is created again with its options. The log names the reason and the server's
// setting, even if the first attempt to create it fails halfway.
func TestLostSlotIsMadeAsItWas(t *testing.T) {
	t.Parallel()
	fromVersion(t, 14, func(t *testing.T, major int) {
		server := pgtest.SeparateVersion(t, major, map[string]string{"max_slot_wal_keep_size": "1MB", "max_prepared_transactions": "0"})
		s, r, log := on(t, server), newRelay(t, server), new(logged)
		s.exec(t, `CREATE TABLE t (id int PRIMARY KEY); CREATE PUBLICATION tablewire FOR TABLE t`)
		options := ""
		if major >= 17 {
			options = ", failover => true"
		}
		s.exec(t, `SELECT pg_create_logical_replication_slot('failover', 'pgoutput', twophase => true`+options+`)`)
		s.url = "postgres://postgres@" + r.listener.Addr().String() + "/postgres?sslmode=disable"
		s.start(t, log.option)

		r.cut("127.0.0.1:1")
		s.until(t, `SELECT wal_status = 'lost' FROM pg_replication_slots`,
			`CREATE TABLE IF NOT EXISTS noise (v text); INSERT INTO noise SELECT repeat('x', 1000) FROM generate_series(1, 20000); SELECT pg_switch_wal()`, `CHECKPOINT`)
		open := on(t, server)
		open.exec(t, `BEGIN; INSERT INTO noise VALUES ('')`) // a slot can't be made before its end
		r.cut(addressOf(t, server))
		if line := log.await(t, "waiting for the transactions"); !strings.Contains(line, "pg_stat_activity") {
			t.Errorf("it is not said how to find the transaction: %s", line)
		}
		s.exec(t, `SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_replication`)
		log.await(t, "create replication slot")
		open.exec(t, `COMMIT`)

		receive(t, s.lost, "word that changes were lost")
		line := log.await(t, "CHANGES MAY BE LOST")
		for _, want := range []string{"(wal_removed)", "max_slot_wal_keep_size is 1MB"} {
			if !strings.Contains(line, want) {
				t.Errorf("the log lacks %q: %s", want, line)
			}
		}
		s.flowsAgain(t, 1)
		if !ask[bool](t, s, `SELECT two_phase AND coalesce((to_jsonb(s) ->> 'failover')::boolean, $1) FROM pg_replication_slots s`, major < 17) {
			t.Error("the slot is not made as it was")
		}
	})
}

// If somebody creates a missing slot before the stream can, the stream keeps it: it may come
// from slot synchronization.
func TestSlotThatCameMeanwhileIsKept(t *testing.T) {
	t.Parallel()
	server := pgtest.SeparateVersion(t, 17, nil)
	s, r, log := on(t, server), newRelay(t, server), new(logged)
	s.exec(t, `CREATE TABLE t (id int PRIMARY KEY); CREATE PUBLICATION tablewire FOR TABLE t`)
	s.exec(t, `SELECT pg_create_logical_replication_slot('failover', 'pgoutput')`)
	s.url = "postgres://postgres@" + r.listener.Addr().String() + "/postgres?sslmode=disable"
	s.start(t, log.option)

	r.cut("127.0.0.1:1")
	s.until(t, `SELECT count(*) = 0 FROM pg_replication_slots`, `SELECT pg_drop_replication_slot('failover')`)
	open := on(t, server)
	open.exec(t, `BEGIN; INSERT INTO t VALUES (0)`) // a slot can't be made before its end
	r.cut(addressOf(t, server))
	log.await(t, "waiting for the transactions")
	s.exec(t, `SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_replication`)
	log.await(t, "create replication slot")
	r.cut("127.0.0.1:1")
	open.exec(t, `COMMIT`)
	s.until(t, `SELECT count(*) = 1 AND NOT bool_or(active) FROM pg_replication_slots`,
		`SELECT pg_create_logical_replication_slot('failover', 'pgoutput')`)
	s.exec(t, `INSERT INTO t VALUES (1)`)
	r.cut(addressOf(t, server))
	receive(t, s.lost, "word that changes were lost")
	s.want(t, `{"event":"create","collection_id":"t","data":{"id":1}}`)
	if n := log.count("a replication slot was created"); n != 0 {
		t.Errorf("the slot was made again:\n%s", log)
	}
}

// A slot that nothing read for too long is lost, and the log names that setting.
func TestIdleSlotIsLost(t *testing.T) {
	t.Parallel()
	fromVersion(t, 18, func(t *testing.T, major int) {
		server := pgtest.SeparateVersion(t, major, nil)
		s, log := on(t, server), new(logged)
		s.exec(t, `CREATE TABLE t (id int PRIMARY KEY)`)
		s.start(t)
		s.stop()
		s.exec(t, `ALTER SYSTEM SET idle_replication_slot_timeout = '1s'`)
		s.exec(t, `SELECT pg_reload_conf()`)
		s.until(t, `SELECT invalidation_reason IS NOT NULL FROM pg_replication_slots`, `CHECKPOINT`)
		s.start(t, log.option)
		line := log.await(t, "CHANGES MAY BE LOST")
		for _, want := range []string{"(idle_timeout)", "idle_replication_slot_timeout is 1s"} {
			if !strings.Contains(line, want) {
				t.Errorf("the log lacks %q: %s", want, line)
			}
		}
	})
}

// On a standby of an idle primary, PostgreSQL waits with a new slot for something that only
// the primary can do.
func TestStandbyWaitsForSnapshot(t *testing.T) {
	t.Parallel()
	fromVersion(t, 16, func(t *testing.T, major int) {
		primary := pgtest.SeparateVersion(t, major, map[string]string{"autovacuum": "off", "checkpoint_timeout": "1h"})
		one := on(t, primary)
		one.exec(t, `CREATE TABLE t (id int PRIMARY KEY); CREATE PUBLICATION tablewire FOR TABLE t`)
		one.exec(t, `SELECT pg_create_physical_replication_slot('standby')`)
		standby := primary.Standby(t, map[string]string{"hot_standby_feedback": "on", "primary_slot_name": "standby"})
		one = on(t, primary)
		if major >= 19 { // that there is a logical slot on the primary is what makes decoding possible
			one.exec(t, `SELECT pg_create_logical_replication_slot('other', 'pgoutput')`)
		}
		two, log := on(t, standby), new(logged)
		aside(t, func() {
			log.await(t, "pg_log_standby_snapshot()")
			_, _ = one.conn.Exec(t.Context(), `SELECT pg_log_standby_snapshot()`)
		})
		two.start(t, log.option)
		if n := log.count("transactions that are open"); n != 0 {
			t.Errorf("open transactions are blamed:\n%s", log)
		}
	})
}
