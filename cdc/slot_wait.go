package cdc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/cdc/internal/pgerror"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
)

// How long a start waits for a slot that somebody else reads. That may be our
// predecessor, of which the server has not noticed yet that it is gone: a machine
// that lost its power says no farewell, and PostgreSQL waits for wal_sender_timeout.
const (
	// hiddenPatience is for a reader of whom our role may see nothing. It is of
	// another role, and no predecessor of ours.
	hiddenPatience = 5 * time.Second
	// quietAfter is when a reader that has not replied counts as gone: Tablewire
	// replies every 10 seconds at least (Config.StatusInterval), as pg_recvlogical does.
	quietAfter = 12 * time.Second
	// graceTime is what the server may take beyond wal_sender_timeout.
	graceTime = 5 * time.Second
	// lookInterval is how often it is looked whether the slot is free.
	lookInterval = 200 * time.Millisecond
)

// awaitSlot waits, at a start, for a slot that somebody else reads. It returns nil
// when the slot is free, and the problem when its reader is alive or does not go.
func (s *Stream) awaitSlot(ctx context.Context, busy error) error {
	look := time.NewTicker(lookInterval)
	defer look.Stop()
	first, err := s.cfg.Database.SlotHolder(ctx)
	if err != nil || first.PID == 0 {
		select { // it may be held for short moments again and again
		case <-look.C:
		case <-ctx.Done():
		}
		return ignoreEnd(ctx, err)
	}
	s.cfg.Logger.Info("waiting for the replication slot: somebody reads it, maybe a predecessor that is gone and whose connection the server has not given up yet", holderAttrs(s.cfg.Slot, first)...)
	last, began, moved, warned := first, time.Now(), time.Now(), false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
		now, err := s.cfg.Database.SlotHolder(ctx)
		if err != nil || now.PID == 0 {
			return ignoreEnd(ctx, err)
		}
		still := time.Since(moved)
		switch {
		case now.PID != last.PID: // it was given up, and taken by another before us
			moved = time.Now()
		case now.Replied != last.Replied, !now.Visible && time.Since(began) > hiddenPatience:
			return slotTaken(busy, now, "")
		case s.timeout <= 0 && still > quietAfter:
			return slotTaken(busy, now, fmt.Sprintf("it has not replied for %s, and wal_sender_timeout is 0: PostgreSQL never gives it up. ", quietAfter))
		case s.timeout > 0 && still > max(s.timeout+graceTime, quietAfter):
			return slotTaken(busy, now, fmt.Sprintf("it has not replied for %s. ", still.Round(time.Second)))
		case s.timeout > 0 && still > quietAfter && !warned:
			warned = true
			s.cfg.Logger.Warn("the slot's reader does not reply: PostgreSQL gives it up after wal_sender_timeout, and then the slot is ours",
				append(holderAttrs(s.cfg.Slot, now), "wal_sender_timeout", s.timeout, "to_do", fmt.Sprintf("nothing, or SELECT pg_terminate_backend(%d) if it is gone for certain", now.PID))...)
		}
		last = now
	}
}

// ignoreEnd is nil where the end of the stream is the cause.
func ignoreEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// slotTaken says who reads the slot.
func slotTaken(busy error, h pgcatalog.SlotHolder, quiet string) error {
	pg, ok := errors.AsType[*pgconn.PgError](busy)
	if !ok {
		return busy
	}
	problem := pgerror.Condition(pg)
	problem.What += " (" + describeHolder(h) + ")"
	if quiet != "" {
		problem.Hint = fmt.Sprintf("%sSELECT pg_terminate_backend(%d) if it is gone for certain; else %s", quiet, h.PID, problem.Hint)
	}
	return problem
}

// nameHolder adds who reads the slot to the error of a stream that has lost it.
func (s *Stream) nameHolder(ctx context.Context, err error) error {
	if !isSlotActive(err) {
		return err
	}
	h, lookErr := s.cfg.Database.SlotHolder(ctx)
	if lookErr != nil || h.PID == 0 {
		return err // it has let go of it meanwhile
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
