package sql

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/protocol/pgcatalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// upkeep is what a publication of ours was after the last look, so that what somebody
// else does to it is noticed and, the second time, not undone: two who undo each
// other's work would do so for ever, and clients would lose changes each time.
type upkeep struct {
	began   bool                 // there was a look
	carried map[uint32]bool      // the tables that it had
	undone  map[uint32]time.Time // when what somebody else did with a table was undone
	left    map[uint32]string    // tables that stay out of it, and why
}

// undoAgain is after how long the same is undone once more.
const undoAgain = time.Hour

// mayUndo reports whether what somebody else did with a table is to be undone, and
// notes that it is.
func (u *upkeep) mayUndo(oid uint32, now time.Time) bool {
	if last, ok := u.undone[oid]; ok && now.Sub(last) < undoAgain {
		return false
	}
	u.undone[oid] = now
	return true
}

// noteTaken finds the tables that somebody else has taken out. They are added again
// the first time; the next time they stay out until somebody adds them.
func (d *Database) noteTaken(ctx context.Context, conn *pgx.Conn, l *look) {
	var taken []*pgcatalog.Table
	for i := range l.found {
		t := &l.found[i]
		switch {
		case l.members.have(t.OID):
			delete(d.kept.left, t.OID)
		case t.Refused != "":
		case d.kept.left[t.OID] != "":
			t.Refused = d.kept.left[t.OID]
		case d.kept.carried[t.OID]:
			taken = append(taken, t)
		}
	}
	if len(taken) == 0 {
		return
	}
	who := d.alterers(ctx, conn, l.pub.Owner)
	now := time.Now()
	for _, t := range taken {
		if d.kept.mayUndo(t.OID, now) {
			l.warnings = append(l.warnings, fmt.Sprintf(`somebody took table %q out of publication %q, and it is added again; to keep it out, leave it out of the setting "tables" with '!%[1]s'. %[3]s`, t.TableName(), d.cfg.Publication, who))
			continue
		}
		d.kept.left[t.OID] = fmt.Sprintf("somebody took it out of publication %q again, and it is left out now: %s, or run ALTER PUBLICATION %s ADD TABLE %s. %s",
			d.cfg.Publication, ownPublication, quote(d.cfg.Publication), only(t.Schema, t.Name), who)
		t.Refused = d.kept.left[t.OID]
	}
}

// alterers says who may have altered the publication, as far as it can be told.
func (d *Database) alterers(ctx context.Context, conn *pgx.Conn, owner string) string {
	s := fmt.Sprintf("PostgreSQL does not tell who it was: superusers and the publication's owner %q can", owner)
	rows, err := conn.Query(ctx, alterers, d.cfg.Publication, d.cfg.Slot)
	if err != nil {
		return s // it is only a hint
	}
	if who, err := pgx.CollectRows(rows, pgx.RowTo[string]); err == nil && len(who) > 0 {
		s += "; seen in this database now: " + strings.Join(who, "; ")
	}
	return s
}

// dropStrays takes tables out that must not be in: those that no longer match, and
// those that would make the application's own statements fail. One that is locked
// stays a member until the next time.
func (d *Database) dropStrays(ctx context.Context, conn *pgx.Conn, l *look) error {
	matches, stays := make(map[uint32]bool, len(l.found)), make(map[uint32]bool, len(l.found))
	for i := range l.found {
		matches[l.found[i].OID], stays[l.found[i].OID] = true, l.found[i].Refused == ""
	}
	now := time.Now()
	for oid, m := range l.members {
		t, there := l.rows[oid]
		if stays[oid] || !m.Named || !there {
			continue
		}
		if !matches[oid] && !d.kept.mayUndo(oid, now) {
			l.warnings = append(l.warnings, fmt.Sprintf(`somebody adds table %q to publication %q again and again, although the setting "tables" does not name it: it is left there, and no client can see it; %s`, wal.TableName{Schema: t.Schema, Table: t.Name}, d.cfg.Publication, ownPublication))
			continue
		}
		switch err := d.alterNow(ctx, conn, d.alter(dropTables, t)); {
		case err == nil:
			delete(l.members, oid)
			delete(d.kept.carried, oid)
		case isLocked(err), isGone(err):
			delete(d.kept.undone, oid)
		default:
			return err
		}
	}
	return nil
}

// isGone reports that a table was dropped, or taken out of the publication, since it
// was looked at.
func isGone(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "42P01" || pg.Code == "42704")
}

// addMissing adds the tables that came: all at once, or one by one when one of
// them fails, which is then refused with PostgreSQL's own words until the next time.
func (d *Database) addMissing(ctx context.Context, conn *pgx.Conn, l *look) error {
	var missing []*pgcatalog.Table
	for i := range l.found {
		t := &l.found[i]
		if t.Refused != "" || l.members.have(t.OID) {
			continue
		}
		if row := l.rows[t.OID]; !row.Owned {
			t.Refused = row.unowned(d.cfg.Publication)
			continue
		}
		missing = append(missing, t)
	}
	if len(missing) == 0 || d.add(ctx, conn, l, missing...) == nil {
		return nil
	}
	for _, t := range missing {
		if err := d.add(ctx, conn, l, t); err != nil {
			if conn.IsClosed() {
				return err
			}
			t.Refused = "it could not be added to the publication yet: " + told(err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// add adds tables, and takes what the publication then says of them for what it is
// compared with the next time: nobody can alter that before our transaction ends.
func (d *Database) add(ctx context.Context, conn *pgx.Conn, l *look, list ...*pgcatalog.Table) error {
	rows := make([]tableRow, len(list))
	for i, t := range list {
		rows[i] = l.rows[t.OID]
	}
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if err := d.limitLocks(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, d.alter(addTables, rows...)); err != nil {
			return err
		}
		now, err := d.members(ctx, tx)
		if err != nil {
			return err
		}
		for _, t := range list {
			t.Added = true
			l.members[t.OID] = now[t.OID]
		}
		return nil
	})
}

// isLocked reports that somebody else's lock was not released in time.
func isLocked(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "55P03"
}
