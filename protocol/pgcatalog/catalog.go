package pgcatalog

import "github.com/tablewire/tablewire/protocol/wal"

// Table is a table of the database that matches what the server exposes.
type Table struct {
	OID      uint32
	Schema   string
	Name     string
	Identity wal.Identity
	// Partitioned says that it is the root of a partitioned table.
	Partitioned bool
	// Refused says why the table is not exposed, for the operator; empty when it is.
	Refused string
	// Added says that the publication did not have the table until now.
	Added bool
	// Mark is another one when somebody has altered what the publication carries of the
	// table, even if it was put back: changes of the time between may not have come.
	Mark string
	// Toasts are the OIDs of the TOAST tables of each of its partitions, or of itself,
	// that can be made UNLOGGED: see WrittenAnew.
	Toasts map[uint32]uint32
}

// PublicationState is what came of bringing the publication up to date.
type PublicationState struct {
	Tables []Table // all that match, the refused ones too
	// Created says that there was no publication until now.
	Created bool
	// Mark is the publication's own, as a table's is.
	Mark string
	// Unseen says whose rows have changed without changes that tell of it.
	Unseen []Unseen
	// Flushed is how far the log was safe when the tables were looked at.
	Flushed wal.LSN
	// Warnings say what of the exposed tables, or of those that were asked for, will
	// not come, for the operator.
	Warnings []string
}

// Unseen says that rows of a table were changed, came or went without changes that tell
// of it.
type Unseen struct {
	Table wal.TableName
	Why   string // for clients, too: "a partition was attached"
	// At is a position of the log before which it happened: what comes before it may
	// still bring rows as they were.
	At wal.LSN
	// Truncated is the transaction that emptied a part of the table, or 0. If it is
	// seen to have truncated the whole table, nothing is amiss.
	Truncated uint32
}

// WrittenAnew reports whether ALTER TABLE has written the table or one of its partitions
// anew since it was looked at before. It makes another TOAST table then; VACUUM FULL,
// CLUSTER and TRUNCATE keep it. So it is when a table was UNLOGGED for a while, and
// changes of that time are in no log.
func (t *Table) WrittenAnew(since Table) bool {
	for table, toast := range t.Toasts {
		if was := since.Toasts[table]; was != 0 && was != toast {
			return true
		}
	}
	return false
}

// TableName is which table it is.
func (t *Table) TableName() wal.TableName { return wal.TableName{Schema: t.Schema, Table: t.Name} }

// TableColumn is a column of a table that logical replication carries.
type TableColumn struct {
	Name         string
	TypeOID      uint32
	TypeModifier int32
	Key          bool // see Column.Key
}

// TypeRow is a type as pg_type has it.
type TypeRow struct {
	OID   uint32
	Name  string // as format_type prints it
	Class byte   // typtype: b base, c composite, d domain, e enum, r range, m multirange
	Base  uint32 // of a domain
	Elem  uint32 // of an array, else 0
	// Extension is who made it; zero for what no extension did.
	Extension wal.ExtensionType
	// Folding is how citext compares; nil for all others.
	Folding *wal.Folding
	// SpatialRefs are of PostGIS' geometry; nil for all others.
	SpatialRefs *wal.SpatialRefs
	// JSONCast says that a function casts the type to json.
	JSONCast bool
	Delim    byte     // of an array: between its elements
	Labels   []string // of an enum, in their order
	Fields   []TableColumn
}

// ServerInfo is what matters of a server before a stream is started.
type ServerInfo struct {
	VersionNum         int // 150004 for 15.4
	Database, User     string
	WALLevel           string
	EffectiveWALLevel  string // from PostgreSQL 19 on it can be more than WALLevel
	InRecovery         bool
	MayCreate          bool // CREATE on the database, for the publication
	SlotsFree          int
	WALSenderTimeoutMS int // 0: none
	SlotExists         bool
	SlotPlugin         string
	SlotDatabase       string
	SlotWALStatus      string
	SlotInvalidation   string // why the server will never decode from it again (17; 16: "conflict"); empty: it will
	SlotKeepSize       string // max_slot_wal_keep_size
	SlotIdleTimeout    string // idle_replication_slot_timeout (18)
	SlotSynced         bool   // a standby's copy of its primary's slot (17)
	SlotFailover       bool   // standbys copy it (17)
	SlotTwoPhase       bool   // prepared transactions are sent before they are committed
	MaxPrepared        int    // max_prepared_transactions
	OutputPlugins      string // output_plugin_libraries, where there is such a setting and the role may see it
	PublicationExists  bool
	WALEnd             int64 // how far the log is written, as a position
	SlotRetained       int64 // bytes of log that are kept for the slot
}

// SlotHolder is who reads a slot.
type SlotHolder struct {
	PID     int  // of the server's process; 0: nobody reads it
	Visible bool // the role may see the rest
	// Application, Address (empty for a Unix socket) and Since, when it connected, are
	// what the server knows of the client.
	Application, Address, Since string
	// Replied is the time of its last status reply, by its own clock: one that changes
	// is a sign of life.
	Replied string
}
