package cdc

import (
	"context"
	"fmt"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/cdc/internal/pgerror"
)

// epoch tells servers and their histories apart: a position of one means nothing in
// another (manual: Streaming Replication Protocol, IDENTIFY_SYSTEM).
type epoch struct {
	system   string
	timeline int32
}

// checkEpoch resets the epoch if the server is another one than before, or was restored
// to an earlier state: then nothing tells which changes are missing.
func (s *Stream) checkEpoch(ctx context.Context, conn *pgconn.PgConn) error {
	id, err := pglogrepl.IdentifySystem(ctx, conn)
	if err != nil {
		return pgerror.NotReplicating(fmt.Errorf("identify the server: %w", err))
	}
	before, now := s.epoch, epoch{id.SystemID, id.Timeline}
	s.epoch = now
	if before == (epoch{}) || before == now && uint64(id.XLogPos) >= s.progress.confirmed.Load() {
		return nil
	}
	s.resetEpoch("the server is another one, or was restored from a backup or promoted")
	return nil
}

// resetEpoch forgets all positions, because changes may be lost, and reports that.
func (s *Stream) resetEpoch(why string) {
	s.cfg.Logger.Error("CHANGES MAY BE LOST: clients are told to come back", "slot", s.cfg.Slot, "reason", why)
	s.progress.reset()
	s.cfg.Lost()
}
