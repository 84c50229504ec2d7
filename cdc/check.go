package cdc

import (
	"errors"
	"fmt"

	"github.com/tablewire/tablewire/cdc/internal/pgerror"
	"github.com/tablewire/tablewire/cdc/internal/quote"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
)

const (
	// minVersion is the oldest supported version.
	minVersion = 140000
	// standbyVersion is the first version that decodes on a standby.
	standbyVersion = 160000
	// onDemandVersion is the first version that does not need wal_level = logical: while there
	// is a logical slot, the server and its standbys write what decoding needs.
	onDemandVersion = 190000
)

// check returns a problem if the stream can't start. It runs before anything is created.
func (s *Stream) check(info pgcatalog.ServerInfo) error {
	if info.InRecovery && !info.SlotExists && s.slotOptions.failover {
		return &temporaryError{&protocol.Problem{
			ID:   "failover-slot-missing",
			What: fmt.Sprintf("the server is a standby, which does not have the failover slot %q yet: a slot that is created here would keep it from being copied", s.cfg.Slot),
			Hint: "nothing if a failover is under way: the stream goes on when the standby is promoted; else give the primary's address",
		}}
	}
	if err := checkSynced(info, s.cfg.Slot); err != nil {
		return err
	}
	if problems := StartProblems(info, s.cfg.Slot, s.cfg.Publication); len(problems) > 0 {
		return problems[0]
	}
	return nil
}

// checkSynced returns a problem that ends by itself if the slot is a standby's copy.
func checkSynced(info pgcatalog.ServerInfo, slot string) error {
	if !info.SlotExists || !info.SlotSynced || !info.InRecovery {
		return nil
	}
	return &temporaryError{NotPromoted(slot)}
}

// NotPromoted is the condition that a stream waits for on a standby whose slot is a copy of
// its primary's (pg_replication_slots, synced).
func NotPromoted(slot string) *protocol.Problem {
	return &protocol.Problem{
		ID:   "standby-not-promoted",
		What: fmt.Sprintf("the server is a standby, which keeps the replication slot %q in step with the primary's until it is promoted", slot),
		Hint: "nothing if a failover is under way: the slot is intact, and the stream goes on from it when the standby is promoted (SELECT pg_promote()); else give the primary's address",
	}
}

// StartProblems returns what keeps a stream from starting, as far as the server, the slot
// and the publication show it. There is at most one problem of each of the three.
func StartProblems(info pgcatalog.ServerInfo, slot, publication string) []*protocol.Problem {
	var all []*protocol.Problem
	for _, problem := range []*protocol.Problem{checkServer(info), checkSlot(info, slot), checkPublication(info, publication)} {
		if problem != nil {
			all = append(all, problem)
		}
	}
	return all
}

func checkServer(info pgcatalog.ServerInfo) *protocol.Problem {
	switch {
	case info.VersionNum < minVersion:
		return &protocol.Problem{
			ID:   "server-version",
			What: fmt.Sprintf("the server is PostgreSQL %d.%d", info.VersionNum/10000, info.VersionNum%10000),
			Hint: "Tablewire needs PostgreSQL 14 or later",
		}
	case info.InRecovery && info.VersionNum < standbyVersion:
		return &protocol.Problem{
			ID:   "standby-version",
			What: fmt.Sprintf("the server is a standby of PostgreSQL %d, which can't be followed", info.VersionNum/10000),
			Hint: "connect to the primary: standbys can be followed from PostgreSQL 16 on",
		}
	case tooLittleWAL(info):
		return walLevelProblem(info)
	}
	return nil
}

func checkSlot(info pgcatalog.ServerInfo, slot string) *protocol.Problem {
	switch {
	case info.SlotExists && info.SlotPlugin == "":
		return &protocol.Problem{
			ID:   "slot-physical",
			What: fmt.Sprintf("the replication slot %q is a physical one, of a standby", slot),
			Hint: `choose another name with the setting "slot"`,
		}
	case info.SlotExists && info.SlotPlugin != "pgoutput":
		return &protocol.Problem{
			ID:   "slot-plugin",
			What: fmt.Sprintf("the replication slot %q has the output plugin %q, not pgoutput", slot, info.SlotPlugin),
			Hint: `choose another name with the setting "slot"`,
		}
	case info.SlotExists && info.SlotDatabase != info.Database:
		return &protocol.Problem{
			ID:   "slot-database",
			What: fmt.Sprintf("the replication slot %q belongs to the database %q, not to %q", slot, info.SlotDatabase, info.Database),
			Hint: `choose another name with the setting "slot": all databases of a server share its slots`,
		}
	case info.SlotExists && info.SlotTwoPhase && info.MaxPrepared > 0 && LostReason(info) == "":
		return &protocol.Problem{
			ID:   "slot-two-phase",
			What: fmt.Sprintf("the replication slot %q was created with two_phase: PostgreSQL would send prepared transactions before they are committed, and those that never are", slot),
			Hint: hintTwoPhase(info, slot),
		}
	case !info.SlotExists && info.SlotsFree <= 0:
		return pgerror.NoFreeSlot("all replication slots of the server are taken")
	}
	return nil
}

func checkPublication(info pgcatalog.ServerInfo, publication string) *protocol.Problem {
	switch {
	case !info.PublicationExists && info.InRecovery:
		return &protocol.Problem{
			ID:   "publication-missing",
			What: fmt.Sprintf("the server is a standby, where the publication %q can't be created", publication),
			Hint: "connect to the primary, or create the publication there",
		}
	case !info.PublicationExists && !info.MayCreate:
		grant := fmt.Sprintf("GRANT CREATE ON DATABASE %s TO %s", quote.Identifier(info.Database), quote.Identifier(info.User))
		return &protocol.Problem{
			ID:   "role-lacks-create",
			What: fmt.Sprintf("the role %q may not create the publication %q in the database %q", info.User, publication, info.Database),
			Hint: fmt.Sprintf("%s, and GRANT the role that owns the tables TO %s unless that is the same role; or let the owner run the first statement that \"tablewire setup-sql\" prints, with CREATE on the database", grant, quote.Identifier(info.User)),
			SQL:  []string{grant},
		}
	}
	return nil
}

// hintTwoPhase says how to take two_phase from a slot: PostgreSQL 18 can alter it.
func hintTwoPhase(info pgcatalog.ServerInfo, slot string) string {
	if info.VersionNum >= 180000 {
		return fmt.Sprintf("stop the process that reads it and run: psql 'dbname=%s replication=database' -c 'ALTER_REPLICATION_SLOT %s (TWO_PHASE false)'", info.Database, slot)
	}
	return fmt.Sprintf("SELECT pg_drop_replication_slot('%s'), and Tablewire creates it again without: what it holds is not sent then; or choose another name with %s", slot, protocol.Setting("slot"))
}

// temporaryError is a condition that ends without a change of Tablewire's settings, such as
// a failover. The stream waits for that, even before it has started.
type temporaryError struct{ *protocol.Problem }

// Unwrap returns the problem itself.
func (t *temporaryError) Unwrap() error { return t.Problem }

func isTemporary(err error) bool {
	_, ok := errors.AsType[*temporaryError](err)
	return ok
}

func isSlotActive(err error) bool {
	return pgerror.Has(err, pgerror.ObjectInUse)
}
