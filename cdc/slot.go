package cdc

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/cdc/internal/quote"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
)

// slotOptions are what a slot was made with, and is made with again.
type slotOptions struct{ failover, twoPhase bool }

// prepare sees to the publication and then the slot: a slot decodes with the
// catalog as it was at each change, so the publication must be there before it.
func (s *Stream) prepare(ctx context.Context, conn *pgconn.PgConn, info pgcatalog.ServerInfo) error {
	if info.SlotExists {
		s.options = slotOptions{info.SlotFailover, info.SlotTwoPhase}
	}
	if s.remake == "" { // else a try to make it anew was begun, and its reason holds
		s.remake = s.reasonToRemake(info)
	}
	// Somebody has made the missing slot meanwhile, maybe the server itself by slot
	// synchronization: it may know more than one that we would make in its place.
	keep := s.remake == slotGone && info.SlotExists && s.reasonToRemake(info) == ""
	if err := s.catalog.Refresh(ctx, time.Now()); err != nil {
		return err
	}
	if s.remake != "" && info.SlotExists && !keep {
		err := pglogrepl.DropReplicationSlot(ctx, conn, quote.Identifier(s.cfg.Slot), pglogrepl.DropReplicationSlotOptions{Wait: false})
		if err != nil {
			return fmt.Errorf("drop the lost slot %q: %w", s.cfg.Slot, err)
		}
	}
	if s.remake != "" && !keep || !info.SlotExists {
		if err := s.createSlot(ctx, conn, info); err != nil {
			return err
		}
	}
	s.catalog.Open()
	if s.remake != "" {
		s.lose(s.remake)
	}
	s.remake = ""
	select {
	case <-s.interrupted: // it is as it must be now
	default:
	}
	return nil
}

// slotGone is the reason to make a slot that was there before.
const slotGone = "the slot was not there any more"

func (s *Stream) reasonToRemake(info pgcatalog.ServerInfo) string {
	switch {
	case info.SlotExists && reasonLost(info) != "":
		return reasonLost(info)
	case info.SlotExists && !info.PublicationExists:
		return "the publication was not there: the slot can't decode what came before it was made"
	case !info.SlotExists && s.hasStarted():
		return slotGone
	}
	return ""
}

// createSlot makes the slot, as it was before where it was there before.
func (s *Stream) createSlot(ctx context.Context, conn *pgconn.PgConn, info pgcatalog.ServerInfo) error {
	waiting := time.AfterFunc(2*time.Second, func() { s.sayWaiting(info.InRecovery) })
	defer waiting.Stop()
	options := s.options
	// A standby can't make failover slots: its own are not copied any further.
	options.failover = options.failover && info.VersionNum >= 170000 && !info.InRecovery
	// With two_phase prepared transactions come before they are committed (see check).
	if options.twoPhase && info.MaxPrepared > 0 {
		options.twoPhase = false
		s.cfg.Logger.Warn("the replication slot is made anew without two_phase, which it had", "slot", s.cfg.Slot)
	}
	if _, err := conn.Exec(ctx, createSlotCommand(s.cfg.Slot, info.VersionNum, options)).ReadAll(); err != nil {
		return fmt.Errorf("create replication slot %q: %w", s.cfg.Slot, err)
	}
	s.cfg.Logger.Info("a replication slot was created", "slot", s.cfg.Slot, "failover", options.failover, "two_phase", options.twoPhase)
	return nil
}

// createSlotCommand is CREATE_REPLICATION_SLOT in the server's grammar: PostgreSQL 15
// has its options in parentheses. No snapshot is kept: nothing is read with it.
func createSlotCommand(slot string, version int, o slotOptions) string {
	command := fmt.Sprintf("CREATE_REPLICATION_SLOT %s LOGICAL pgoutput", quote.Identifier(slot))
	switch {
	case version < 150000 && o.twoPhase: // 14's command does not take it, its function does
		return fmt.Sprintf("SELECT pg_create_logical_replication_slot(%s, 'pgoutput', false, true)", quote.Literal(slot))
	case version < 150000:
		return command + " NOEXPORT_SNAPSHOT"
	}
	options := []string{"SNAPSHOT 'nothing'"}
	if o.twoPhase {
		options = append(options, "TWO_PHASE")
	}
	if o.failover {
		options = append(options, "FAILOVER")
	}
	return command + " (" + strings.Join(options, ", ") + ")"
}

// sayWaiting says what the making of a slot waits for.
func (s *Stream) sayWaiting(standby bool) {
	if standby {
		s.cfg.Logger.Info("waiting for the primary to log which transactions run there, which an idle one does not do: "+
			"a replication slot can't be created on a standby before", "slot", s.cfg.Slot,
			"to_do", "run SELECT pg_log_standby_snapshot() on the primary")
		return
	}
	s.cfg.Logger.Info("waiting for the transactions that are open in the database to end: a replication slot can't be created before", "slot", s.cfg.Slot,
		"to_do", "SELECT pid, xact_start, state, query FROM pg_stat_activity WHERE backend_xid IS NOT NULL ORDER BY xact_start shows them, SELECT gid, prepared FROM pg_prepared_xacts the prepared ones (ROLLBACK PREPARED 'gid')")
}
