package integration

import (
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// Whatever keeps a server from starting, the server ends within seconds with exit code 1 and
// one message. The message says what to do and contains no password.
func TestStartupErrors(t *testing.T) { //nolint:tparallel // the group waits for the parallel ones in it
	t.Parallel()
	pg := pgtest.Start(t)
	db := harness.Connect(t, pg.NewDatabase(t))
	db.Run(t, `CREATE TABLE t (id int PRIMARY KEY);
		DROP ROLE IF EXISTS "no replication"; CREATE ROLE "no replication" LOGIN PASSWORD 'hush-hush';
		DROP ROLE IF EXISTS "no create"; CREATE ROLE "no create" LOGIN REPLICATION PASSWORD 'hush-hush'`)
	db.Run(t, `SELECT pg_create_logical_replication_slot('startup_other', 'test_decoding')`)
	db.Run(t, `SELECT pg_create_physical_replication_slot('startup_physical')`)
	db.Run(t, `CREATE DATABASE startup_closed ALLOW_CONNECTIONS false`)
	minimal := pgtest.Separate(t, map[string]string{"wal_level": "minimal", "max_wal_senders": "0"})
	askForPassword(t, minimal)
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	busy := harness.Serve(t, db.URL, "startup_busy")
	defer busy.Stop(t)

	as := func(user, password string) string {
		u, err := url.Parse(db.URL)
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.UserPassword(user, password)
		return u.String()
	}
	at := func(host string) string {
		u, err := url.Parse(as("postgres", "hush-hush"))
		if err != nil {
			t.Fatal(err)
		}
		u.Host = host
		return u.String()
	}
	t.Run("each", func(t *testing.T) {
		for _, tc := range []struct {
			name, url string
			flags     []string
			want      []string
		}{
			{"no URL", "", nil, []string{"no database was given", "--database-url"}},
			{"malformed URL", "postgres://u:hush-hush@[::1/x", nil, []string{"can't be understood", "postgres://"}},
			{"no server at the address", at("127.0.0.1:1"), nil, []string{"127.0.0.1:1 can't be reached", "check the host and the port"}},
			{"no such host", at("no-such-host.invalid:5432"), nil, []string{"no-such-host.invalid", "check the host"}},
			{"no such database", strings.Replace(db.URL, db.Config().Database, "nonesuch", 1), nil, []string{`database "nonesuch" does not exist`, "check the database's name"}},
			{"wrong password", strings.Replace(minimal.URL("postgres"), "postgres@", "asked:hush-hush@", 1), nil, []string{"password authentication failed", "check the user and the password"}},
			{"wal_level", minimal.URL("postgres"), nil, []string{`wal_level is "minimal"`, "ALTER SYSTEM SET wal_level"}},
			{"no privilege to create", as("no create", "hush-hush"), nil, []string{"may not create the publication", "GRANT CREATE ON DATABASE"}},
			{"no privilege to replicate", as("no replication", "hush-hush"), []string{"--publication", "wire_startup_busy"}, []string{"REPLICATION"}},
			{"slot in use", db.URL, []string{"--slot", "startup_busy", "--publication", "wire_startup_busy"}, []string{`"startup_busy" is active`, "--slot"}},
			{"slot of another plugin", db.URL, []string{"--slot", "startup_other"}, []string{"test_decoding", "--slot"}},
			{"physical slot", db.URL, []string{"--slot", "startup_physical"}, []string{"physical", "--slot"}},
			{"without encryption", strings.Replace(db.URL, "sslmode=disable", "sslmode=require", 1), nil, []string{"offers no TLS", "sslmode=disable"}},
			{"no connections allowed", strings.Replace(db.URL, db.Config().Database, "startup_closed", 1), nil, []string{"not currently accepting connections", "ALLOW_CONNECTIONS"}},
			{"origin without a scheme", db.URL, []string{"--allowed-origins", "example.com"}, []string{`"example.com"`, "allowed origin", "give https://example.com"}},
			{"origin with a path", db.URL, []string{"--allowed-origins", "http://localhost:3000, https://example.com:443/app"}, []string{"allowed origin", "give https://example.com\n"}},
			{"port taken", db.URL, []string{"--listen", taken.Addr().String()}, []string{"can't listen on " + taken.Addr().String(), "--listen"}},
			{"admin port taken", db.URL, []string{"--admin-listen", taken.Addr().String()}, []string{"can't listen on " + taken.Addr().String(), "--admin-listen"}},
			{"no tables", db.URL, []string{"--tables", "a["}, []string{"be a pattern for tables", "--tables"}},
			{"bad slot name", db.URL, []string{"--slot", "Not-Good"}, []string{"be the name of a replication slot", "lower-case"}},
		} {
			t.Run(tc.name, func(t *testing.T) {
				t.Parallel()
				slot := strings.ReplaceAll("cond_"+tc.name, " ", "_")
				args := append([]string{"serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--slot", slot, "--publication", slot}, tc.flags...)
				p := harness.Start(t, []string{"TABLEWIRE_DATABASE_URL=" + tc.url, "TABLEWIRE_API_KEY=" + harness.APIKey}, args...)
				if code := p.WaitExit(t, 15*time.Second); code != 1 {
					t.Errorf("exit code %d, want 1", code)
				}
				out := p.Output()
				for _, want := range append(tc.want, "  to do: ") {
					if !strings.Contains(out, want) {
						t.Errorf("the output lacks %q:\n%s", want, out)
					}
				}
				if strings.Contains(out, "hush-hush") || strings.Contains(out, "goroutine") {
					t.Errorf("the output has a password or a stack trace:\n%s", out)
				}
				if n := strings.Count(out, "tablewire: "); n != 1 {
					t.Errorf("%d messages, want 1:\n%s", n, out)
				}
			})
		}
	})
	db.Run(t, `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name IN ('startup_other', 'startup_physical')`)
}

// askForPassword creates the role "asked" and makes the server ask that role alone for its
// password.
func askForPassword(t *testing.T, server *pgtest.Server) {
	t.Helper()
	db := harness.Connect(t, server.URL("postgres"))
	db.Run(t, `CREATE ROLE asked LOGIN SUPERUSER PASSWORD 'another'`)
	file := harness.Query[string](t, db, `SHOW hba_file`)[0]
	db.Run(t, `COPY (VALUES ('host all asked all scram-sha-256'), ('host all all all trust')) TO '`+file+`'`)
	db.Run(t, `SELECT pg_reload_conf()`)
	harness.Eventually(t, "the server asks for the password", func() bool {
		conn, err := pgx.Connect(t.Context(), strings.Replace(server.URL("postgres"), "postgres@", "asked@", 1))
		if err == nil {
			_ = conn.Close(t.Context())
		}
		return err != nil
	})
}
