package cdc

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/cdc/internal/pgerror"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
)

// lostError ends a session whose slot must be made anew.
type lostError string

func (e lostError) Error() string { return string(e) }

// lostBy tells by a session's error that its slot will never work again, and why. What
// the server itself calls lost is in pg_replication_slots (see reasonLost): an error
// alone may come from a standby whose slot is intact.
// PostgreSQL's messages are in the server's language; its codes and the names of
// its functions are not.
func lostBy(err error) string {
	if lost, ok := errors.AsType[lostError](err); ok {
		return string(lost)
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return ""
	}
	if pg.Code == pgerror.UndefinedObject && pg.Routine == "get_publication_oid" {
		return "the publication was dropped: the slot can't decode what came before it was made anew"
	}
	return ""
}

// reasonLost tells why the server will never decode from the slot again, with the
// setting that is behind it; empty while the slot is intact.
func reasonLost(info pgcatalog.ServerInfo) string {
	switch info.SlotInvalidation {
	case "":
		if info.SlotWALStatus != "lost" {
			return ""
		}
		fallthrough // before PostgreSQL 17 nothing but the removal of log has no name
	case "wal_removed":
		return fmt.Sprintf("the server no longer has the write-ahead log that the slot needs (wal_removed): max_slot_wal_keep_size is %s there", info.SlotKeepSize)
	case "idle_timeout":
		return fmt.Sprintf("nobody read the slot for longer than the server allows (idle_timeout): idle_replication_slot_timeout is %s there", info.SlotIdleTimeout)
	case "rows_removed":
		return "the primary removed rows of its catalog that the slot of this standby needs (rows_removed): the standby needs hot_standby_feedback = on and a primary_slot_name"
	case "wal_level_insufficient":
		return "the server wrote its log without what decoding needs (wal_level_insufficient): wal_level was below logical on the primary"
	case "conflict": // of PostgreSQL 16
		return "the slot of this standby is in conflict with what the primary did (conflicting): the standby needs hot_standby_feedback = on and a primary_slot_name, the primary wal_level = logical"
	}
	return fmt.Sprintf("the server has invalidated the slot (%s)", info.SlotInvalidation)
}
