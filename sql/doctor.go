package sql

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/protocol/pgcatalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// Instance reads what a diagnosis needs of the server and the role.
func (d *Database) Instance(ctx context.Context) (instance pgcatalog.Instance, err error) {
	err = d.run(ctx, "look at the server's settings", func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, doctorInstance, int64(conn.PgConn().PID()))
		if err != nil {
			return err
		}
		instance, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[pgcatalog.Instance])
		return err
	})
	return instance, err
}

// HostMarks returns those of the marks that the database has: setting:NAME=VALUE, role:NAME,
// extension:NAME.
func (d *Database) HostMarks(ctx context.Context, marks []string) (found []string, err error) {
	err = d.run(ctx, "look for the marks of a hosting provider", func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, doctorMarks, marks)
		if err != nil {
			return err
		}
		found, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return found, err
}

// Slots reads the server's replication slots. The one that keeps most log comes first.
func (d *Database) Slots(ctx context.Context) ([]pgcatalog.SlotState, error) {
	return read[pgcatalog.SlotState](ctx, d, "look at the replication slots", doctorSlots)
}

// OpenTransactions reads the transactions that have written something. The oldest comes first.
func (d *Database) OpenTransactions(ctx context.Context) ([]pgcatalog.OpenTransaction, error) {
	return read[pgcatalog.OpenTransaction](ctx, d, "look at the open transactions", doctorTransactions)
}

// PreparedTransactions reads the server's prepared transactions. The oldest comes first.
func (d *Database) PreparedTransactions(ctx context.Context) ([]pgcatalog.PreparedTransaction, error) {
	return read[pgcatalog.PreparedTransaction](ctx, d, "look at the prepared transactions", doctorPrepared)
}

// AsynchronousWriters reads where synchronous_commit is off.
func (d *Database) AsynchronousWriters(ctx context.Context) ([]pgcatalog.AsynchronousWriter, error) {
	return read[pgcatalog.AsynchronousWriter](ctx, d, "look where synchronous_commit is off", doctorWriters)
}

func read[T any](ctx context.Context, d *Database, doing, statement string) (list []T, err error) {
	err = d.run(ctx, doing, func(ctx context.Context, conn *pgx.Conn) error {
		list, err = collect[T](ctx, conn, statement)
		return err
	})
	return list, err
}

// Inspect looks at the publication and the tables as Sync does, and changes nothing.
func (d *Database) Inspect(ctx context.Context) (found pgcatalog.Inspection, err error) {
	err = d.run(ctx, fmt.Sprintf("look at publication %q and the tables", d.cfg.Publication), func(ctx context.Context, conn *pgx.Conn) error {
		found, err = d.inspect(ctx, conn)
		return err
	})
	return found, err
}

func (d *Database) inspect(ctx context.Context, conn *pgx.Conn) (found pgcatalog.Inspection, err error) {
	all, err := d.allTables(ctx, conn)
	if err != nil {
		return found, err
	}
	pub, err := d.publication(ctx, conn)
	exists := err == nil
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return found, err
	}
	s := &syncState{pub: pub, rows: map[uint32]tableRow{}}
	if s.members, err = d.members(ctx, conn); err != nil {
		return found, err
	}
	if exists {
		s.foreignReason = pub.foreignTo(d.cfg.Slot)
	}
	for _, t := range all {
		s.rows[t.OID] = t
		if d.cfg.Tables.Match(t.Schema, t.Name) {
			s.matching = append(s.matching, pgcatalog.Table{OID: t.OID, Schema: t.Schema, Name: t.Name, Identity: wal.Identity(t.Identity[0]), Partitioned: t.Partitioned})
		}
	}
	found.Publication = pgcatalog.InspectedPublication{Exists: exists, Foreign: s.foreignReason, ViaRoot: !exists || pub.ViaRoot, Missing: pub.Missing}
	if s.foreignReason == altered {
		found.Publication.Altered = d.alteredProblem()
	}
	if exists && pub.keptByOther(d.cfg.Slot) {
		found.Publication.KeptFor = pub.Slot
	}
	found.Unmatched = unmatched(d.cfg.Tables.include, all)
	found.Tables = d.judge(s)
	if err := d.inspectInheritance(ctx, conn, found.Tables); err != nil {
		return found, err
	}
	return found, d.inspectPrivileges(ctx, conn, found.Tables)
}

