package sql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/protocol"
)

// member is a table that the publication carries.
type member struct {
	OID                   uint32
	Named                 bool // and so can be dropped from it
	SomeRows, SomeColumns bool // it carries not all of them
}

// members are the tables that the publication carries, by OID.
type members map[uint32]member

func (m members) have(oid uint32) bool {
	_, ok := m[oid]
	return ok
}

// Sync brings the publication in line with the tables that are there and match:
// it makes it, adds tables that came and drops those that may not stay. A
// publication that Tablewire did not make is used as it is. It returns every table
// that matches, the refused ones with the reason.
func (d *Database) Sync(ctx context.Context) (exposure protocol.Exposure, err error) {
	err = d.with(ctx, fmt.Sprintf("bring publication %q up to date", d.cfg.Publication),
		func(ctx context.Context, conn *pgx.Conn) error {
			exposure, err = d.sync(ctx, conn)
			return err
		})
	return exposure, err
}

func (d *Database) sync(ctx context.Context, conn *pgx.Conn) (protocol.Exposure, error) {
	all, err := d.allTables(ctx, conn)
	if err != nil {
		return protocol.Exposure{}, err
	}
	pub, err := d.ensurePublication(ctx, conn)
	if err != nil {
		return protocol.Exposure{}, err
	}
	list, err := collect[member](ctx, conn, publicationTables, d.cfg.Publication)
	if err != nil {
		return protocol.Exposure{}, err
	}
	members := make(members, len(list))
	for _, m := range list {
		members[m.OID] = m
	}
	rows := map[uint32]tableRow{}
	exposure := protocol.Exposure{Created: pub.created}
	for _, t := range all {
		rows[t.OID] = t
		if d.cfg.Tables.Match(t.Schema, t.Name) {
			exposure.Tables = append(exposure.Tables, protocol.Table{
				OID: t.OID, Schema: t.Schema, Name: t.Name,
				Identity: protocol.Identity(t.Identity[0]), Partitioned: t.Partitioned, Refused: t.refusal(),
			})
		}
	}
	refusePartitions(exposure.Tables, rows, func(root uint32) bool { return pub.ours || pub.viaRoot && members.have(root) })
	exposure.Warnings = append(d.unmatched(all), d.limitations(pub, members, rows)...)
	switch {
	case !pub.ours:
		d.refuseMissing(exposure.Tables, pub, members, rows)
		return exposure, nil
	case !pub.viaRoot || len(pub.missing) > 0:
		return exposure, fmt.Errorf("publication %q was altered: it no longer carries every kind of change, or not partitions' changes as their root's; %s", d.cfg.Publication, d.setAll())
	}
	if err := d.dropStrays(ctx, conn, rows, exposure.Tables, members); err != nil {
		return exposure, err
	}
	refuseHidden(exposure.Tables, rows, members)
	return exposure, d.addMissing(ctx, conn, rows, exposure.Tables, members)
}

func collect[T any](ctx context.Context, conn *pgx.Conn, statement string, args ...any) ([]T, error) {
	rows, err := conn.Query(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[T])
}

// publication is what Sync knows of it.
type publication struct {
	ours    bool     // its list of tables is ours to keep
	viaRoot bool     // partitions' changes come as their root's
	missing []string // kinds of change that it leaves out
	created bool     // it was not there
}

// ensurePublication makes the publication where there is none.
func (d *Database) ensurePublication(ctx context.Context, conn *pgx.Conn) (p publication, err error) {
	name := quote(d.cfg.Publication)
	var noGenerated bool
	err = conn.QueryRow(ctx, publicationInfo, d.cfg.Publication).Scan(&p.ours, &p.viaRoot, &noGenerated, &p.missing)
	if err == nil && p.ours && noGenerated { // an older server's, which was upgraded
		_, err = conn.Exec(ctx, fill(publishGenerated, "{publication}", name))
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return p, err
	}
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, fill(createPublication, "{publication}", name, "{for_tables}", "", "{generated}", generated(conn))); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, fill(markPublication, "{publication}", name))
		return err
	})
	return publication{ours: true, viaRoot: true, created: true}, err
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
		warnings = append(warnings, fmt.Sprintf("no table matches %q of --tables yet: names are schema.table, or public's without a schema, with upper and lower case as in the database; a view has no changes of its own", pattern))
	}
	return warnings
}

