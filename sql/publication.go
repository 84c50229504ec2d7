package sql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// Sync brings the publication in line with the tables that exist and match Config.Tables:
// it creates the publication, adds tables and drops those that may not stay. It uses a
// publication that another server or person keeps as it is. It returns every table that
// matches, the refused ones with the reason. It ends with a *protocol.Problem if somebody
// has altered our publication before the first Sync.
func (d *Database) Sync(ctx context.Context) (state pgcatalog.PublicationState, err error) {
	err = d.run(ctx, fmt.Sprintf("bring publication %q up to date", d.cfg.Publication),
		func(ctx context.Context, conn *pgx.Conn) error {
			state, err = d.sync(ctx, conn)
			if err == nil {
				state.Unseen, d.unseen = d.unseen, nil
			}
			return err
		})
	return state, err
}

func (d *Database) sync(ctx context.Context, conn *pgx.Conn) (pgcatalog.PublicationState, error) {
	all, err := d.allTables(ctx, conn)
	if err != nil {
		return pgcatalog.PublicationState{}, err
	}
	pub, created, err := d.ensurePublication(ctx, conn)
	if err != nil {
		return pgcatalog.PublicationState{}, err
	}
	members, err := d.members(ctx, conn)
	if err != nil {
		return pgcatalog.PublicationState{}, err
	}
	s := &syncState{pub: pub, foreignReason: pub.foreignTo(d.cfg.Slot), members: members, rows: map[uint32]tableRow{}}
	state := pgcatalog.PublicationState{Created: created, Mark: pub.Mark}
	for _, t := range all {
		s.rows[t.OID] = t
		if d.cfg.Tables.Match(t.Schema, t.Name) {
			state.Tables = append(state.Tables, pgcatalog.Table{
				OID: t.OID, Schema: t.Schema, Name: t.Name,
				Identity: wal.Identity(t.Identity[0]), Partitioned: t.Partitioned, Refused: t.refusal(),
			})
		}
	}
	s.matching = state.Tables
	refusePartitions(s.matching, s.rows, func(root uint32) bool { return s.foreignReason == "" || pub.ViaRoot && members.have(root) })
	err = d.updatePublication(ctx, conn, s)
	for i := range s.matching {
		m := members[s.matching[i].OID]
		s.matching[i].Mark, s.matching[i].Toasts = m.Mark, m.toasts()
	}
	state.Warnings = append(d.unmatchedWarnings(all), s.warnings...)
	state.Warnings = append(state.Warnings, partialIdentities(s.matching, s.rows)...)
	if err != nil {
		return state, err
	}
	if state.Flushed, err = d.findUnseen(ctx, conn, s.matching, s.rows); err != nil {
		return state, err
	}
	inherited, err := d.inheritance(ctx, conn, s.matching)
	state.Warnings = append(state.Warnings, inherited...)
	return state, err
}

// syncState is what one Sync has read and found out.
type syncState struct {
	pub           publication
	foreignReason string // why this server does not keep the publication; "": it does
	members       members
	rows          map[uint32]tableRow
	matching      []pgcatalog.Table // the tables that match Config.Tables
	warnings      []string
}

// updatePublication refuses the tables that the publication can't carry, and brings a
// publication of ours up to date.
func (d *Database) updatePublication(ctx context.Context, conn *pgx.Conn, s *syncState) error {
	if s.foreignReason != "" {
		clear(d.last.carried)
		d.refuseMissing(s)
		d.refuseBroken(s)
	}
	s.warnings = d.limitations(s)
	switch {
	case s.foreignReason == altered && !d.last.done:
		return d.alteredProblem()
	case s.foreignReason != "":
		d.last.done = true
		return nil
	}
	d.last.done = true
	if err := d.claim(ctx, conn, s.pub); err != nil {
		return err
	}
	d.restoreTaken(ctx, conn, s)
	if err := d.dropUnwanted(ctx, conn, s); err != nil {
		return err
	}
	refuseStillCarried(s.matching, s.rows, s.members)
	err := d.addMissing(ctx, conn, s)
	clear(d.last.carried)
	for oid := range s.members {
		d.last.carried[oid] = true
	}
	return err
}

func collect[T any](ctx context.Context, conn querier, statement string, args ...any) ([]T, error) {
	rows, err := conn.Query(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[T])
}

// querier is a *pgx.Conn or a pgx.Tx.
type querier interface {
	Query(ctx context.Context, statement string, args ...any) (pgx.Rows, error)
}

// publication is a row of catalog/publication.sql.
type publication struct {
	Marked                    bool   // Tablewire created it
	Slot                      string // the slot that it is kept for; "": an earlier version created it
	SlotExists, OurSlotExists bool
	Owner                     string
	Owned, InRecovery         bool
	AllTables, AllSequences   bool
	ViaRoot                   bool // partitions' changes arrive as their root's
	NoGenerated               bool
	Missing                   []string // kinds of change that it leaves out
	Excepted                  []string // quoted names of the tables that FOR ALL TABLES leaves out
	Mark                      string   // see pgcatalog.PublicationState
}

// foreignTo says why the server of a slot does not keep the publication's list of tables;
// it returns "" if the server does.
func (p *publication) foreignTo(slot string) string {
	switch {
	case !p.Marked:
		return "was not made by Tablewire"
	case p.AllTables:
		return "is FOR ALL TABLES"
	case p.AllSequences:
		return "is FOR ALL SEQUENCES"
	case p.keptByOther(slot):
		return fmt.Sprintf("is kept by the Tablewire of slot %q", p.Slot)
	case p.InRecovery:
		return "can't be altered on a standby"
	case !p.Owned:
		return fmt.Sprintf("belongs to the role %q", p.Owner)
	case !p.ViaRoot || len(p.Missing) > 0:
		return altered
	}
	return ""
}

