package pgcatalog

import "github.com/tablewire/tablewire/protocol/wal"

// Table is a table that matches the server's --tables patterns.
type Table struct {
	OID      uint32
	Schema   string
	Name     string
	Identity wal.Identity
	// Partitioned says that the table is the root of a partitioned table.
	Partitioned bool
	// Refused says, for the operator, why the publication can't have the table; empty if
	// it has the table.
	Refused string
	// Added says that this look added the table to the publication.
	Added bool
	// Mark changes if somebody altered what the publication has of the table, even if it
	// was put back since: changes from the time between may be missing.
	Mark string
	// Toasts maps the OIDs of the table's partitions, or its own, to the OIDs of their
	// TOAST tables, for those that can become UNLOGGED; see Rewritten.
	Toasts map[uint32]uint32
}

// PublicationState is the state of the publication after it was brought up to date.
type PublicationState struct {
	Tables []Table // all that match, the refused ones included
	// Created says that the publication did not exist before.
	Created bool
	// Mark changes if somebody altered the publication itself; see Table.Mark.
	Mark string
	// Unseen lists tables whose rows changed in ways that the stream does not show.
	Unseen []Unseen
	// Flushed is how far the log was flushed when the tables were read.
	Flushed wal.LSN
	// Warnings tell the operator which tables, or which of their changes, the stream will
	// not have.
	Warnings []string
}

// Unseen says that rows of a table changed, appeared or disappeared, and that the stream
// does not have the changes.
type Unseen struct {
	Table wal.TableName
	Why   string // for clients, too: "a partition was attached"
	// At is a position of the log after the event. Changes before it may still show rows
	// from before the event.
	At wal.LSN
	// Truncated is the id of the transaction that emptied a part of the table, or 0. If
	// the stream shows that it truncated the whole table, nothing was unseen.
	Truncated uint32
}

// Rewritten reports whether ALTER TABLE rewrote the table or one of its partitions since
// an earlier look: a rewrite makes another TOAST table, where VACUUM FULL, CLUSTER and
// TRUNCATE keep it. A table that was UNLOGGED for a while was rewritten, and the log lacks
// its changes of that time.
func (t *Table) Rewritten(since Table) bool {
	for table, toast := range t.Toasts {
		if was := since.Toasts[table]; was != 0 && was != toast {
			return true
		}
	}
	return false
}

// TableName returns the table's name.
func (t *Table) TableName() wal.TableName { return wal.TableName{Schema: t.Schema, Table: t.Name} }

// TableColumn is a column of a table, or a field of a composite type, that logical
// replication sends.
type TableColumn struct {
	Name         string
	TypeOID      uint32
	TypeModifier int32
	Key          bool // see wal.Column.Key
}

// TypeRow is a type as pg_type has it, with what belongs to it in other catalogs.
type TypeRow struct {
	OID   uint32
	Name  string // as format_type prints it
	Class byte   // typtype: b base, c composite, d domain, e enum, r range, m multirange
	Base  uint32 // for a domain: its base type, else 0
	Elem  uint32 // for an array: the type of its elements, else 0
	// Extension is the extension that the type belongs to; zero for others.
	Extension wal.ExtensionType
	// Folding says how citext compares; nil for other types.
	Folding *wal.Folding
	// SpatialRefs is for PostGIS' geometry; nil for other types.
	SpatialRefs *wal.SpatialRefs
	// JSONCast says that a cast function to json exists.
	JSONCast bool
	Delim    byte          // for an array: the delimiter between its elements
	Labels   []string      // for an enum, in order
	Fields   []TableColumn // for a composite type
}

// ServerInfo is what the start of a stream checks of a server, its settings and the slot.
// The number behind a field is the PostgreSQL version that introduced it.
type ServerInfo struct {
	VersionNum         int // 150004 for 15.4
	Database, User     string
	WALLevel           string
	EffectiveWALLevel  string // from PostgreSQL 19 on it can be more than WALLevel
	InRecovery         bool
	MayCreate          bool // CREATE on the database, for the publication
	SlotsFree          int
	WALSenderTimeoutMS int // wal_sender_timeout in milliseconds; 0: none
	SlotExists         bool
	SlotPlugin         string
	SlotDatabase       string
	SlotWALStatus      string
	SlotInvalidation   string // why the server can't decode from the slot any more (17; on 16 "conflict"); empty: it can
	SlotKeepSize       string // max_slot_wal_keep_size
	SlotIdleTimeout    string // idle_replication_slot_timeout (18)
	SlotSynced         bool   // the slot is a standby's copy of its primary's (17)
	SlotFailover       bool   // standbys copy the slot (17)
	SlotTwoPhase       bool   // prepared transactions are sent before they commit
	MaxPrepared        int    // max_prepared_transactions
	OutputPlugins      string // output_plugin_libraries; empty if the setting is missing or hidden from the role
	PublicationExists  bool
	WALEnd             int64 // the end of the written log, a position
	SlotRetained       int64 // bytes of log that the server keeps for the slot
}

// SlotHolder is the client that reads from a slot.
type SlotHolder struct {
	PID     int  // of the server's process for it; 0: nobody reads from the slot
	Visible bool // the role may see the other fields
	// Application, Address (empty for a Unix socket) and Since, the time of its
	// connection, are what the server knows about the client.
	Application, Address, Since string
	// RepliesVisible says that the role may see Replied. It takes pg_read_all_stats, even for
	// a client of the same role.
	RepliesVisible bool
	// Replied is the time of the client's last status update, by the client's clock. The
	// client is alive if it changes.
	Replied string
	// Confirmed is the position that the client confirmed last (confirmed_flush_lsn), empty
	// while the slot is created. The client is alive if it changes. It changes only while
	// the server writes to its log.
	Confirmed string
	// LookedAs is the role that asked.
	LookedAs string
}
