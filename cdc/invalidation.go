package cdc

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/cdc/internal/pgerror"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
)

// slotLostError ends a session whose slot must be created again. Its text is the reason.
type slotLostError string

func (e slotLostError) Error() string { return string(e) }

// lossReason says why the slot of a session that ended with err will never work again. It
// returns "" if it may. A slot that the server calls lost is in pg_replication_slots (see
// LostReason): an error alone may come from a standby whose slot is intact.
//
// PostgreSQL's messages are in the server's language; its codes and the names of its
// functions are not.
func lossReason(err error) string {
	if lost, ok := errors.AsType[slotLostError](err); ok {
		return string(lost)
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return ""
	}
	if pg.Code == pgerror.UndefinedObject && pg.Routine == "get_publication_oid" {
		return "the publication was dropped, and the slot can't decode changes from before its new creation"
	}
	return ""
}

// LostReason says why the server will never decode from the slot again, and names
// the server's setting behind that. It returns "" while the slot is intact (manual:
// pg_replication_slots, invalidation_reason).
func LostReason(info pgcatalog.ServerInfo) string {
	switch info.SlotInvalidation {
	case "":
		if info.SlotWALStatus != "lost" {
			return ""
		}
		fallthrough // before PostgreSQL 17 the removal of log is the one reason without a name
	case "wal_removed":
		return fmt.Sprintf("the server no longer has the write-ahead log that the slot needs (wal_removed): max_slot_wal_keep_size is %s there", info.SlotKeepSize)
	case "idle_timeout":
		return fmt.Sprintf("nothing read the slot for longer than the server allows (idle_timeout): idle_replication_slot_timeout is %s there", info.SlotIdleTimeout)
	case "rows_removed":
		return "the primary removed rows of its catalog that the slot of this standby needs (rows_removed): the standby needs hot_standby_feedback = on and a primary_slot_name"
	case "wal_level_insufficient":
		return "the server wrote its log without what decoding needs (wal_level_insufficient): wal_level was below logical on the primary"
	case "conflict": // of PostgreSQL 16
		return "the slot of this standby is in conflict with what the primary did (conflicting): the standby needs hot_standby_feedback = on and a primary_slot_name, the primary wal_level = logical"
	}
	return fmt.Sprintf("the server has invalidated the slot (%s)", info.SlotInvalidation)
}
