package main

import (
	"strings"
	"testing"

	"github.com/tablewire/tablewire/protocol"
)

// The exit code of doctor says what it has found.
func TestDoctorExitCodes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args []string
		code int
	}{
		{[]string{"--database-url", "postgres://localhost:1/x"}, exitUnreachable},
		{[]string{"--database-url", "postgres://localhost:1/x", "--json"}, exitUnreachable},
		{[]string{"--database-url", "postgres://localhost:1/x", "--slot", "Bad"}, exitUsage},
		{[]string{"--database-url", "postgres://localhost:1/x", "--tables", "a["}, exitUsage},
		{[]string{"--database-url", "postgres://u:p#q@localhost/x"}, exitUsage},
		{[]string{"--nonesuch"}, exitUsage},
	} {
		var stdout, stderr strings.Builder
		if code := run(t.Context(), append([]string{"doctor"}, tc.args...), &stdout, &stderr); code != tc.code {
			t.Errorf("%q: exit code %d, want %d: %s%s", tc.args, code, tc.code, &stdout, &stderr)
		}
	}
}

// A report has its findings as serve prints errors, with flags for settings. It prints no
// statement twice.
func TestPrintReport(t *testing.T) {
	t.Parallel()
	report := protocol.Report{Reached: true, Version: "17.6", Database: "shop", Role: "app", Findings: []protocol.Finding{
		{Severity: protocol.SeverityBlocks, Problem: &protocol.Problem{ID: "one", What: "one", Hint: "run A B", SQL: []string{"A B"}}},
		{Severity: protocol.SeverityNotes, Problem: &protocol.Problem{ID: "two", What: `see the setting "tables"`, Hint: "run:", SQL: []string{"C", "D"}}},
	}}
	var b strings.Builder
	if err := printReport(&b, report); err != nil {
		t.Fatal(err)
	}
	want := `PostgreSQL 17.6, database "shop", role "app"

blocks: one
  to do: run A B
  problem: one

notes: see --tables
  to do: run:
    C;
    D;
  problem: two

serve would not start, or would lose changes: 1 finding blocks.
`
	if b.String() != want {
		t.Errorf("printed\n%s\nwant\n%s", b.String(), want)
	}
}
