package integration

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// The doctor examines a database that is fit, one that a server follows, and one whose role
// lacks everything. It and serve print all that keeps serve from starting.
func TestDoctor(t *testing.T) {
	t.Parallel()
	db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
	db.Run(t, `CREATE TABLE t (id int PRIMARY KEY); DROP ROLE IF EXISTS "no rights"; CREATE ROLE "no rights" LOGIN PASSWORD 'hush-hush'`)
	u, err := url.Parse(db.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("no rights", "hush-hush")
	doctor := func(databaseURL string, code int, args ...string) string {
		t.Helper()
		p := harness.Start(t, []string{"TABLEWIRE_DATABASE_URL=" + databaseURL}, append([]string{"doctor", "--slot", "wire_doctor"}, args...)...)
		if got := p.WaitExit(t, 30*time.Second); got != code {
			t.Errorf("exit code %d, want %d:\n%s", got, code, p.Output())
		}
		return p.Output()
	}
	type report struct {
		Version, Database, Role string
		Findings                []struct{ ID, Severity, What, ToDo string }
	}
	find := func(output, id string) (severity string) {
		t.Helper()
		var r report
		if err := json.Unmarshal([]byte(output), &r); err != nil {
			t.Fatalf("%v in %s", err, output)
		}
		if r.Version == "" || r.Database != db.Config().Database || r.Role == "" {
			t.Errorf("the report is of %q, %q, %q", r.Version, r.Database, r.Role)
		}
		for _, f := range r.Findings {
			if f.ID == id {
				return f.Severity
			}
		}
		return ""
	}
	if out := doctor(db.URL, 0); !strings.Contains(out, "serve can start") {
		t.Errorf("a fit database:\n%s", out)
	}
	if slots := harness.Query[int](t, db, `SELECT count(*)::int FROM pg_replication_slots WHERE slot_name LIKE 'tablewire_doctor%' AND NOT temporary`); slots[0] != 0 {
		t.Error("the doctor left a slot behind")
	}
	server := harness.Serve(t, db.URL, "doctor_running")
	if got := find(doctor(db.URL, 0, "--json", "--slot", "doctor_running", "--publication", "wire_doctor_running"), "slot-in-use"); got != "notes" {
		t.Errorf("a server that runs: slot-in-use %q", got)
	}
	server.Stop(t)
	out := doctor(u.String(), 1, "--json")
	for _, id := range []string{"role-lacks-create", "role-not-replication"} {
		if got := find(out, id); got != "blocks" {
			t.Errorf("a role without rights: %s %q", id, got)
		}
	}
	serve := harness.Start(t, []string{"TABLEWIRE_DATABASE_URL=" + u.String(), "TABLEWIRE_API_KEY=" + harness.APIKey},
		"serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--slot", "wire_doctor")
	if code := serve.WaitExit(t, 15*time.Second); code != 1 {
		t.Errorf("serve: exit code %d, want 1", code)
	}
	lines := strings.Split(serve.Output(), "\n")
	for _, line := range []string{"  problem: role-lacks-create", `also: the role "no rights" may not replicate: SQLSTATE 42501`, "  problem: role-not-replication"} {
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, line) }) {
			t.Errorf("serve lacks %q:\n%s", line, serve.Output())
		}
	}
	if strings.Contains(out+serve.Output(), "hush") {
		t.Errorf("the output has the password:\n%s\n%s", out, serve.Output())
	}
}