// judge finds, for each table that matches, why serve would not expose it.
func (d *Database) judge(s *syncState) []pgcatalog.InspectedTable {
	tables := make([]pgcatalog.InspectedTable, len(s.matching))
	refuse := func(kind pgcatalog.TableTrouble, why func(t *pgcatalog.Table, row tableRow) (string, []string)) {
		for i := range s.matching {
			t := &s.matching[i]
			if t.Refused != "" {
				continue
			}
			var statements []string
			if t.Refused, statements = why(t, s.rows[t.OID]); t.Refused != "" {
				tables[i].Trouble, tables[i].Why, tables[i].SQL = kind, t.Refused, statements
			}
		}
	}
	refuse(pgcatalog.TroubleUnlogged, func(_ *pgcatalog.Table, row tableRow) (string, []string) {
		if row.Unlogged == "" {
			return "", nil
		}
		return row.refusal(), []string{"ALTER TABLE " + row.Unlogged + " SET LOGGED"}
	})
	refuse(pgcatalog.TroubleIdentity, func(_ *pgcatalog.Table, row tableRow) (string, []string) {
		reason, _ := row.refusalParts()
		return reason, row.mendIdentity()
	})
	covered := slices.Clone(s.matching)
	refusePartitions(covered, s.rows, func(root uint32) bool { return s.foreignReason == "" || s.pub.ViaRoot && s.members.have(root) })
	refuse(pgcatalog.TroubleCovered, func(t *pgcatalog.Table, _ tableRow) (string, []string) {
		i := slices.IndexFunc(covered, func(c pgcatalog.Table) bool { return c.OID == t.OID })
		return covered[i].Refused, nil
	})
	if s.foreignReason != "" {
		missing := &syncState{pub: s.pub, foreignReason: s.foreignReason, members: s.members, rows: s.rows, matching: slices.Clone(s.matching)}
		d.refuseMissing(missing)
		refuse(pgcatalog.TroublePartition, func(t *pgcatalog.Table, _ tableRow) (string, []string) {
			if !t.Partitioned || s.pub.ViaRoot {
				return "", nil
			}
			return fmt.Sprintf("publication %q sends the changes of its partitions as those of other tables", d.cfg.Publication), []string{d.setAllStatement()}
		})
		refuse(pgcatalog.TroubleMissing, func(t *pgcatalog.Table, row tableRow) (string, []string) {
			i := slices.IndexFunc(missing.matching, func(c pgcatalog.Table) bool { return c.OID == t.OID })
			return missing.matching[i].Refused, d.mendMissing(s, row)
		})
		refuse(pgcatalog.TroubleBreaks, func(t *pgcatalog.Table, row tableRow) (string, []string) {
			return d.breakage(s.members[t.OID], row), d.mendBroken(s.members[t.OID], row)
		})
	} else {
		refuse(pgcatalog.TroubleUnowned, func(t *pgcatalog.Table, row tableRow) (string, []string) {
			if row.Owned || s.members.have(t.OID) {
				return "", nil
			}
			return fmt.Sprintf("only its owner, the role %q, can publish it", row.Owner), d.mendUnowned(row, s.pub.Owner != "")
		})
	}
	for i := range s.matching {
		t, row := &s.matching[i], s.rows[s.matching[i].OID]
		m, member := s.members[t.OID]
		tables[i].Name, tables[i].OID, tables[i].Identity, tables[i].Partitioned = t.TableName(), t.OID, t.Identity, t.Partitioned
		tables[i].Quoted, tables[i].Member, tables[i].NotFull = quote(t.Schema, t.Name), member, row.NotFull
		tables[i].SomeRows, tables[i].SomeColumns, tables[i].Generated = m.SomeRows, m.SomeColumns, m.Generated
	}
	return tables
}

// mendIdentity is the statement that gives a refused table an identity, or one that can be
// used. FULL needs no key; PostgreSQL refuses the updates of a FULL table that has a virtual
// generated column.
func (t tableRow) mendIdentity() []string {
	if t.RowHidden != "" && t.IdentityNothing+t.IndexMissing+t.KeyMissing == "" {
		return []string{"ALTER TABLE " + t.RowHidden + " REPLICA IDENTITY DEFAULT"}
	}
	table := cmp.Or(t.IdentityNothing, t.IndexMissing, t.KeyMissing, t.KeyHidden, t.OtherKey)
	if table == "" {
		return nil
	}
	return []string{"ALTER TABLE " + table + " REPLICA IDENTITY FULL"}
}

