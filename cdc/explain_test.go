package cdc_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/cdc"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
	"github.com/tablewire/tablewire/protocol"
)

// A row for which a publication's WHERE clause fails stops the stream. The log says what to
// do, and has nothing of the row.
func TestWhereClauseThatFails(t *testing.T) {
	t.Parallel()
	for _, major := range pgtest.Versions() {
		if major < 15 { // publications have no WHERE before
			continue
		}
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			log := new(logged)
			s := setup(t, pgtest.StartVersion(t, major), `
				CREATE TABLE t (id int PRIMARY KEY, n int); ALTER TABLE t REPLICA IDENTITY FULL;
				CREATE PUBLICATION tablewire FOR TABLE t WHERE (100 / n > 5)`, log.option)
			s.exec(t, `INSERT INTO t VALUES (1, 0)`)
			line := log.await(t, "interrupted")
			for _, want := range []string{"SQLSTATE 22012", "WHERE clause", "pg_drop_replication_slot"} {
				if !strings.Contains(line, want) {
					t.Errorf("the log lacks %q: %s", want, line)
				}
			}
		})
	}
}

// A server that does not allow pgoutput has its own condition, at the start and later, which
// the log has once. The stream goes on when the setting is mended.
func TestOutputPluginLibraries(t *testing.T) { //nolint:tparallel // one after the other says whether it was tried
	t.Parallel()
	tried := false
	t.Cleanup(func() {
		if one := len(pgtest.Versions()) == 1; !tried && !one && !t.Failed() && !testing.Short() {
			t.Error("no server had output_plugin_libraries")
		}
	})
	for _, major := range pgtest.Versions() {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			shared, err := pgx.Connect(t.Context(), pgtest.StartVersion(t, major).URL("postgres"))
			if err != nil {
				t.Fatal(err)
			}
			defer shared.Close(t.Context())
			var there bool
			if err := shared.QueryRow(t.Context(), `SELECT current_setting('output_plugin_libraries', true) IS NOT NULL`).Scan(&there); err != nil {
				t.Fatal(err)
			}
			if !there {
				t.Logf("PostgreSQL %d has no such setting in this minor release", major)
				return
			}
			tried = true
			outputPluginLibraries(t, pgtest.SeparateVersion(t, major, nil))
		})
	}
}

func outputPluginLibraries(t *testing.T, server *pgtest.Server) {
	log := new(logged)
	s := setup(t, server, `CREATE TABLE t (id int PRIMARY KEY)`, log.option)
	s.exec(t, `CREATE ROLE blind LOGIN REPLICATION`)
	set := func(value string) {
		s.exec(t, `ALTER SYSTEM SET output_plugin_libraries = `+value)
		s.exec(t, `SELECT pg_reload_conf()`)
	}
	refused := func(user, slot, value string) *protocol.Problem {
		other := &subject{url: strings.Replace(s.url, "postgres@", user+"@", 1), slot: slot}
		var problem *protocol.Problem
		if err := cdc.Explain(other.tryStart(t)); !errors.As(err, &problem) {
			t.Fatalf("with %s: started, or ended with %v", value, err)
		}
		return problem
	}

	s.exec(t, `INSERT INTO t VALUES (1)`)
	s.next(t)
	for value, want := range map[string]string{`test_decoding`: "is test_decoding on", `'pgoutput, test_decoding'`: "is one name with a comma"} {
		set(value)
		s.exec(t, `SELECT pg_terminate_backend(active_pid, 20000) FROM pg_replication_slots WHERE active`)
		line := log.await(t, want)
		for _, want := range []string{want, "output_plugin_libraries = pgoutput, test_decoding", "HINT: "} {
			if !strings.Contains(line, want) {
				t.Errorf("with %s the log lacks %q: %s", value, want, line)
			}
		}
		p := refused("postgres", s.slot+"b", value)
		if !strings.Contains(p.What, want) || !strings.Contains(p.Hint, "SET output_plugin_libraries = pgoutput, test_decoding") || !strings.Contains(p.Error(), "HINT: ") {
			t.Errorf("with %s: %v; to do: %s", value, p, p.Hint)
		}
		if p := refused("blind", s.slot+"c", value); !strings.Contains(p.Hint, "SET output_plugin_libraries = pgoutput, test_decoding") || strings.Contains(p.Hint, "GRANT") {
			t.Errorf("as a role that can't see the setting, with %s: %v; to do: %s", value, p, p.Hint)
		}
		set(`pgoutput, test_decoding`)
		for s.stream.Stats().Reconnects == 0 || s.stream.Live() != nil { // the delay between attempts has grown
			waitABit()
		}
	}
	if n := log.count("may not be used"); n != 2 {
		t.Errorf("%d lines tell of 2 refusals:\n%s", n, log)
	}
	s.exec(t, `INSERT INTO t VALUES (2)`)
	s.want(t, `{"event":"create","collection_id":"t","data":{"id":2}}`)
}
