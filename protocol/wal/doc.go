// Package wal is the vocabulary of PostgreSQL's write-ahead log: positions, relations, and
// changes of rows. Package cdc decodes the log into these values; package fanout matches
// them against filters; package protocol encodes them for clients.
//
// The package holds values only: nothing here does I/O, starts a goroutine or logs.
//
// # Batches and changes
//
// A [Batch] holds changes in commit order: whole transactions, or a part of one that is
// too long to hold. A [Change] has a [Relation] and one or two rows of [Value]s. A Value
// is the text that PostgreSQL sent, not yet parsed, or the reason why there is none: NULL,
// not sent, or unchanged and therefore not sent. How much of the old row a change has
// depends on the table's replica identity ([Identity]).
//
// # Ownership
//
// The bytes of a batch belong to the code that decoded it and are valid until the function
// that received the batch returns; copy what you keep. Nobody modifies a published batch.
//
// A Relation and all that it refers to is immutable: two versions of a table are two
// Relations. It may be shared between goroutines, and two changes with the same *Relation
// have the same columns.
//
// # Order
//
// A [Position] orders all changes of one database: by their transaction's commit record,
// then by their place in the transaction. An [LSN] alone does not, since transactions
// interleave in the log.
//
// Source: PostgreSQL manual, chapters "Logical Decoding" and "Logical Replication Message
// Formats".
package wal