// mendMissing has no statement where adding the table is not the way; see hintMissing.
func (d *Database) mendMissing(s *syncState, t tableRow) []string {
	if s.pub.AllTables || s.pub.AllSequences || s.pub.keptByOther(d.cfg.Slot) {
		return nil
	}
	return []string{d.alterStatement("ALTER PUBLICATION {publication} ADD TABLE {tables}", t)}
}

func (d *Database) mendBroken(m member, t tableRow) []string {
	pub, name := quote(d.cfg.Publication), quote(t.Schema, t.Name)
	switch {
	case len(m.Unlisted) > 0:
		return []string{"BEGIN", fmt.Sprintf("ALTER PUBLICATION %s DROP TABLE %s", pub, name), fmt.Sprintf("ALTER PUBLICATION %s ADD TABLE ONLY %s", pub, name), "COMMIT"}
	case len(m.Ungenerated) > 0:
		return []string{fmt.Sprintf("ALTER PUBLICATION %s SET (publish_generated_columns = stored)", pub)}
	case len(m.Unidentified) > 0:
		return []string{fmt.Sprintf("ALTER TABLE %s REPLICA IDENTITY FULL", name)}
	}
	return nil
}

// mendUnowned gives our role the owner's, or has a superuser add the table to a publication
// that exists.
func (d *Database) mendUnowned(t tableRow, exists bool) []string {
	if !t.SuperuserOwned {
		return []string{fmt.Sprintf("GRANT %s TO {role}", quote(t.Owner))}
	}
	if exists {
		return []string{d.alterStatement("ALTER PUBLICATION {publication} ADD TABLE {tables}", t)}
	}
	return nil
}

// inspectInheritance notes which tables others inherit from.
func (d *Database) inspectInheritance(ctx context.Context, conn *pgx.Conn, tables []pgcatalog.InspectedTable) error {
	var oids []uint32
	for i := range tables {
		if !tables[i].Partitioned {
			oids = append(oids, tables[i].OID)
		}
	}
	parents, err := collect[parent](ctx, conn, inheritance, oids)
	if err != nil {
		return err
	}
	for _, p := range parents {
		i := slices.IndexFunc(tables, func(t pgcatalog.InspectedTable) bool { return t.OID == p.OID })
		tables[i].Inherited, tables[i].Hypertable = p.warning(tables[i].Name.String()), p.Chunks
	}
	return nil
}

// privileges is a row of doctor/tables.sql.
type privileges struct {
	OID         uint32
	MayEnter    bool
	RowSecurity bool
	LongValues  bool
	Lockers     []int32
}

// inspectPrivileges notes what the role can do with the tables. It reads from each.
func (d *Database) inspectPrivileges(ctx context.Context, conn *pgx.Conn, tables []pgcatalog.InspectedTable) error {
	oids := make([]uint32, len(tables))
	for i := range tables {
		oids[i] = tables[i].OID
	}
	rows, err := collect[privileges](ctx, conn, doctorTables, oids)
	if err != nil {
		return err
	}
	for _, p := range rows {
		i := slices.Index(oids, p.OID)
		t := &tables[i]
		t.MayEnter, t.RowSecurity, t.LongValues, t.Lockers = p.MayEnter, p.RowSecurity, p.LongValues, p.Lockers
		if len(p.Lockers) > 0 { // a read would only wait
			t.Locked, t.MayRead = true, true
			continue
		}
		switch err := d.readNothing(ctx, conn, t.Quoted); {
		case err == nil:
			t.MayRead = true
		case isLocked(err):
			t.Locked, t.MayRead = true, true
		case isDenied(err):
		case isGone(err):
			t.MayRead = true
		default:
			return err
		}
	}
	return nil
}

// readNothing reads no row of a table, as the role.
func (d *Database) readNothing(ctx context.Context, conn *pgx.Conn, table string) error {
	return pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if err := d.limitLocks(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, fill(doctorSelect, "{table}", table))
		return err
	})
}

func isDenied(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "42501"
}
