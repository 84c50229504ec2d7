package doctor_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/cdc/doctor"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/sql"
)

// subject is a database that a test breaks and examines.
type subject struct {
	server *pgtest.Server
	url    string    // for the superuser
	conn   *pgx.Conn // the superuser's
	// What Examine is given:
	as          string // the URL
	slot        string
	publication string
	tables      []string
	quick       bool
}

// newSubject creates a database with one table that lacks nothing.
func newSubject(t *testing.T, server *pgtest.Server) *subject {
	t.Helper()
	s := &subject{server: server, url: server.NewDatabase(t), tables: []string{"public.*"}}
	s.as, s.conn = s.url, connect(t, s.url)
	s.slot = "s_" + s.conn.Config().Database
	s.publication = s.slot
	s.run(t, healthyTable)
	return s
}

const healthyTable = `CREATE TABLE orders (id int PRIMARY KEY, v text); ALTER TABLE orders REPLICA IDENTITY FULL`

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 5*time.Second)
		defer cancel()
		_ = conn.Close(ctx) // the database ends it, too
	})
	return conn
}

// run runs statements as the superuser, each by itself.
func (s *subject) run(t *testing.T, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		statement = strings.NewReplacer("{slot}", s.slot, "{publication}", s.publication, "{database}", s.conn.Config().Database).Replace(statement)
		if _, err := s.conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// reload sets a setting of the server, and waits until a new session has it.
func (s *subject) reload(t *testing.T, name, value string) {
	t.Helper()
	s.run(t, fmt.Sprintf("ALTER SYSTEM SET %s = '%s'", name, value), "SELECT pg_reload_conf()")
	s.await(t, name, value)
}

func (s *subject) await(t *testing.T, name, value string) {
	t.Helper()
	for range 200 {
		var got string
		if err := s.conn.QueryRow(t.Context(), "SELECT current_setting($1)", name).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got == value {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s is not %s after a reload", name, value)
}

// role creates a role that may log in, and has it examine the database. The role has the
// attributes. It returns the role's name.
func (s *subject) role(t *testing.T, attributes string) string {
	t.Helper()
	name := "Role of " + s.conn.Config().Database
	s.run(t, fmt.Sprintf(`CREATE ROLE "%s" LOGIN %s`, name, attributes))
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		_, _ = s.conn.Exec(ctx, fmt.Sprintf(`DROP OWNED BY "%s" CASCADE`, name))
		_, _ = s.conn.Exec(ctx, fmt.Sprintf(`DROP ROLE "%s"`, name))
	})
	u, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(name)
	s.as = u.String()
	return name
}

func (s *subject) examine(t *testing.T) protocol.Report {
	t.Helper()
	patterns, err := sql.ParsePatterns(s.tables)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open(sql.Config{URL: s.as, Publication: s.publication, Slot: s.slot, Tables: patterns})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	before := s.state(t)
	report := doctor.Examine(t.Context(), doctor.Config{URL: s.as, Slot: s.slot, Publication: s.publication, Database: db, Quick: s.quick})
	if after := s.state(t); before != after {
		t.Errorf("the examination left something behind: %s before, %s after", before, after)
	}
	if !slices.IsSortedFunc(report.Findings, func(a, b protocol.Finding) int {
		order := []protocol.Severity{protocol.SeverityBlocks, protocol.SeverityWarns, protocol.SeverityNotes}
		return slices.Index(order, a.Severity) - slices.Index(order, b.Severity)
	}) {
		t.Errorf("the findings are not in order: %s", describe(report))
	}
	return report
}

// state is what an examination must leave as it is.
func (s *subject) state(t *testing.T) string {
	t.Helper()
	var state string
	for range 100 {
		var temporary int
		if err := s.conn.QueryRow(t.Context(), `SELECT
			(SELECT count(*) FROM pg_replication_slots WHERE temporary),
			concat_ws(' ', (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_publication), (SELECT count(*) FROM pg_replication_slots WHERE NOT temporary))`).Scan(&temporary, &state); err != nil {
			t.Fatal(err)
		}
		if temporary == 0 {
			return state
		}
		time.Sleep(20 * time.Millisecond) // the server drops it when it sees the end of the connection
	}
	return state + " and a temporary slot"
}

func find(report protocol.Report, id string) *protocol.Finding {
	for i := range report.Findings {
		if report.Findings[i].Problem.ID == id {
			return &report.Findings[i]
		}
	}
	return nil
}

func describe(report protocol.Report) string {
	var b strings.Builder
	for _, f := range report.Findings {
		fmt.Fprintf(&b, "\n  %s %s: %s | %s | %q", f.Severity, f.Problem.ID, f.Problem.Error(), f.Problem.Hint, f.Problem.SQL)
	}
	return b.String()
}
