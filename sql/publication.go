package sql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/protocol"
)

// tableRow is a row of catalog/tables.sql.
type tableRow struct {
	OID              uint32
	Schema, Name     string
	Identity         string
	Persistence      string
	Owned            bool
	Owner            string
	HasPrimaryKey    bool
	HasIdentityIndex bool
}

// member is a table that the publication carries.
type member struct {
	OID   uint32
	Named bool // and so can be dropped from it
}

// Sync brings the publication in line with the tables that are there and match:
// it makes it, adds tables that came and drops those that may not stay. A
// publication that belongs to another role, or that is FOR ALL TABLES, is used as
// it is. It returns every table that matches, the refused ones with the reason.
func (d *Database) Sync(ctx context.Context) (found []protocol.Table, err error) {
	err = d.with(ctx, fmt.Sprintf("bring publication %q up to date", d.cfg.Publication),
		func(ctx context.Context, conn *pgx.Conn) error {
			found, err = d.sync(ctx, conn)
			return err
		})
	return found, err
}

func (d *Database) sync(ctx context.Context, conn *pgx.Conn) ([]protocol.Table, error) {
	rows, err := conn.Query(ctx, tables)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[tableRow])
	if err != nil {
		return nil, err
	}
	var found []protocol.Table
	owned := map[uint32]bool{}
	for _, t := range all {
		if d.cfg.Tables.Match(t.Schema, t.Name) {
			owned[t.OID] = t.Owned
			found = append(found, protocol.Table{
				OID: t.OID, Schema: t.Schema, Name: t.Name,
				Identity: protocol.Identity(t.Identity[0]), Refused: t.refusal(),
			})
		}
	}

	mayAlter, err := d.ensurePublication(ctx, conn)
	if err != nil {
		return nil, err
	}
	rows, err = conn.Query(ctx, publicationTables, d.cfg.Publication)
	if err != nil {
		return nil, err
	}
	members, err := pgx.CollectRows(rows, pgx.RowToStructByPos[member])
	if err != nil {
		return nil, err
	}
	if !mayAlter {
		refuseMissing(found, members, fmt.Sprintf("publication %q does not have it, and belongs to another role: its owner can add the table", d.cfg.Publication))
		return found, nil
	}
	if err := d.dropStrays(ctx, conn, all, found, members); err != nil {
		return nil, err
	}
	return found, d.addMissing(ctx, conn, found, owned, all, members)
}

// refusal says why a table's changes can't be published.
func (t tableRow) refusal() string {
	switch {
	case t.Persistence == "u":
		return "it is UNLOGGED: its changes are not in the write-ahead log"
	case t.Persistence == "t":
		return "it is TEMPORARY: its changes are not in the write-ahead log"
	case t.Identity == string(protocol.IdentityNothing):
		return "its replica identity is NOTHING: published, its own UPDATE and DELETE would fail; ALTER TABLE ... REPLICA IDENTITY DEFAULT or FULL"
	case t.Identity == string(protocol.IdentityDefault) && !t.HasPrimaryKey:
		return "it has no primary key: published, its own UPDATE and DELETE would fail; add one, or ALTER TABLE ... REPLICA IDENTITY FULL"
	case t.Identity == string(protocol.IdentityIndex) && !t.HasIdentityIndex:
		return "the index of its replica identity is gone: published, its own UPDATE and DELETE would fail; ALTER TABLE ... REPLICA IDENTITY DEFAULT, FULL or USING INDEX"
	}
	return ""
}

// ensurePublication makes the publication where there is none, and reports
// whether its list of tables is ours to keep.
func (d *Database) ensurePublication(ctx context.Context, conn *pgx.Conn) (mayAlter bool, err error) {
	var forAll bool
	err = conn.QueryRow(ctx, publicationInfo, d.cfg.Publication).Scan(&forAll, &mayAlter)
	if errors.Is(err, pgx.ErrNoRows) {
		_, err = conn.Exec(ctx, fill(createPublication, "{publication}", quote(d.cfg.Publication), "{for_tables}", ""))
		return true, err
	}
	return mayAlter && !forAll, err
}

// dropStrays takes tables out that must not be in: those that no longer match, and
// those that would make the application's own statements fail.
func (d *Database) dropStrays(ctx context.Context, conn *pgx.Conn, all []tableRow, found []protocol.Table, members []member) error {
	var strays []string
	for _, m := range members {
		stays := slices.ContainsFunc(found, func(t protocol.Table) bool { return t.OID == m.OID && t.Refused == "" })
		i := slices.IndexFunc(all, func(t tableRow) bool { return t.OID == m.OID })
		if m.Named && !stays && i >= 0 {
			strays = append(strays, quote(all[i].Schema, all[i].Name))
		}
	}
	if len(strays) == 0 {
		return nil
	}
	_, err := conn.Exec(ctx, d.alter(dropTables, strays))
	return err
}

// addMissing adds the tables that came: all at once, or one by one when one of
// them fails, which is then refused with PostgreSQL's own words.
func (d *Database) addMissing(ctx context.Context, conn *pgx.Conn, found []protocol.Table, owned map[uint32]bool, all []tableRow, members []member) error {
	var names []string
	var missing []*protocol.Table
	for i := range found {
		t := &found[i]
		if t.Refused != "" || slices.ContainsFunc(members, func(m member) bool { return m.OID == t.OID }) {
			continue
		}
		if !owned[t.OID] {
			o := slices.IndexFunc(all, func(r tableRow) bool { return r.OID == t.OID })
			t.Refused = fmt.Sprintf("only its owner can publish it: GRANT %s TO the role that Tablewire connects as, or add it to the publication by hand", quote(all[o].Owner))
			continue
		}
		names = append(names, quote(t.Schema, t.Name))
		missing = append(missing, t)
	}
	if len(names) == 0 {
		return nil
	}
	if _, err := conn.Exec(ctx, d.alter(addTables, names)); err == nil || conn.IsClosed() {
		return err
	}
	for i, t := range missing {
		if _, err := conn.Exec(ctx, d.alter(addTables, names[i:i+1])); err != nil {
			t.Refused = err.Error()
		}
	}
	return nil
}

func (d *Database) alter(statement string, names []string) string {
	return fill(statement, "{publication}", quote(d.cfg.Publication), "{tables}", strings.Join(names, ", "))
}

func refuseMissing(found []protocol.Table, members []member, why string) {
	for i := range found {
		in := slices.ContainsFunc(members, func(m member) bool { return m.OID == found[i].OID })
		if found[i].Refused == "" && !in {
			found[i].Refused = why
		}
	}
}

// Setup gives the statements that make by hand what a server would make by
// itself, for a role that may only replicate. With no tables the publication is
// made empty.
func Setup(publication, slot string, names [][2]string) string {
	forTables := ""
	if len(names) > 0 {
		quoted := make([]string, len(names))
		for i, n := range names {
			quoted[i] = quote(n[0], n[1])
		}
		forTables = " FOR TABLE " + strings.Join(quoted, ", ")
	}
	return strings.TrimSpace(fill(createPublication, "{publication}", quote(publication), "{for_tables}", forTables)) + ";\n\n" +
		strings.TrimSpace(fill(createSlot, "{slot}", literal(slot))) + ";\n"
}
