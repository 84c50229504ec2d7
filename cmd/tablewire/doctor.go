package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/tablewire/tablewire"
	"github.com/tablewire/tablewire/protocol"
)

// The exit codes of doctor besides 0, nothing blocks.
const (
	exitBlocks      = 1
	exitUsage       = 2
	exitUnreachable = 3
)

// doctorCmd examines a database and prints what it finds.
type doctorCmd struct {
	databaseFlags
	JSON bool `name:"json" help:"Print one JSON object: version, database, role, findings."`
}

// Help is the end of the command's help.
func (doctorCmd) Help() string {
	return `It opens a replication connection, creates a temporary replication slot, and reads no row of each table, as the role of the database URL. Each finding has a severity:

blocks: serve does not start, or loses changes.
warns: serve starts, and a part of what was asked for is missing or in danger.
notes: good to know.

Exit code 0: nothing blocks. 1: something blocks. 2: the command line or a setting is wrong. 3: the database can't be reached.`
}

// Run examines the database.
func (c *doctorCmd) Run(a *app) error {
	if err := c.check(); err != nil {
		return &codedError{exitUsage, err}
	}
	if err := checkSlot(c.Slot); err != nil {
		return &codedError{exitUsage, err}
	}
	var config tablewire.Config
	c.addTo(&config)
	found, err := tablewire.Diagnose(a.ctx, config)
	if a.ctx.Err() != nil {
		return fmt.Errorf("the examination was ended: %w", err)
	}
	if err != nil {
		return &codedError{exitUsage, err}
	}
	if c.JSON {
		err = printJSON(a.stdout, found)
	} else {
		err = printReport(a.stdout, found)
	}
	switch {
	case err != nil:
		return err
	case !found.Reached:
		return &codedError{code: exitUnreachable}
	case found.Blocks():
		return &codedError{code: exitBlocks}
	}
	return nil
}

// printReport prints a report for a person.
func printReport(w io.Writer, found protocol.Report) error {
	var b strings.Builder
	if found.Reached {
		fmt.Fprintf(&b, "PostgreSQL %s, database %q, role %q\n\n", found.Version, found.Database, found.Role)
	}
	counts := map[protocol.Severity]int{}
	for _, f := range found.Findings {
		printProblem(&b, string(f.Severity)+": ", f.Problem.Error(), f.Problem)
		b.WriteString("\n")
		counts[f.Severity]++
	}
	switch {
	case !found.Reached:
		b.WriteString("The database was not reached.\n")
	case counts[protocol.SeverityBlocks] > 0:
		fmt.Fprintf(&b, "serve would not start, or would lose changes: %s.\n", findings(counts[protocol.SeverityBlocks], "block"))
	case counts[protocol.SeverityWarns] > 0:
		fmt.Fprintf(&b, "serve can start: %s.\n", findings(counts[protocol.SeverityWarns], "warn"))
	default:
		b.WriteString("serve can start.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// findings returns "1 finding blocks" or "2 findings block".
func findings(n int, verb string) string {
	if n == 1 {
		return "1 finding " + verb + "s"
	}
	return fmt.Sprintf("%d findings %s", n, verb)
}

// jsonReport is what --json prints; docs/doctor.md has its members.
type jsonReport struct {
	Version  string        `json:"version"`
	Database string        `json:"database"`
	Role     string        `json:"role"`
	Findings []jsonFinding `json:"findings"`
}

type jsonFinding struct {
	ID       string            `json:"id"`
	Severity protocol.Severity `json:"severity"`
	What     string            `json:"what"`
	ToDo     string            `json:"to_do"`
	SQL      []string          `json:"sql"`
}

// printJSON prints a report for a program.
func printJSON(w io.Writer, found protocol.Report) error {
	report := jsonReport{Version: found.Version, Database: found.Database, Role: found.Role, Findings: []jsonFinding{}}
	for _, f := range found.Findings {
		report.Findings = append(report.Findings, jsonFinding{
			ID: f.Problem.ID, Severity: f.Severity, What: nameFlags(f.Problem.Error()), ToDo: nameFlags(f.Problem.Hint),
			SQL: append([]string{}, f.Problem.SQL...),
		})
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(report)
}
