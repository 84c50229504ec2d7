package doctor

import (
	"fmt"

	"github.com/tablewire/tablewire/cdc"
	"github.com/tablewire/tablewire/cdc/internal/pgerror"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
)

// The limits that findings are about, in bytes, seconds and transactions.
const (
	someRetained  = 64 << 20
	muchRetained  = 1 << 30
	lowKeepMB     = 1024
	oldCatalog    = 10_000_000
	muchSpilled   = 1 << 30
	failoverSince = 170000
)

// judgeSlots is about our slot, the server's other slots, and the log that they keep.
func (e *examination) judgeSlots() {
	if e.has("server-version") {
		return
	}
	e.judgeOurSlot()
	e.judgeRetained()
	e.judgeBound()
	if e.instance.IdleTimeoutS > 0 {
		e.warns(&protocol.Problem{
			ID:   "slot-idle-timeout",
			What: fmt.Sprintf("idle_replication_slot_timeout is %s: PostgreSQL invalidates the slot when Tablewire is stopped for longer", since(e.instance.IdleTimeoutS)),
			Hint: "set it above the longest planned stop, or to 0, which is no limit; " + e.setting("idle_replication_slot_timeout", "0"),
			SQL:  e.settingSQL("idle_replication_slot_timeout", "0"),
		})
	}
	e.judgeFailover()
}

func (e *examination) judgeOurSlot() {
	if !e.info.SlotExists || e.has("slot-physical", "slot-plugin", "slot-database") {
		return
	}
	if reason := cdc.LostReason(e.info); reason != "" {
		e.blocks(&protocol.Problem{
			ID:   "slot-lost",
			What: fmt.Sprintf("the replication slot %q is invalidated, and its changes are lost: %s", e.cfg.Slot, reason),
			Hint: "mend the cause; serve drops the slot and creates it again, and clients load their rows again. By hand:",
			SQL:  []string{dropSlot(e.cfg.Slot)},
		})
	} else if !e.info.PublicationExists && !e.info.InRecovery {
		e.blocks(&protocol.Problem{
			ID:   "slot-without-publication",
			What: fmt.Sprintf("the replication slot %q exists, and the publication %q does not: the slot can't decode the changes that it holds (%s of log), because the publication was not there then", e.cfg.Slot, e.cfg.Publication, size(e.info.SlotRetained)),
			Hint: `check the setting "publication"; else serve creates both again, without these changes. By hand, before serve or "tablewire setup-sql" creates the publication:`,
			SQL:  []string{dropSlot(e.cfg.Slot)},
		})
	}
	e.judgeHolder()
}

// judgeHolder is about who reads our slot: that may well be the server that is examined.
func (e *examination) judgeHolder() {
	h := e.holder
	if h.PID == 0 {
		return
	}
	p := pgerror.SlotInUse(fmt.Sprintf("the process %d, of another role, reads the replication slot %q", h.PID, e.cfg.Slot))
	if !h.Visible {
		e.blocks(p)
		return
	}
	p.What = fmt.Sprintf("the process %d (application %q, connected since %s) reads the replication slot %q", h.PID, h.Application, h.Since, e.cfg.Slot)
	if h.Application == "tablewire" {
		p.Hint = `nothing if that is the server that you run; a second server needs a slot of its own with the setting "slot" (and the setting "publication")`
		e.notes(p)
		return
	}
	e.blocks(p)
}

