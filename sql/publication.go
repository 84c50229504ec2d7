package sql

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// Sync brings the publication in line with the tables that are there and match:
// it makes it, adds tables that came and drops those that may not stay. A
// publication that is not kept by this server is used as it is. It returns every
// table that matches, the refused ones with the reason.
func (d *Database) Sync(ctx context.Context) (exposure pgcatalog.PublicationState, err error) {
	err = d.with(ctx, fmt.Sprintf("bring publication %q up to date", d.cfg.Publication),
		func(ctx context.Context, conn *pgx.Conn) error {
			exposure, err = d.sync(ctx, conn)
			if err == nil {
				exposure.Unseen, d.unseen = d.unseen, nil
			}
			return err
		})
	return exposure, err
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
	look := &look{pub: pub, foreign: pub.foreign(d.cfg.Slot), members: members, rows: map[uint32]tableRow{}}
	exposure := pgcatalog.PublicationState{Created: created, Mark: pub.Mark}
	for _, t := range all {
		look.rows[t.OID] = t
		if d.cfg.Tables.Match(t.Schema, t.Name) {
			exposure.Tables = append(exposure.Tables, pgcatalog.Table{
				OID: t.OID, Schema: t.Schema, Name: t.Name,
				Identity: wal.Identity(t.Identity[0]), Partitioned: t.Partitioned, Refused: t.refusal(),
			})
		}
	}
	look.found = exposure.Tables
	refusePartitions(look.found, look.rows, func(root uint32) bool { return look.foreign == "" || pub.ViaRoot && members.have(root) })
	err = d.arrange(ctx, conn, look)
	for i := range look.found {
		m := members[look.found[i].OID]
		look.found[i].Mark, look.found[i].Toasts = m.Mark, m.toasts()
	}
	exposure.Warnings = append(d.unmatched(all), look.warnings...)
	exposure.Warnings = append(exposure.Warnings, partialIdentities(look.found, look.rows)...)
	if err != nil {
		return exposure, err
	}
	if exposure.Flushed, err = d.compare(ctx, conn, look.found, look.rows); err != nil {
		return exposure, err
	}
	inherited, err := d.inheritance(ctx, conn, look.found)
	exposure.Warnings = append(exposure.Warnings, inherited...)
	return exposure, err
}

// look is one comparison of the tables that are there with the publication.
type look struct {
	pub      publication
	foreign  string // why this server does not keep the publication; empty: it does
	members  members
	rows     map[uint32]tableRow
	found    []pgcatalog.Table // those that match
	warnings []string
}

// arrange refuses the tables that can't come, and brings a publication of ours up to date.
func (d *Database) arrange(ctx context.Context, conn *pgx.Conn, l *look) error {
	if l.foreign != "" {
		clear(d.kept.carried)
		d.refuseMissing(l)
		d.refuseBroken(l)
	}
	l.warnings = d.limitations(l)
	switch {
	case l.foreign == altered && !d.kept.began:
		return &protocol.Problem{
			ID:   "publication-altered",
			What: fmt.Sprintf("publication %q %s", d.cfg.Publication, altered),
			Hint: d.setAll(),
		}
	case l.foreign != "":
		d.kept.began = true
		return nil
	}
	d.kept.began = true
	if err := d.claim(ctx, conn, l.pub); err != nil {
		return err
	}
	d.noteTaken(ctx, conn, l)
	if err := d.dropStrays(ctx, conn, l); err != nil {
		return err
	}
	refuseHidden(l.found, l.rows, l.members)
	err := d.addMissing(ctx, conn, l)
	clear(d.kept.carried)
	for oid := range l.members {
		d.kept.carried[oid] = true
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

// querier is a connection or a transaction.
type querier interface {
	Query(ctx context.Context, statement string, args ...any) (pgx.Rows, error)
}

// publication is a row of catalog/publication.sql.
type publication struct {
	Marked                    bool   // Tablewire made it
	Slot                      string // the slot that it is kept for; empty: an earlier version made it
	SlotExists, OurSlotExists bool
	Owner                     string
	Owned, InRecovery         bool
	AllTables, AllSequences   bool
	ViaRoot                   bool // partitions' changes come as their root's
	NoGenerated               bool
	Missing                   []string // kinds of change that it leaves out
	Excepted                  []string // quoted names of the tables that FOR ALL TABLES leaves out
	Mark                      string   // see pgcatalog.PublicationState
}

// foreign says why the server of a slot does not keep the list of tables; empty when
// it does.
func (p *publication) foreign(slot string) string {
	switch {
	case !p.Marked:
		return "was not made by Tablewire"
	case p.AllTables:
		return "is FOR ALL TABLES"
	case p.AllSequences:
		return "is FOR ALL SEQUENCES"
	case p.kept(slot):
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

// altered says of a publication of ours that somebody has taken something off it. A
// server does not start with that. One that runs goes on with what is left, so that its
// clients are told now, and when it is mended.
const altered = "was altered: it no longer carries every kind of change, or not partitions' changes as their root's"

// kept reports whether another Tablewire than that of the slot keeps it. It is left
// alone while the other's slot is there: its server may be on its way back. When that
// is gone, the publication goes to a server whose own slot is there, so that two that
// have just started don't take it from each other.
func (p *publication) kept(slot string) bool {
	return p.Slot != "" && p.Slot != slot && (p.SlotExists || !p.OurSlotExists)
}

// ensurePublication makes the publication where there is none.
func (d *Database) ensurePublication(ctx context.Context, conn *pgx.Conn) (p publication, created bool, err error) {
	p, err = d.publication(ctx, conn)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		if err := d.createPublication(ctx, conn); err != nil {
			return p, false, err
		}
		created = true
		clear(d.kept.carried) // nobody took tables out one by one
		clear(d.kept.left)    // and who dropped it lets us begin again
		clear(d.kept.undone)
	case err == nil && p.NoGenerated && p.foreign(d.cfg.Slot) == "": // an older server's, which was upgraded
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
		// With stored generated columns left out, PostgreSQL 18 would refuse the UPDATEs of
		// a table that has one and is FULL; older ones don't know the option.
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

// claim writes into a publication of ours which slot it is kept for, so that the server
// of another one leaves it alone.
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

// unmatched says which patterns match nothing.
func (d *Database) unmatched(all []tableRow) []string {
	var warnings []string
	for _, pattern := range d.cfg.Tables.unmatched(all) {
		warnings = append(warnings, fmt.Sprintf(`no table matches %q of the setting "tables" yet: a name is schema.table, or a table of the schema public, with upper and lower case as in the database; a view has no changes of its own`, pattern))
	}
	return warnings
}

// setAll is how a publication is made to carry everything.
func (d *Database) setAll() string {
	return fmt.Sprintf("its owner can run ALTER PUBLICATION %s SET (publish = 'insert, update, delete, truncate', publish_via_partition_root = true)", quote(d.cfg.Publication))
}

// alter names tables ONLY: what inherits from one is looked at by itself.
func (d *Database) alter(statement string, list ...tableRow) string {
	names := make([]string, len(list))
	for i, t := range list {
		names[i] = only(t.Schema, t.Name)
	}
	return fill(statement, "{publication}", quote(d.cfg.Publication), "{tables}", strings.Join(names, ", "))
}

func only(schema, table string) string { return "ONLY " + quote(schema, table) }
