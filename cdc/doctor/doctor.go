package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/cdc"
	"github.com/tablewire/tablewire/cdc/internal/pgerror"
	"github.com/tablewire/tablewire/cdc/internal/quote"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
)

// Database is what an examination asks of the database on an ordinary connection.
type Database interface {
	Server(ctx context.Context) (pgcatalog.ServerInfo, error)
	SlotHolder(ctx context.Context) (pgcatalog.SlotHolder, error)
	Instance(ctx context.Context) (pgcatalog.Instance, error)
	HostMarks(ctx context.Context, marks []string) ([]string, error)
	Slots(ctx context.Context) ([]pgcatalog.SlotState, error)
	OpenTransactions(ctx context.Context) ([]pgcatalog.OpenTransaction, error)
	PreparedTransactions(ctx context.Context) ([]pgcatalog.PreparedTransaction, error)
	AsynchronousWriters(ctx context.Context) ([]pgcatalog.AsynchronousWriter, error)
	Inspect(ctx context.Context) (pgcatalog.Inspection, error)
}

// Config of an examination.
type Config struct {
	// URL of the database, as libpq takes it.
	URL string
	// Slot and Publication are the names of the server that would follow the database.
	Slot, Publication string
	// Database belongs to the same URL, slot and publication.
	Database Database
	// Quick leaves out the temporary slot, which waits for open transactions.
	Quick bool
}

// slotTimeout is how long the temporary slot may take. Without open transactions it takes
// milliseconds.
const slotTimeout = 3 * time.Second

// probeTimeout bounds the rest of the probe on a replication connection, as package sql
// bounds each of its statements.
const probeTimeout = 10 * time.Second

// examination is one run of Examine: what it has read, and what it has found.
type examination struct {
	cfg Config

	info     pgcatalog.ServerInfo
	instance pgcatalog.Instance
	host     *host // nil: the database is not known to be hosted
	holder   pgcatalog.SlotHolder
	slots    []pgcatalog.SlotState
	writers  []pgcatalog.AsynchronousWriter
	prepared []pgcatalog.PreparedTransaction
	waits    bool // the temporary slot was not there in time
	open     []pgcatalog.OpenTransaction
	probed   cdc.Probed
	seen     pgcatalog.Inspection

	findings []protocol.Finding
}

// Examine examines a database. It takes as long as the server's answers: about 10 s for each
// probe at the most.
func Examine(ctx context.Context, cfg Config) protocol.Report {
	e := &examination{cfg: cfg}
	var err error
	if e.info, err = cfg.Database.Server(ctx); err != nil {
		return unreachable(ctx, cfg, err)
	}
	e.read(ctx)
	for _, problem := range cdc.StartProblems(e.info, cfg.Slot, cfg.Publication) {
		e.blocks(e.withNames(problem))
	}
	e.probe(ctx)
	e.judgeServer()
	e.judgeSlots()
	e.judgePublication()
	e.judgeTables()
	slices.SortStableFunc(e.findings, func(a, b protocol.Finding) int { return rank(a.Severity) - rank(b.Severity) })
	version := e.instance.Version
	if version == "" {
		version = fmt.Sprintf("%d.%d", e.info.VersionNum/10000, e.info.VersionNum%10000)
	}
	version, _, _ = strings.Cut(version, " ") // "17.6 (Debian 17.6-1)"
	return protocol.Report{Reached: true, Version: version, Database: e.info.Database, Role: e.info.User, Findings: e.findings}
}

// Shows reports whether an examination can add something to a problem that has kept a server
// from starting: whether the database was reached.
func Shows(p *protocol.Problem) bool {
	switch p.ID {
	case "wal-level", "standby-version", "slot-physical", "slot-plugin", "slot-database", "slot-two-phase", "no-free-slot", "slot-in-use",
		"publication-missing", "publication-altered", "role-lacks-create", "role-lacks-privilege", "role-not-replication", "output-plugin", "read-only",
		"pooler-without-replication", "session-setting-ignored", "no-free-connection":
		return true
	}
	return false
}

func rank(s protocol.Severity) int {
	return slices.Index([]protocol.Severity{protocol.SeverityBlocks, protocol.SeverityWarns, protocol.SeverityNotes}, s)
}

// read asks the database everything that it answers at once.
func (e *examination) read(ctx context.Context) {
	db := e.cfg.Database
	ask(ctx, e, &e.instance, db.Instance)
	ask(ctx, e, &e.slots, db.Slots)
	ask(ctx, e, &e.holder, db.SlotHolder)
	ask(ctx, e, &e.writers, db.AsynchronousWriters)
	ask(ctx, e, &e.prepared, db.PreparedTransactions)
	ask(ctx, e, &e.seen, db.Inspect)
	if marks, err := db.HostMarks(ctx, hostMarks()); err == nil { // else it is only not recognised
		e.host = recognise(marks)
	}
}

