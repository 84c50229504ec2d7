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

// tableRow is a row of catalog/tables.sql.
type tableRow struct {
	OID             uint32
	Schema, Name    string
	Identity        string
	Partitioned     bool
	Owned           bool
	Owner           string
	Unlogged        bool
	Temporary       bool
	IdentityNothing bool // of the table, or of a partition
	IdentityMissing bool // likewise: there is no index for it
	IdentityHidden  bool // likewise: a column of it does not travel
	IdentityMixed   bool // it is FULL in the root and not in a partition, or the other way round
}

// member is a table that the publication carries.
type member struct {
	OID   uint32
	Named bool // and so can be dropped from it
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
	all, err := collect[tableRow](ctx, conn, tables)
	if err != nil {
		return protocol.Exposure{}, err
	}
	pub, err := d.ensurePublication(ctx, conn)
	if err != nil {
		return protocol.Exposure{}, err
	}
	members, err := collect[member](ctx, conn, publicationTables, d.cfg.Publication)
	if err != nil {
		return protocol.Exposure{}, err
	}
	rows := map[uint32]tableRow{}
	exposure := protocol.Exposure{Created: pub.created}
	for _, t := range all {
		rows[t.OID] = t
		if d.cfg.Tables.Match(t.Schema, t.Name) {
			exposure.Tables = append(exposure.Tables, protocol.Table{
				OID: t.OID, Schema: t.Schema, Name: t.Name,
				Identity: protocol.Identity(t.Identity[0]), Refused: t.refusal(),
			})
		}
	}
	switch {
	case !pub.ours:
		refuseMissing(exposure.Tables, members, fmt.Sprintf("publication %q does not have it, and was not made by Tablewire: its owner can add the table", d.cfg.Publication))
		return exposure, nil
	case !pub.complete:
		return exposure, fmt.Errorf("publication %q was altered: it no longer carries every kind of change; drop it, and it is made anew", d.cfg.Publication)
	}
	if err := d.dropStrays(ctx, conn, rows, exposure.Tables, members); err != nil {
		return exposure, err
	}
	return exposure, d.addMissing(ctx, conn, rows, exposure.Tables, members)
}

func collect[T any](ctx context.Context, conn *pgx.Conn, statement string, args ...any) ([]T, error) {
	rows, err := conn.Query(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[T])
}

// refusal says why a table's changes can't be published: the table's own UPDATE and
// DELETE would fail then, or its changes would not come.
func (t tableRow) refusal() string {
	whose := "its"
	if t.Partitioned {
		whose = "a partition's"
	}
	switch {
	case t.Unlogged && t.Partitioned:
		return "a partition is UNLOGGED: its changes are not in the write-ahead log"
	case t.Unlogged:
		return "it is UNLOGGED: its changes are not in the write-ahead log"
	case t.Temporary:
		return "it is TEMPORARY: its changes are not in the write-ahead log"
	case t.IdentityNothing:
		return whose + " replica identity is NOTHING: published, its own UPDATE and DELETE would fail; ALTER TABLE ... REPLICA IDENTITY DEFAULT or FULL"
	case t.IdentityMissing && t.Identity == string(protocol.IdentityIndex):
		return "the index of " + whose + " replica identity is gone: published, its own UPDATE and DELETE would fail; ALTER TABLE ... REPLICA IDENTITY DEFAULT, FULL or USING INDEX"
	case t.IdentityMissing && t.Partitioned:
		return "a partition has no primary key that is checked at once: published, its own UPDATE and DELETE would fail; add one, or ALTER TABLE ... REPLICA IDENTITY FULL on the root and on each partition"
	case t.IdentityMissing:
		return "it has no primary key that is checked at once (a DEFERRABLE one is not): published, its own UPDATE and DELETE would fail; add one, or ALTER TABLE ... REPLICA IDENTITY FULL"
	case t.IdentityMixed:
		return "its partitions have another replica identity than it has itself, so that old rows can't be told: ALTER TABLE ... REPLICA IDENTITY on the root and on each partition"
	case t.IdentityHidden:
		return "its key has a generated column, which does not travel before PostgreSQL 18: ALTER TABLE ... REPLICA IDENTITY FULL or USING INDEX"
	}
	return ""
}

// publication is what Sync knows of it.
type publication struct {
	ours     bool // its list of tables is ours to keep
	complete bool // it carries every kind of change
	created  bool // it was not there
}

// ensurePublication makes the publication where there is none.
func (d *Database) ensurePublication(ctx context.Context, conn *pgx.Conn) (p publication, err error) {
	err = conn.QueryRow(ctx, publicationInfo, d.cfg.Publication).Scan(&p.ours, &p.complete)
	if !errors.Is(err, pgx.ErrNoRows) {
		return p, err
	}
	name := quote(d.cfg.Publication)
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, fill(createPublication, "{publication}", name, "{for_tables}", "", "{generated}", generated(conn))); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, fill(markPublication, "{publication}", name))
		return err
	})
	return publication{ours: true, complete: true, created: true}, err
}

// generated has stored generated columns published where the server can do that:
// it would otherwise refuse the UPDATEs of a table that has one and is FULL.
func generated(conn *pgx.Conn) string {
	major, _, _ := strings.Cut(conn.PgConn().ParameterStatus("server_version"), ".")
	if n, err := strconv.Atoi(major); err == nil && n >= 18 {
		return ", publish_generated_columns = stored"
	}
	return ""
}

// dropStrays takes tables out that must not be in: those that no longer match, and
// those that would make the application's own statements fail. One that is locked
// is left for the next time.
func (d *Database) dropStrays(ctx context.Context, conn *pgx.Conn, rows map[uint32]tableRow, found []protocol.Table, members []member) error {
	for _, m := range members {
		stays := slices.ContainsFunc(found, func(t protocol.Table) bool { return t.OID == m.OID && t.Refused == "" })
		t, there := rows[m.OID]
		if stays || !m.Named || !there {
			continue
		}
		if _, err := conn.Exec(ctx, d.alter(dropTables, t)); err != nil && !isLocked(err) {
			return err
		}
	}
	return nil
}

// addMissing adds the tables that came: all at once, or one by one when one of
// them fails, which is then refused with PostgreSQL's own words until the next time.
func (d *Database) addMissing(ctx context.Context, conn *pgx.Conn, rows map[uint32]tableRow, found []protocol.Table, members []member) error {
	var add []tableRow
	var missing []*protocol.Table
	for i := range found {
		t := &found[i]
		if t.Refused != "" || has(members, t.OID) {
			continue
		}
		row := rows[t.OID]
		if !row.Owned {
			t.Refused = fmt.Sprintf("only its owner can publish it: GRANT %s TO the role that Tablewire connects as, or add it to the publication by hand", quote(row.Owner))
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

func has(members []member, oid uint32) bool {
	return slices.ContainsFunc(members, func(m member) bool { return m.OID == oid })
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

func refuseMissing(found []protocol.Table, members []member, why string) {
	for i := range found {
		if found[i].Refused == "" && !has(members, found[i].OID) {
			found[i].Refused = why
		}
	}
}

// Setup gives the statements that make by hand what a server would make by
// itself, for a role that may only replicate. With no tables the publication is
// made empty.
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