// altered is the reason for a publication of ours that somebody has reduced. A server does
// not start with it. A running server goes on with the rest: its
// clients are told to come back now, and again when it is mended.
const altered = "was altered: it no longer carries every kind of change, or not partitions' changes as their root's"

// keptByOther reports whether another Tablewire than that of the slot keeps the publication.
// It does as long as its slot exists, because its server may come back. After that the
// publication goes to a server whose own slot exists, so that two servers that have just
// started do not take it from each other.
func (p *publication) keptByOther(slot string) bool {
	return p.Slot != "" && p.Slot != slot && (p.SlotExists || !p.OurSlotExists)
}

// ensurePublication creates the publication if it does not exist.
func (d *Database) ensurePublication(ctx context.Context, conn *pgx.Conn) (p publication, created bool, err error) {
	p, err = d.publication(ctx, conn)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		if err := d.createPublication(ctx, conn); err != nil {
			return p, false, err
		}
		created = true
		clear(d.last.carried) // nobody has taken single tables out
		clear(d.last.leftOut) // whoever dropped it lets us begin again
		clear(d.last.undone)
	case err == nil && p.NoGenerated && p.foreignTo(d.cfg.Slot) == "": // created on an older server, which was then upgraded
		if err := d.alterNow(ctx, conn, fill(publishGenerated, "{publication}", quote(d.cfg.Publication))); err != nil {
			return p, false, err
		}
	default:
		return p, false, err
	}
	p, err = d.publication(ctx, conn)
	return p, created, err
}

func (d *Database) publication(ctx context.Context, conn *pgx.Conn) (publication, error) {
	rows, err := conn.Query(ctx, publicationInfo, d.cfg.Publication, d.cfg.Slot)
	if err != nil {
		return publication{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[publication])
}

func (d *Database) createPublication(ctx context.Context, conn *pgx.Conn) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		// If the publication left stored generated columns out, PostgreSQL 18 would refuse the
		// UPDATEs of a table that has one and is FULL. Older versions lack the option.
		var version int
		if err := tx.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
			return err
		}
		generated := ""
		if version >= 180000 {
			generated = ", publish_generated_columns = stored"
		}
		if _, err := tx.Exec(ctx, fill(createPublication, "{publication}", quote(d.cfg.Publication), "{generated}", generated)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, d.markStatement())
		return err
	})
}

// claim writes into a publication of ours for which slot it is kept, so that the servers of
// other slots leave it alone.
func (d *Database) claim(ctx context.Context, conn *pgx.Conn, p publication) error {
	if p.Slot == d.cfg.Slot || !p.OurSlotExists {
		return nil
	}
	_, err := conn.Exec(ctx, d.markStatement())
	return err
}

func (d *Database) markStatement() string {
	mark := fmt.Sprintf(`tablewire: slot "%s"; made by Tablewire, which adds and drops tables`, d.cfg.Slot)
	return fill(markPublication, "{publication}", quote(d.cfg.Publication), "{mark}", literal(mark))
}

// allTables lists the tables that may be exposed, and the partitions that are named.
func (d *Database) allTables(ctx context.Context, conn *pgx.Conn) ([]tableRow, error) {
	named := d.cfg.Tables.names()
	schemas, names := make([]string, len(named)), make([]string, len(named))
	for i, n := range named {
		schemas[i], names[i] = n.Schema, n.Table
	}
	return collect[tableRow](ctx, conn, tables, schemas, names)
}

// unmatchedWarnings has one warning for each pattern that matches no table.
func (d *Database) unmatchedWarnings(all []tableRow) []string {
	var warnings []string
	const names = "a name is schema.table, or a table of the schema public, with upper and lower case as in the database; "
	for _, pattern := range unmatched(d.cfg.Tables.include, all) {
		warning := fmt.Sprintf(`no table matches %q of the setting "tables" yet: %sa view has no changes of its own`, pattern, names)
		if slices.ContainsFunc(all, func(t tableRow) bool { return t.Schema == pattern }) {
			warning += fmt.Sprintf("; all tables of the schema are %q", pattern+".*")
		}
		warnings = append(warnings, warning)
	}
	for _, pattern := range unmatched(d.cfg.Tables.exclude, all) {
		warnings = append(warnings, fmt.Sprintf(`no table matches %q of the setting "tables", so the pattern excludes nothing: %sthe rows of a partition go with its table`, "!"+pattern, names))
	}
	return warnings
}

// alteredProblem is for a publication of ours with which a server does not start.
func (d *Database) alteredProblem() *protocol.Problem {
	return &protocol.Problem{
		ID:   "publication-altered",
		What: fmt.Sprintf("publication %q %s", d.cfg.Publication, altered),
		Hint: d.hintSetAll(),
		SQL:  []string{d.setAllStatement()},
	}
}

// hintSetAll says who makes the publication carry every kind of change, and how.
func (d *Database) hintSetAll() string { return "its owner can run " + d.setAllStatement() }

func (d *Database) setAllStatement() string {
	return fmt.Sprintf("ALTER PUBLICATION %s SET (publish = 'insert, update, delete, truncate', publish_via_partition_root = true)", quote(d.cfg.Publication))
}

// alterStatement names tables ONLY, because a table that inherits from one is matched by
// itself.
func (d *Database) alterStatement(statement string, list ...tableRow) string {
	names := make([]string, len(list))
	for i, t := range list {
		names[i] = only(t.Schema, t.Name)
	}
	return fill(statement, "{publication}", quote(d.cfg.Publication), "{tables}", strings.Join(names, ", "))
}

func only(schema, table string) string { return "ONLY " + quote(schema, table) }
