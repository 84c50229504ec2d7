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

// slotOptions are the options of a slot. A slot that replaces a lost one gets the same.
type slotOptions struct{ failover, twoPhase bool }

// prepareSlot creates the publication and then the slot, where they are missing; the
// catalog's Refresh creates the publication. The order matters: a slot decodes each change
// with the catalog of that moment, so the publication must exist before the slot does.
func (s *Stream) prepareSlot(ctx context.Context, conn *pgconn.PgConn, info pgcatalog.ServerInfo) error {
	if info.SlotExists {
		s.slotOptions = slotOptions{info.SlotFailover, info.SlotTwoPhase}
	}
	// A reason that is set comes from a session that lost its slot, or from an attempt that
	// failed. It still holds.
	if s.recreateReason == "" {
		s.recreateReason = s.reasonToRecreate(info)
	}
	// keep: the slot was missing, and somebody has created it since, maybe the server itself
	// by slot synchronization. It may hold older changes than a new one.
	keep := s.recreateReason == slotMissing && info.SlotExists && s.reasonToRecreate(info) == ""
	if err := s.catalog.Refresh(ctx, time.Now()); err != nil {
		return err
	}
	if s.recreateReason != "" && info.SlotExists && !keep {
		err := pglogrepl.DropReplicationSlot(ctx, conn, quote.Identifier(s.cfg.Slot), pglogrepl.DropReplicationSlotOptions{Wait: false})
		if err != nil {
			return fmt.Errorf("drop the lost slot %q: %w", s.cfg.Slot, err)
		}
	}
	if s.recreateReason != "" && !keep || !info.SlotExists {
		if err := s.createSlot(ctx, conn, info); err != nil {
			return err
		}
	}
	s.catalog.Open()
	if s.recreateReason != "" {
		s.resetEpoch(s.recreateReason)
	}
	s.recreateReason = ""
	select {
	case <-s.interrupted: // what it asks for has just been done
	default:
	}
	return nil
}

// slotMissing is the reason to create a slot that was there before.
const slotMissing = "the slot was no longer there"

// reasonToRecreate says why the slot must be created again; it returns "" if it need not.
func (s *Stream) reasonToRecreate(info pgcatalog.ServerInfo) string {
	switch {
	case info.SlotExists && LostReason(info) != "":
		return LostReason(info)
	case info.SlotExists && !info.PublicationExists:
		return "the publication was not there, and the slot can't decode changes from before its creation"
	case !info.SlotExists && s.hasStarted():
		return slotMissing
	}
	return ""
}

// createSlot creates the slot, with the options of the one that it replaces.
func (s *Stream) createSlot(ctx context.Context, conn *pgconn.PgConn, info pgcatalog.ServerInfo) error {
	waiting := time.AfterFunc(2*time.Second, func() { s.logWaiting(info.InRecovery) })
	defer waiting.Stop()
	options := s.slotOptions
	// A standby can't create failover slots: nothing copies its slots further.
	options.failover = options.failover && info.VersionNum >= 170000 && !info.InRecovery
	// With two_phase the server sends prepared transactions before they are committed (see
	// check).
	if options.twoPhase && info.MaxPrepared > 0 {
		options.twoPhase = false
		s.cfg.Logger.Warn("the replication slot is created again without two_phase, which it had", "slot", s.cfg.Slot)
	}
	if _, err := conn.Exec(ctx, createSlotCommand(s.cfg.Slot, info.VersionNum, options)).ReadAll(); err != nil {
		return fmt.Errorf("create replication slot %q: %w", s.cfg.Slot, err)
	}
	s.cfg.Logger.Info("a replication slot was created", "slot", s.cfg.Slot, "failover", options.failover, "two_phase", options.twoPhase)
	return nil
}

// createSlotCommand is CREATE_REPLICATION_SLOT in the grammar of the server's version: from
// PostgreSQL 15 on the options stand in parentheses. It exports no snapshot, because
// nothing is read with it.
func createSlotCommand(slot string, version int, o slotOptions) string {
	command := fmt.Sprintf("CREATE_REPLICATION_SLOT %s LOGICAL pgoutput", quote.Identifier(slot))
	switch {
	case version < 150000 && o.twoPhase: // the command of 14 lacks the option, the function has it
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

// logWaiting says what PostgreSQL waits for before it creates a slot.
func (s *Stream) logWaiting(standby bool) {
	if standby {
		s.cfg.Logger.Info("waiting for the primary to log its running transactions, which an idle primary does not do: "+
			"a standby can't create a replication slot before", "slot", s.cfg.Slot,
			"to_do", "run SELECT pg_log_standby_snapshot() on the primary")
		return
	}
	s.cfg.Logger.Info("waiting for the transactions that are open in the database to end: PostgreSQL can't create a replication slot before", "slot", s.cfg.Slot,
		"to_do", "SELECT pid, xact_start, state, query FROM pg_stat_activity WHERE backend_xid IS NOT NULL ORDER BY xact_start shows them, SELECT gid, prepared FROM pg_prepared_xacts the prepared ones (ROLLBACK PREPARED 'gid')")
}
