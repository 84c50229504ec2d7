package cdc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/cdc/internal/pgerror"
	"github.com/tablewire/tablewire/cdc/internal/quote"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
)

// How long a start waits for a slot that another process reads. That process may be our
// predecessor, on a machine that lost its power: PostgreSQL notices only after
// wal_sender_timeout that it is gone.
const (
	// hiddenWait is how long to wait for a reader whose row in pg_stat_activity our role may
	// not see. It is not our predecessor, which would have our role.
	hiddenWait = 5 * time.Second
	// quietAfter is when a reader that has sent no status update counts as gone: Tablewire
	// sends one every 10 seconds at least (Config.StatusInterval), as pg_recvlogical does.
	quietAfter = 12 * time.Second
	// giveUpMargin is how long after wal_sender_timeout the server may give the reader up.
	giveUpMargin = 5 * time.Second
	// pollInterval is the time between two questions whether the slot is free.
	pollInterval = 200 * time.Millisecond
)

// awaitSlot waits, at a start, for a slot that another process reads. busy is the server's
// error that says so. awaitSlot returns nil when the slot is free, or when ctx ends. When
// the reader is alive or stays, it returns busy as the problem slot-in-use.
func (s *Stream) awaitSlot(ctx context.Context, busy error) error {
	look := time.NewTicker(pollInterval)
	defer look.Stop()
	first, err := s.cfg.Database.SlotHolder(ctx)
	if err != nil || first.PID == 0 {
		select { // another process may take it for short moments again and again
		case <-look.C:
		case <-ctx.Done():
		}
		return unlessDone(ctx, err)
	}
	s.cfg.Logger.Info("waiting for the replication slot: another process reads it, maybe a predecessor that is gone and whose connection the server has not given up yet", holderAttrs(s.cfg.Slot, first)...)
	last, began, moved, warned := first, time.Now(), time.Now(), false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
		now, err := s.cfg.Database.SlotHolder(ctx)
		if err != nil || now.PID == 0 {
			return unlessDone(ctx, err)
		}
		still := time.Since(moved)
		switch {
		case now.PID != last.PID: // it became free, and another process was faster
			moved = time.Now()
		case isAlive(last, now), !now.Visible && time.Since(began) > hiddenWait:
			return slotTaken(busy, now, "")
		case !now.RepliesVisible && s.timeout <= 0 && still > quietAfter:
			return slotTaken(busy, now, fmt.Sprintf("Tablewire can't see whether the reader is alive, and wal_sender_timeout is 0, so that PostgreSQL never gives a dead one up. %s shows it. ", grantStatistics(now)))
		case !now.RepliesVisible && s.timeout > 0 && still > max(s.timeout+giveUpMargin, quietAfter):
			return slotTaken(busy, now, fmt.Sprintf("the reader is likely alive: PostgreSQL gives a dead one up after wal_sender_timeout (%s), and this one has held the slot for %s. With %s Tablewire recognises a live reader within %s. ", s.timeout, still.Round(time.Second), grantStatistics(now), quietAfter))
		case !now.RepliesVisible && s.timeout > 0 && still > quietAfter && !warned:
			warned = true
			s.cfg.Logger.Warn("Tablewire can't see whether the slot's reader is alive: PostgreSQL gives a dead one up after wal_sender_timeout, and Tablewire waits that long",
				append(holderAttrs(s.cfg.Slot, now), "wal_sender_timeout", s.timeout, "to_do", fmt.Sprintf("stop the reader if it is alive, or SELECT pg_terminate_backend(%d) if it is gone for certain; %s lets Tablewire see which", now.PID, grantStatistics(now)))...)
		case s.timeout <= 0 && still > quietAfter:
			return slotTaken(busy, now, fmt.Sprintf("the reader has not replied for %s, and wal_sender_timeout is 0, so that PostgreSQL never gives it up. ", quietAfter))
		case s.timeout > 0 && still > max(s.timeout+giveUpMargin, quietAfter):
			return slotTaken(busy, now, fmt.Sprintf("the reader has not replied for %s. ", still.Round(time.Second)))
		case s.timeout > 0 && still > quietAfter && !warned:
			warned = true
			s.cfg.Logger.Warn("the slot's reader does not reply: PostgreSQL gives it up after wal_sender_timeout, and Tablewire takes the slot then",
				append(holderAttrs(s.cfg.Slot, now), "wal_sender_timeout", s.timeout, "to_do", fmt.Sprintf("nothing, or SELECT pg_terminate_backend(%d) if the reader is gone for certain", now.PID))...)
		}
		last = now
	}
}

// isAlive says whether the reader has sent a status update between two looks.
func isAlive(last, now pgcatalog.SlotHolder) bool {
	replied := last.RepliesVisible && now.RepliesVisible && now.Replied != last.Replied
	// An empty position is of a slot that is being created: the server sets the first one.
	return replied || last.Confirmed != "" && now.Confirmed != last.Confirmed
}

// grantStatistics is the statement that lets the server's role see a reader's replies.
func grantStatistics(h pgcatalog.SlotHolder) string {
	return "GRANT pg_read_all_stats TO " + quote.Identifier(h.LookedAs)
}

// unlessDone returns err, or nil if ctx has ended and so may have caused it.
func unlessDone(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// slotTaken is the problem slot-in-use, with who reads the slot. quiet is empty, or says
// for how long the reader has been quiet, or why Tablewire can't know.
func slotTaken(busy error, h pgcatalog.SlotHolder, quiet string) error {
	pg, ok := errors.AsType[*pgconn.PgError](busy)
	if !ok {
		return busy
	}
	problem := pgerror.Condition(pg)
	problem.What += " (" + describeHolder(h) + ")"
	if quiet != "" {
		problem.Hint = fmt.Sprintf("%sSELECT pg_terminate_backend(%d) if the reader is gone for certain; else %s", quiet, h.PID, problem.Hint)
	}
	return problem
}

// nameHolder adds the slot's reader to the error of a stream that has lost the slot.
func (s *Stream) nameHolder(ctx context.Context, err error) error {
	if !isSlotActive(err) {
		return err
	}
	h, lookErr := s.cfg.Database.SlotHolder(ctx)
	if lookErr != nil || h.PID == 0 {
		return err // the slot is free by now
	}
	return slotTaken(err, h, "")
}

func describeHolder(h pgcatalog.SlotHolder) string {
	if !h.Visible {
		return "of another role"
	}
	text := fmt.Sprintf("application %q", h.Application)
	if h.Address != "" {
		text += " at " + h.Address
	}
	return text + ", connected since " + h.Since
}

func holderAttrs(slot string, h pgcatalog.SlotHolder) []any {
	attrs := []any{"slot", slot, "pid", h.PID}
	if h.Visible {
		attrs = append(attrs, "application", h.Application, "address", h.Address, "since", h.Since)
	}
	return attrs
}
