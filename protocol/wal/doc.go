// Package wal is the vocabulary of the write-ahead log: positions, relations, changes of
// rows. It holds values only; nothing here does I/O, starts a goroutine or logs.
//
// A [Batch] is what the replication stream hands to the fan-out: changes in commit order,
// whole transactions or a piece of one that is too long to hold. A [Change] has a
// [Relation] and one or two rows of raw [Value]s: the text that PostgreSQL sent, not yet
// parsed. The bytes belong to the batch and are valid until the function that received
// the batch returns. A Relation is immutable: two versions of a table are two Relations.
package wal
