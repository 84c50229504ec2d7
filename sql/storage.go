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

// storage is how the rows of a table are stored, as catalog/tables.sql has it: a part
// each for the tables that hold them, which are the table itself or its partitions.
type storage struct {
	Leaves   []int64  // OIDs, in their order
	Attached []string // by which transactions each became a partition
	Files    []int64
	Columns  []int64 // how many each has or had
	lookedAt
}

// lookedAt says when the tables were looked at.
type lookedAt struct {
	Xmin              int64 // the oldest transaction that was open
	Moment            string
	Inserted, Flushed string // the end of the log: in all, and as far as it is safe
}

// part is one of them.
type part struct {
	attached      string
	file, columns int64
}

func (s *storage) parts() map[int64]part {
	all := make(map[int64]part, len(s.Leaves))
	for i, leaf := range s.Leaves {
		all[leaf] = part{s.Attached[i], s.Files[i], s.Columns[i]}
	}
	return all
}

// equal is quick: nearly always nothing changed.
func (s *storage) equal(o *storage) bool {
	return slices.Equal(s.Leaves, o.Leaves) && slices.Equal(s.Files, o.Files) && slices.Equal(s.Attached, o.Attached)
}

// rewritten is a row of catalog/rewritten.sql.
type rewritten struct {
	OID     int64
	Altered bool  // columns that it had were altered
	Emptied bool  // nothing is known of how many rows it has
	XID     int64 // the transaction that altered the table last
	Born    bool  // it was made as a partition
}

// compare compares what is exposed with the look before, and keeps what it finds: the
// tables whose rows changed without changes that tell of it. It gives the end of the log
// as far as it was safe.
func (d *Database) compare(ctx context.Context, conn *pgx.Conn, found []pgcatalog.Table, rows map[uint32]tableRow) (flushed wal.LSN, err error) {
	if d.looked == nil {
		if d.looked, err = d.unread(ctx, conn, rows); err != nil {
			return 0, err
		}
	}
	var all []pgcatalog.Unseen
	for i := range found {
		now := rows[found[i].OID]
		before, known := d.looked[now.OID]
		if !known || found[i].Refused != "" || before.equal(&now.storage) {
			continue
		}
		what, err := d.compareStorage(ctx, conn, before, now)
		if err != nil {
			return 0, err
		}
		all = append(all, what...)
	}
	d.unseen = append(d.unseen, all...)
	d.looked = make(map[uint32]storage, len(rows))
	for oid, row := range rows {
		d.looked[oid] = row.storage
		if flushed, err = wal.ParseLSN(row.Flushed); err != nil {
			return 0, err
		}
	}
	return flushed, nil
}

// unread is a look before the first one: the tables as they were where the slot has been
// read to, as far as that is known. What was altered since is stored in no known file,
// and what became a partition since was none.
func (d *Database) unread(ctx context.Context, conn *pgx.Conn, rows map[uint32]tableRow) (map[uint32]storage, error) {
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
	looked := make(map[uint32]storage, len(rows))
	for oid, now := range rows {
		before := storage{lookedAt: now.lookedAt}
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
		looked[oid] = before
	}
	return looked, nil
}

// attachedSince reports whether one of the transactions that made a table a partition is
// not older than another.
func attachedSince(attached string, since int64) bool {
	for xid := range strings.FieldsSeq(attached) {
		if n, err := strconv.ParseUint(xid, 10, 32); err != nil || int32(uint32(n)-uint32(since)) >= 0 {
			return true
		}
	}
	return false
}

// compareStorage says what happened to the rows of a table between two looks.
func (d *Database) compareStorage(ctx context.Context, conn *pgx.Conn, before storage, now tableRow) (all []pgcatalog.Unseen, err error) {
	at, err := wal.ParseLSN(now.Inserted)
	if err != nil {
		return nil, err
	}
	add := func(why string, truncated uint32) {
		all = append(all, pgcatalog.Unseen{
			Table: wal.TableName{Schema: now.Schema, Table: now.Name}, Why: why, At: at, Truncated: truncated,
		})
	}
	was, is := before.parts(), now.parts()
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
			// Its rows came as changes, unless it has got another file already.
			w, known = part{p.attached, r.OID, p.columns}, true
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
		if why, truncated := r.happened(now.Partitioned); w.file != p.file && why != "" {
			add(why, truncated)
		}
	}
	return all, nil
}

// happened says what became of a table that has another file: nothing, where its rows
// were only copied, or where it was truncated and is no partition, which comes as a
// change. truncated is the transaction that may have emptied it.
func (r *rewritten) happened(partition bool) (why string, truncated uint32) {
	if r.Emptied && partition {
		why, truncated = "a partition was truncated", uint32(r.XID)
	}
	if r.Altered {
		why = "the table was rewritten"
	}
	return why, truncated
}

// isEmpty reports whether a table has no rows for certain: one that is locked may have.
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
