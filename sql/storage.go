package sql

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/protocol/pgcatalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// storage is how the rows of a table are stored, as catalog/tables.sql reads it. The lists
// have an element for each leaf: a table that holds rows, which is the table itself or a
// partition.
type storage struct {
	Leaves   []int64  // OIDs, sorted
	Attached []string // the transactions that made the leaf a partition
	Files    []int64  // pg_class.relfilenode
	Columns  []int64  // how many columns the leaf has or had
	readAt
}

// readAt says when a storage was read.
type readAt struct {
	Xmin              int64  // the oldest transaction that was open
	Moment            string // the server's clock, as "2024-05-06 07:08:09.123456+00": for PostgreSQL to read again
	Inserted, Flushed string // the insert and flush positions of the log
}

// leafStorage is the storage of one leaf.
type leafStorage struct {
	attached      string
	file, columns int64
}

func (s *storage) byLeaf() map[int64]leafStorage {
	all := make(map[int64]leafStorage, len(s.Leaves))
	for i, leaf := range s.Leaves {
		all[leaf] = leafStorage{s.Attached[i], s.Files[i], s.Columns[i]}
	}
	return all
}

// equal is quick, because nearly always nothing has changed.
func (s *storage) equal(o *storage) bool {
	return slices.Equal(s.Leaves, o.Leaves) && slices.Equal(s.Files, o.Files) && slices.Equal(s.Attached, o.Attached)
}

// rewritten is a row of catalog/rewritten.sql.
type rewritten struct {
	OID     int64
	Altered bool  // columns that it had before were altered
	Emptied bool  // PostgreSQL does not know how many rows it has
	XID     int64 // the transaction that last altered the table
	Born    bool  // it was created as a partition
}

// findUnseen compares the storage of exposed tables with that of the last Sync. It appends
// to d.unseen the tables whose rows came, went or changed without events, and returns the
// flush position of the log.
func (d *Database) findUnseen(ctx context.Context, conn *pgx.Conn, found []pgcatalog.Table, rows map[uint32]tableRow) (flushed wal.LSN, err error) {
	if d.lastStorage == nil {
		if d.lastStorage, err = d.storageAtSlot(ctx, conn, rows); err != nil {
			return 0, err
		}
	}
	var all []pgcatalog.Unseen
	for i := range found {
		now := rows[found[i].OID]
		before, known := d.lastStorage[now.OID]
		if !known || found[i].Refused != "" || before.equal(&now.storage) {
			continue
		}
		what, err := d.unseenOf(ctx, conn, before, now)
		if err != nil {
			return 0, err
		}
		all = append(all, what...)
	}
	d.unseen = append(d.unseen, all...)
	d.lastStorage = make(map[uint32]storage, len(rows))
	for oid, row := range rows {
		d.lastStorage[oid] = row.storage
		if flushed, err = wal.ParseLSN(row.Flushed); err != nil {
			return 0, err
		}
	}
	return flushed, nil
}

// storageAtSlot stands in for the storage before the first Sync: it is that of the position
// that the slot has been read to, as far as PostgreSQL knows it. A table that was altered
// since has an unknown file, and a table that became a partition since is left out.
func (d *Database) storageAtSlot(ctx context.Context, conn *pgx.Conn, rows map[uint32]tableRow) (map[uint32]storage, error) {
	type unread struct {
		OID, Since int64
		Altered    bool
	}
	var leaves []int64
	for _, row := range rows {
		leaves = append(leaves, row.Leaves...)
	}
	list, err := collect[unread](ctx, conn, unreadTables, d.cfg.Slot, leaves)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	altered := map[int64]bool{}
	for _, u := range list {
		altered[u.OID] = u.Altered
	}
	atSlot := make(map[uint32]storage, len(rows))
	for oid, now := range rows {
		before := storage{readAt: now.readAt}
		before.Xmin = list[0].Since
		for i, leaf := range now.Leaves {
			if attachedSince(now.Attached[i], before.Xmin) {
				continue
			}
			file := now.Files[i]
			if altered[leaf] {
				file = -1
			}
			before.Leaves, before.Attached = append(before.Leaves, leaf), append(before.Attached, now.Attached[i])
			before.Files, before.Columns = append(before.Files, file), append(before.Columns, now.Columns[i])
		}
		atSlot[oid] = before
	}
	return atSlot, nil
}

// attachedSince reports whether one of the transactions that made a table a partition is
// since or a later one.
func attachedSince(attached string, since int64) bool {
	for xid := range strings.FieldsSeq(attached) {
		if n, err := strconv.ParseUint(xid, 10, 32); err != nil || int32(uint32(n)-uint32(since)) >= 0 {
			return true
		}
	}
	return false
}

// unseenOf returns what happened without events to the rows of a table since before.
func (d *Database) unseenOf(ctx context.Context, conn *pgx.Conn, before storage, now tableRow) (all []pgcatalog.Unseen, err error) {
	at, err := wal.ParseLSN(now.Inserted)
	if err != nil {
		return nil, err
	}
	add := func(why string, truncated uint32) {
		all = append(all, pgcatalog.Unseen{
			Table: wal.TableName{Schema: now.Schema, Table: now.Name}, Why: why, At: at, Truncated: truncated,
		})
	}
	was, is := before.byLeaf(), now.byLeaf()
	for leaf := range was {
		if _, still := is[leaf]; !still {
			add("a partition was detached or dropped", 0)
			break
		}
	}
	var changed, columns []int64
	for leaf, p := range is {
		if w, known := was[leaf]; !known || w != p {
			if !known {
				w.columns = p.columns
			}
			changed, columns = append(changed, leaf), append(columns, w.columns)
		}
	}
	list, err := collect[rewritten](ctx, conn, rewrittenTables, changed, columns, before.Xmin, before.Moment, now.OID)
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		w, known := was[r.OID]
		p := is[r.OID]
		if !known && r.Born {
			// Its rows arrived as changes, unless it already has another file again.
			w, known = leafStorage{p.attached, r.OID, p.columns}, true
		}
		if !known || w.attached != p.attached {
			empty, err := d.isEmpty(ctx, conn, r.OID)
			if err != nil {
				return nil, err
			}
			if !empty || known {
				add("a partition was attached", 0)
			}
			continue
		}
		if why, truncated := r.describe(now.Partitioned); w.file != p.file && why != "" {
			add(why, truncated)
		}
	}
	return all, nil
}

// describe says what happened to the rows of a table that has another file. It returns ""
// if they were only copied, or if the table was truncated and is not a partition: that
// arrives as a change. truncated is the transaction that may have truncated a partition.
func (r *rewritten) describe(partition bool) (why string, truncated uint32) {
	if r.Emptied && partition {
		why, truncated = "a partition was truncated", uint32(r.XID)
	}
	if r.Altered {
		why = "the table was rewritten"
	}
	return why, truncated
}

// isEmpty reports whether it is certain that a table has no rows. A locked table may have.
func (d *Database) isEmpty(ctx context.Context, conn *pgx.Conn, table int64) (empty bool, err error) {
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if err := d.limitLocks(ctx, tx); err != nil {
			return err
		}
		return tx.QueryRow(ctx, emptyTable, table).Scan(&empty)
	})
	if err != nil && isLocked(err) {
		return false, nil
	}
	return empty, err
}
