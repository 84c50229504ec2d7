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

// lastSync is our publication as the last Sync left it. The next Sync compares, and so
// notices what somebody else has done to the publication. Sync undoes it the first time, and
// not the second time: two programs that undo each other's work would never stop, and
// clients would lose changes each time.
type lastSync struct {
	done    bool                 // there was a last Sync
	carried map[uint32]bool      // the tables that the publication had
	undone  map[uint32]time.Time // when Sync undid what somebody else did with a table
	leftOut map[uint32]string    // tables that stay out of the publication, and why
}

// undoAgain is the time after which Sync undoes the same thing once more.
const undoAgain = time.Hour

// mayUndo reports whether Sync may undo what somebody else did with a table, and notes
// that it does.
func (u *lastSync) mayUndo(oid uint32, now time.Time) bool {
	if last, ok := u.undone[oid]; ok && now.Sub(last) < undoAgain {
		return false
	}
	u.undone[oid] = now
	return true
}

// restoreTaken finds the tables that somebody else has taken out of the publication. The
// first time it leaves them to addMissing; the next time it refuses them, until somebody
// adds them.
func (d *Database) restoreTaken(ctx context.Context, conn *pgx.Conn, s *syncState) {
	var taken []*pgcatalog.Table
	for i := range s.matching {
		t := &s.matching[i]
		switch {
		case s.members.have(t.OID):
			delete(d.last.leftOut, t.OID)
		case t.Refused != "":
		case d.last.leftOut[t.OID] != "":
			t.Refused = d.last.leftOut[t.OID]
		case d.last.carried[t.OID]:
			taken = append(taken, t)
		}
	}
	if len(taken) == 0 {
		return
	}
	who := d.possibleAlterers(ctx, conn, s.pub.Owner)
	now := time.Now()
	for _, t := range taken {
		if d.last.mayUndo(t.OID, now) {
			s.warnings = append(s.warnings, fmt.Sprintf(`somebody took table %q out of publication %q, and it is added again; to keep it out, leave it out of the setting "tables" with '!%[1]s'. %[3]s`, t.TableName(), d.cfg.Publication, who))
			continue
		}
		d.last.leftOut[t.OID] = fmt.Sprintf("somebody took it out of publication %q again, and it is left out now: %s, or run ALTER PUBLICATION %s ADD TABLE %s. %s",
			d.cfg.Publication, ownPublication, quote(d.cfg.Publication), only(t.Schema, t.Name), who)
		t.Refused = d.last.leftOut[t.OID]
	}
}

// possibleAlterers says who may have altered the publication, as far as PostgreSQL can tell.
func (d *Database) possibleAlterers(ctx context.Context, conn *pgx.Conn, owner string) string {
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

// dropUnwanted takes tables out of the publication: those that no longer match, and those
// that would make the application's own statements fail. A locked table stays a member
// until the next Sync.
func (d *Database) dropUnwanted(ctx context.Context, conn *pgx.Conn, s *syncState) error {
	matches, stays := make(map[uint32]bool, len(s.matching)), make(map[uint32]bool, len(s.matching))
	for i := range s.matching {
		matches[s.matching[i].OID], stays[s.matching[i].OID] = true, s.matching[i].Refused == ""
	}
	now := time.Now()
	for oid, m := range s.members {
		t, there := s.rows[oid]
		if stays[oid] || !m.Named || !there {
			continue
		}
		if !matches[oid] && !d.last.mayUndo(oid, now) {
			s.warnings = append(s.warnings, fmt.Sprintf(`somebody adds table %q to publication %q again and again, although the setting "tables" does not name it: it is left there, and no client can see it; %s`, wal.TableName{Schema: t.Schema, Table: t.Name}, d.cfg.Publication, ownPublication))
			continue
		}
		switch err := d.alterNow(ctx, conn, d.alterStatement(dropTables, t)); {
		case err == nil:
			delete(s.members, oid)
			delete(d.last.carried, oid)
		case isLocked(err), isGone(err):
			delete(d.last.undone, oid)
		default:
			return err
		}
	}
	return nil
}

// isGone reports whether an error says that a table was dropped, or taken out of the
// publication, since it was read.
func isGone(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "42P01" || pg.Code == "42704")
}

// addMissing adds the tables that the publication lacks: all at once, or one by one if that
// fails. It refuses a table that PostgreSQL does not add, with PostgreSQL's own words,
// until the next Sync.
func (d *Database) addMissing(ctx context.Context, conn *pgx.Conn, s *syncState) error {
	var missing []*pgcatalog.Table
	for i := range s.matching {
		t := &s.matching[i]
		if t.Refused != "" || s.members.have(t.OID) {
			continue
		}
		if row := s.rows[t.OID]; !row.Owned {
			t.Refused = row.ownerHint(d.cfg.Publication)
			continue
		}
		missing = append(missing, t)
	}
	if len(missing) == 0 || d.add(ctx, conn, s, missing...) == nil {
		return nil
	}
	for _, t := range missing {
		if err := d.add(ctx, conn, s, t); err != nil {
			if conn.IsClosed() {
				return err
			}
			t.Refused = "it could not be added to the publication yet: " + errorText(err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// add adds tables, and reads what the publication then says of them, for the next Sync to
// compare with: nobody can alter that before the transaction ends.
func (d *Database) add(ctx context.Context, conn *pgx.Conn, s *syncState, list ...*pgcatalog.Table) error {
	rows := make([]tableRow, len(list))
	for i, t := range list {
		rows[i] = s.rows[t.OID]
	}
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if err := d.limitLocks(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, d.alterStatement(addTables, rows...)); err != nil {
			return err
		}
		now, err := d.members(ctx, tx)
		if err != nil {
			return err
		}
		for _, t := range list {
			t.Added = true
			s.members[t.OID] = now[t.OID]
		}
		return nil
	})
}

// isLocked reports whether an error says that another session did not release a lock in time.
func isLocked(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "55P03"
}