// ask puts the database's answer to a question into answer. If the question fails, the
// examination gets a finding that says so.
func ask[T any](ctx context.Context, e *examination, answer *T, question func(context.Context) (T, error)) {
	got, err := question(ctx)
	if err != nil {
		e.failed(err)
		return
	}
	*answer = got
}

// probe opens a replication connection as a server does.
func (e *examination) probe(ctx context.Context) {
	probe := cdc.ProbeConfig{URL: e.cfg.URL, Info: e.info}
	// A server that has its slot creates none, and a standby's takes until its primary logs
	// something.
	if !e.cfg.Quick && !e.has("wal-level", "no-free-slot", "server-version", "standby-version") && e.info.SlotsFree > 0 && (!e.info.InRecovery || !e.info.SlotExists) {
		probe.SlotTimeout = slotTimeout
	}
	limited, cancel := context.WithTimeout(ctx, probeTimeout+probe.SlotTimeout)
	defer cancel()
	seen, err := cdc.Probe(limited, probe)
	if problem, ok := errors.AsType[*protocol.Problem](err); ok {
		// Without wal_level a server has no WAL sender either.
		if !e.has(problem.ID) && (problem.ID != "no-free-connection" || !e.has("wal-level")) {
			e.blocks(e.withNames(problem))
		}
	} else if err != nil {
		e.failed(err)
	}
	e.probed, e.waits = seen, seen.SlotWaits
	if e.waits {
		ask(ctx, e, &e.open, e.cfg.Database.OpenTransactions)
	}
}

// withNames adds what to run for this database and this role to a problem whose hint names
// none.
func (e *examination) withNames(problem *protocol.Problem) *protocol.Problem {
	named := *problem
	switch problem.ID {
	case "wal-level":
		if e.host != nil && e.host.walLevel != "" {
			named.Hint, named.SQL = e.host.name+", as its documentation had it: "+e.host.walLevel, nil
		}
	case "role-not-replication":
		named.What = fmt.Sprintf("the role %q may not replicate", e.info.User)
		grant := fmt.Sprintf("ALTER ROLE %s REPLICATION", quote.Identifier(e.info.User))
		named.Hint = "run as a superuser, or as a role that may give the attribute away: " + grant
		if e.host != nil && e.host.replication != "" {
			grant = strings.ReplaceAll(e.host.replication, "{role}", quote.Identifier(e.info.User))
			named.Hint = e.host.name + ", as its documentation had it: " + grant
		}
		named.SQL = []string{grant}
	case "no-free-slot":
		for _, s := range e.slots {
			if !s.Active {
				named.SQL = append(named.SQL, dropSlot(s.Name))
			}
		}
		if len(named.SQL) > 0 {
			named.Hint = "drop one of those that nobody reads now, if nobody needs it any more; or raise max_replication_slots and restart PostgreSQL"
		}
	case "read-only":
		named.SQL = []string{fmt.Sprintf("ALTER ROLE %s SET default_transaction_read_only = off", quote.Identifier(e.info.User))}
	}
	return &named
}

func dropSlot(name string) string {
	return fmt.Sprintf("SELECT pg_drop_replication_slot(%s)", quote.Literal(name))
}

func (e *examination) has(ids ...string) bool {
	return slices.ContainsFunc(e.findings, func(f protocol.Finding) bool { return slices.Contains(ids, f.Problem.ID) })
}

func (e *examination) blocks(p *protocol.Problem) { e.add(protocol.SeverityBlocks, p) }
func (e *examination) warns(p *protocol.Problem)  { e.add(protocol.SeverityWarns, p) }
func (e *examination) notes(p *protocol.Problem)  { e.add(protocol.SeverityNotes, p) }

func (e *examination) add(severity protocol.Severity, p *protocol.Problem) {
	e.findings = append(e.findings, protocol.Finding{Severity: severity, Problem: p})
}

// failed notes that a probe did not come to an end.
func (e *examination) failed(err error) {
	e.warns(failure(err))
}

func failure(err error) *protocol.Problem {
	return &protocol.Problem{
		ID:   "probe-failed",
		What: "a part of the examination failed, and says nothing of what it was for",
		Hint: "grant the role what is missing, or try again, if this is about more than the doctor",
		Err:  pgerror.Explain(err),
	}
}

// unreachable is the report on a database that did not answer.
func unreachable(ctx context.Context, cfg Config, err error) protocol.Report {
	var report protocol.Report
	var host string
	if parsed, err := pgconn.ParseConfig(cfg.URL); err == nil {
		report.Database, report.Role, host = parsed.Database, parsed.User, parsed.Host
	}
	problem, ok := errors.AsType[*protocol.Problem](pgerror.Explain(err))
	if !ok {
		problem = failure(err)
	}
	if problem.ID == "server-unreachable" || problem.ID == "server-silent" {
		problem = nameAddresses(ctx, problem, host, net.DefaultResolver.LookupIPAddr)
	}
	report.Findings = []protocol.Finding{{Severity: protocol.SeverityBlocks, Problem: problem}}
	return report
}