// judgeRetained is about slots that keep log or old rows of the catalog.
func (e *examination) judgeRetained() {
	var idle, behind []pgcatalog.SlotState
	for _, s := range e.slots {
		if !s.Active && !s.Lost && s.Retained >= someRetained {
			idle = append(idle, s)
		}
		if s.CatalogAge >= oldCatalog {
			behind = append(behind, s)
		}
		if s.Name == e.cfg.Slot && s.Spilled >= muchSpilled {
			e.notes(&protocol.Problem{
				ID:   "decoding-spills",
				What: fmt.Sprintf("decoding for the slot %q wrote %s to disk, because transactions did not fit into logical_decoding_work_mem", s.Name, size(s.Spilled)),
				Hint: "raise logical_decoding_work_mem; " + e.setting("logical_decoding_work_mem", "256MB"),
				SQL:  e.settingSQL("logical_decoding_work_mem", "256MB"),
			})
		}
	}
	if len(idle) > 0 {
		p := &protocol.Problem{
			ID: "slot-inactive",
			What: "PostgreSQL keeps write-ahead log for replication slots that nobody reads: " +
				joinFew(idle, func(s pgcatalog.SlotState) string { return fmt.Sprintf("%q (%s)", s.Name, size(s.Retained)) }),
			Hint: "start its reader, which for the slot of Tablewire is serve; or drop the slot if nobody needs it any more:",
			SQL:  few(idle, func(s pgcatalog.SlotState) string { return dropSlot(s.Name) }),
		}
		if idle[0].Retained >= muchRetained {
			e.warns(p)
		} else {
			e.notes(p)
		}
	}
	if len(behind) > 0 {
		e.warns(&protocol.Problem{
			ID: "catalog-held-back",
			What: "VACUUM can't remove old rows of the catalog, because a slot may need them: " +
				joinFew(behind, func(s pgcatalog.SlotState) string { return fmt.Sprintf("%q, %d transactions", s.Name, s.CatalogAge) }),
			Hint: "let the slot's reader catch up, or drop the slot if nobody needs it any more:",
			SQL:  few(behind, func(s pgcatalog.SlotState) string { return dropSlot(s.Name) }),
		})
	}
}

// judgeBound is about max_slot_wal_keep_size.
func (e *examination) judgeBound() {
	keep := e.instance.KeepSizeMB << 20
	switch {
	case e.instance.Version == "": // it could not be read
	case e.instance.KeepSizeMB < 0:
		e.warns(&protocol.Problem{
			ID:   "slot-wal-unbounded",
			What: "max_slot_wal_keep_size is -1: while nobody reads a slot, PostgreSQL keeps write-ahead log until the disk is full",
			Hint: "choose a bound that the disk has room for; " + e.setting("max_slot_wal_keep_size", "20GB"),
			SQL:  e.settingSQL("max_slot_wal_keep_size", "20GB"),
		})
	case e.instance.KeepSizeMB < lowKeepMB:
		e.warns(&protocol.Problem{
			ID:   "slot-wal-bound-low",
			What: fmt.Sprintf("max_slot_wal_keep_size is %s: PostgreSQL invalidates the slot when Tablewire is stopped while more is written", size(keep)),
			Hint: "choose a bound of 4 GB or more, if the disk has room for it; " + e.setting("max_slot_wal_keep_size", "20GB"),
			SQL:  e.settingSQL("max_slot_wal_keep_size", "20GB"),
		})
	}
	for _, s := range e.slots {
		if s.Name != e.cfg.Slot || keep <= 0 || s.Lost || s.Retained <= keep/2 {
			continue
		}
		e.warns(&protocol.Problem{
			ID:   "slot-wal-bound-near",
			What: fmt.Sprintf("the slot %q keeps %s of write-ahead log, and PostgreSQL invalidates it beyond max_slot_wal_keep_size, %s", s.Name, size(s.Retained), size(keep)),
			Hint: "start serve, which reads it, or raise the bound; " + e.setting("max_slot_wal_keep_size", "20GB"),
			SQL:  e.settingSQL("max_slot_wal_keep_size", "20GB"),
		})
	}
}

// judgeFailover is about a slot that standbys do not copy.
func (e *examination) judgeFailover() {
	if e.has("slot-physical", "slot-plugin", "slot-database") || e.instance.Standbys == 0 || e.info.InRecovery || e.info.SlotExists && e.info.SlotFailover {
		return
	}
	p := &protocol.Problem{
		ID:   "slot-not-failover",
		What: fmt.Sprintf("the server has standbys (%d): a failover loses the replication slot %q, and the changes that it holds", e.instance.Standbys, e.cfg.Slot),
		Hint: "from PostgreSQL 17 on, standbys copy slots that have the option failover; for earlier versions there is the extension pg_failover_slots",
	}
	switch {
	case e.info.VersionNum < failoverSince:
		e.notes(p)
		return
	case e.info.SlotExists:
		p.Hint = fmt.Sprintf("stop serve, and run: psql 'dbname=%s replication=database' -c 'ALTER_REPLICATION_SLOT %s (FAILOVER true)'; docs/troubleshooting.md, Failover, has the settings of the standby", e.info.Database, e.cfg.Slot)
	default:
		p.Hint = "create the slot by hand, after the publication; docs/troubleshooting.md, Failover, has the settings of the standby"
		p.SQL = []string{fmt.Sprintf("SELECT pg_create_logical_replication_slot('%s', 'pgoutput', failover => true)", e.cfg.Slot)}
	}
	e.warns(p)
}