// limitations says what a publication holds back of the tables that it has: nothing
// that is lost may be lost in silence.
func (d *Database) limitations(pub publication, members members, rows map[uint32]tableRow) []string {
	var warnings []string
	if !pub.ours && len(pub.missing) > 0 {
		warnings = append(warnings, fmt.Sprintf("publication %q leaves out every %s, which clients will never see; %s", d.cfg.Publication, strings.Join(pub.missing, ", "), d.setAll()))
	}
	for _, m := range members {
		t, there := rows[m.OID]
		if !there || !d.cfg.Tables.Match(t.Schema, t.Name) {
			continue
		}
		name := protocol.TableName{Schema: t.Schema, Table: t.Name}
		if m.SomeRows {
			warnings = append(warnings, fmt.Sprintf("publication %q has a WHERE clause for table %q: clients see no other rows", d.cfg.Publication, name))
		}
		if m.SomeColumns {
			warnings = append(warnings, fmt.Sprintf("publication %q has a list of columns for table %q: clients see no others", d.cfg.Publication, name))
		}
	}
	slices.Sort(warnings)
	return warnings
}

// setAll is how a publication is made to carry everything.
func (d *Database) setAll() string {
	return fmt.Sprintf("its owner can run ALTER PUBLICATION %s SET (publish = 'insert, update, delete, truncate', publish_via_partition_root = true)", quote(d.cfg.Publication))
}

// refuseMissing refuses the tables that somebody else's publication does not have.
func (d *Database) refuseMissing(found []protocol.Table, pub publication, members members, rows map[uint32]tableRow) {
	for i := range found {
		t := &found[i]
		switch {
		case t.Refused != "":
		case rows[t.OID].Partitioned && !pub.viaRoot:
			t.Refused = fmt.Sprintf("publication %q sends the changes of its partitions as those of other tables: %s", d.cfg.Publication, d.setAll())
		case !members.have(t.OID):
			t.Refused = fmt.Sprintf("publication %q does not have it, and was not made by Tablewire: its owner can run ALTER PUBLICATION %s ADD TABLE ONLY %s",
				d.cfg.Publication, quote(d.cfg.Publication), quote(t.Schema, t.Name))
		}
	}
}

// generated has stored generated columns published where the server can do that:
// it would otherwise refuse the UPDATEs of a table that has one and is FULL.
func generated(conn *pgx.Conn) string {
	version := conn.PgConn().ParameterStatus("server_version") // 18.4, 19rc1
	digits := strings.IndexFunc(version, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(version)
	}
	if n, err := strconv.Atoi(version[:digits]); err == nil && n >= 18 {
		return ", publish_generated_columns = stored"
	}
	return ""
}

// dropStrays takes tables out that must not be in: those that no longer match, and
// those that would make the application's own statements fail. One that is locked
// stays a member until the next time.
func (d *Database) dropStrays(ctx context.Context, conn *pgx.Conn, rows map[uint32]tableRow, found []protocol.Table, members members) error {
	stays := make(map[uint32]bool, len(found))
	for i := range found {
		stays[found[i].OID] = found[i].Refused == ""
	}
	for oid, m := range members {
		t, there := rows[oid]
		if stays[oid] || !m.Named || !there {
			continue
		}
		switch _, err := conn.Exec(ctx, d.alter(dropTables, t)); {
		case err == nil:
			delete(members, oid)
		case !isLocked(err):
			return err
		}
	}
	return nil
}

// addMissing adds the tables that came: all at once, or one by one when one of
// them fails, which is then refused with PostgreSQL's own words until the next time.
func (d *Database) addMissing(ctx context.Context, conn *pgx.Conn, rows map[uint32]tableRow, found []protocol.Table, members members) error {
	var add []tableRow
	var missing []*protocol.Table
	for i := range found {
		t := &found[i]
		if t.Refused != "" || members.have(t.OID) {
			continue
		}
		row := rows[t.OID]
		if !row.Owned {
			t.Refused = row.unowned(d.cfg.Publication)
			continue
		}
		add, missing = append(add, row), append(missing, t)
	}
	if len(add) == 0 {
		return nil
	}
	if _, err := conn.Exec(ctx, d.alter(addTables, add...)); err == nil {
		for _, t := range missing {
			t.Added = true
		}
		return nil
	} else if conn.IsClosed() {
		return err
	}
	for i, t := range missing {
		if _, err := conn.Exec(ctx, d.alter(addTables, add[i])); err != nil {
			t.Refused = "it could not be added to the publication yet: " + err.Error()
		} else {
			t.Added = true
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// isLocked reports that somebody else's lock was not released in time.
func isLocked(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "55P03"
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

// Setup gives the statements that make by hand what a server would make by
// itself, for a role that may only replicate. With no tables the publication is
// made empty. They run on every supported version, and so leave an option of newer
// ones to a comment.
func Setup(publication, slot string, names []protocol.TableName) string {
	forTables := ""
	if len(names) > 0 {
		quoted := make([]string, len(names))
		for i, n := range names {
			quoted[i] = only(n.Schema, n.Table)
		}
		forTables = " FOR TABLE " + strings.Join(quoted, ", ")
	}
	return strings.TrimSpace(fill(createPublication, "{publication}", quote(publication), "{for_tables}", forTables, "{generated}", "")) + ";\n\n" +
		strings.TrimSpace(fill(createSlot, "{slot}", literal(slot))) + ";\n"
}
