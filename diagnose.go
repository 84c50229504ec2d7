package tablewire

import (
	"context"
	"errors"
	"time"

	"github.com/tablewire/tablewire/cdc"
	"github.com/tablewire/tablewire/cdc/doctor"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/sql"
)

// Diagnose examines the database of a configuration, and reports all at once what would
// keep a server from starting, what it would lose, and what an operator should know. It
// reads DatabaseURL, Slot, Publication and Tables. It tries what a server does, changes
// nothing, and leaves nothing behind: its replication slot is a temporary one. A database
// that can't be reached is a finding of the report, too. The error is a mistake in the
// configuration, mostly a *protocol.Problem, or that of ctx.
func Diagnose(ctx context.Context, cfg Config) (protocol.Report, error) {
	cfg = cfg.withDefaults()
	if err := cfg.checkDatabase(); err != nil {
		return protocol.Report{}, err
	}
	if err := cdc.CheckNames(cfg.Slot, cfg.Publication); err != nil {
		return protocol.Report{}, err
	}
	database, err := openDatabase(cfg)
	if err != nil {
		return protocol.Report{}, err
	}
	defer database.Close()
	report := doctor.Examine(ctx, doctor.Config{URL: cfg.DatabaseURL, Slot: cfg.Slot, Publication: cfg.Publication, Database: database})
	return report, context.Cause(ctx)
}

// openDatabase checks what names the database and its tables. It does not connect.
func openDatabase(cfg Config) (*sql.Database, error) {
	patterns, err := sql.ParsePatterns(cfg.Tables)
	if err != nil {
		return nil, &protocol.Problem{ID: "table-pattern", What: err.Error(), Hint: `give the setting "tables" names and globs, such as orders,shop.*`}
	}
	if err := cdc.CheckURL(cfg.DatabaseURL); err != nil {
		return nil, err
	}
	database, err := sql.Open(sql.Config{URL: cfg.DatabaseURL, Publication: cfg.Publication, Slot: cfg.Slot, Tables: patterns})
	if err != nil {
		return nil, cdc.Explain(err)
	}
	return database, nil
}

// diagnosisTime bounds what is added to the error of a server that does not start.
const diagnosisTime = 5 * time.Second

// explainStart returns the error with which a server ends. If a condition of the database
// has kept it from starting, the error joins all that would keep it from starting.
func (s *Server) explainStart(ctx context.Context, err error) error {
	err = cdc.Explain(err)
	first, ok := errors.AsType[*protocol.Problem](err)
	if !ok || ctx.Err() != nil || !doctor.Shows(first) {
		return err
	}
	select {
	case <-s.Started():
		return err
	default:
	}
	ctx, cancel := context.WithTimeout(ctx, diagnosisTime)
	defer cancel()
	report := doctor.Examine(ctx, doctor.Config{URL: s.cfg.DatabaseURL, Slot: s.cfg.Slot, Publication: s.cfg.Publication, Database: s.database, Quick: true})
	all := []error{err}
	for _, f := range report.Findings {
		if report.Reached && f.Severity == protocol.SeverityBlocks && f.Problem.ID != first.ID {
			all = append(all, f.Problem)
		}
	}
	if len(all) == 1 {
		return err
	}
	return errors.Join(all...)
}
