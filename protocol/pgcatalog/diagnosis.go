package pgcatalog

import "github.com/tablewire/tablewire/protocol/wal"

// Instance is what a diagnosis reads of the server and the role, besides ServerInfo.
type Instance struct {
	Version         string // server_version, such as "17.6"
	Pooled          bool   // a pooler is in between
	Address         string // of the server by its own account, with the port; empty for a Unix socket
	ReadOnly        bool   // transactions are read-only, and the server is no standby
	KeepSizeMB      int64  // max_slot_wal_keep_size in MB; -1: no limit
	IdleTimeoutS    int64  // idle_replication_slot_timeout in seconds (18); 0: none
	StandbyFeedback bool   // hot_standby_feedback
	PrimarySlotName string // primary_slot_name; empty if it is not set, or hidden from the role
	Standbys        int    // standbys that stream, and physical slots that wait for one
}

// SlotState is a replication slot of the server.
type SlotState struct {
	Name       string
	Logical    bool
	Database   string // empty for a physical slot
	Active     bool
	Lost       bool  // PostgreSQL removed log that the slot needs
	Retained   int64 // bytes of log that the server keeps for the slot
	Safe       int64 // bytes that may be written before the slot is in danger; -1: no limit
	CatalogAge int64 // transactions since the oldest one whose catalog rows the slot needs
	Spilled    int64 // bytes that decoding wrote to disk, since the statistics were reset
}

// OpenTransaction is a transaction that has written something and is open.
type OpenTransaction struct {
	PID               int32
	Role, Application string // empty if they are hidden from our role
	Seconds           int64  // since it began; 0 if that is hidden
}

// PreparedTransaction is a transaction that waits for COMMIT PREPARED.
type PreparedTransaction struct {
	GID, Database string
	Seconds       int64 // since it was prepared
}

// AsynchronousWriter is where synchronous_commit is off.
type AsynchronousWriter struct {
	Place string // `role "app"`
	Reset string // the statement that resets it
}

// Inspection is what a diagnosis reads of the publication and the tables.
type Inspection struct {
	Publication InspectedPublication
	Tables      []InspectedTable // all that match
	Unmatched   []string         // patterns that no table matches
}

// InspectedPublication is the publication as it is.
type InspectedPublication struct {
	Exists bool
	// Foreign says why this server would not keep the list of tables: "was not made by
	// Tablewire"; empty: it would.
	Foreign string
	// Altered is the problem that keeps serve from starting with a publication of its own
	// that somebody has altered; nil if there is none.
	Altered error
	// KeptFor is the slot of the other Tablewire that keeps the publication; empty: none.
	KeptFor string
	ViaRoot bool     // partitions' changes come as their root's
	Missing []string // kinds of change that it leaves out
}

// InspectedTable is a table that matches, as serve would see it.
type InspectedTable struct {
	Name        wal.TableName
	Quoted      string // ready for a statement
	OID         uint32
	Identity    wal.Identity
	Partitioned bool
	// Trouble is why serve would not expose the table; TroubleNone: it would. Why says that
	// in words, and SQL is what ends it.
	Trouble TableTrouble
	Why     string
	SQL     []string
	Member  bool // the publication carries it
	// What the publication holds back: rows, columns, stored generated columns.
	SomeRows, SomeColumns bool
	Generated             []string
	// NotFull lists the partitions, ready for a statement, that are not FULL where the table
	// or another partition is.
	NotFull []string
	// Inherited is a sentence about the tables that inherit from it; empty: none do.
	Inherited  string
	Hypertable bool // Inherited is about the chunks of a hypertable
	// What the role can do with the table.
	MayEnter, MayRead bool
	RowSecurity       bool    // the table has row level security
	LongValues        bool    // rows have values that are stored outside of the row
	Locked            bool    // it could not be read because of a lock
	Lockers           []int32 // the processes that hold such a lock
}

// TableTrouble is the kind of a reason for which serve does not expose a table.
type TableTrouble int

// The kinds of reasons.
const (
	TroubleNone      TableTrouble = iota
	TroubleUnlogged               // its changes are not in the log
	TroubleIdentity               // it has no replica identity, or none that is of use
	TroubleUnowned                // the role may not add it to the publication
	TroubleMissing                // somebody else's publication does not have it
	TroublePartition              // the publication carries its partitions as other tables
	TroubleBreaks                 // the publication makes its UPDATE and DELETE fail
	TroubleCovered                // it is a partition, and comes as its root
)
