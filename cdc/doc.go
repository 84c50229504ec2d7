// Package cdc follows a database's changes through a logical replication slot.
//
//	PostgreSQL ── pgoutput ──► receiver ──chunks──► decoder ──Batch──► Config.Publish
//	                           one goroutine        one goroutine      (the fan-out)
//	                           owns the socket      owns relations
//	                               ▲                    │
//	                               └── confirmed LSN ───┘
//
// A [Stream] connects, creates the publication and the slot if they are missing, and keeps
// one receiver and one decoder for each connection. Package catalog, below this one,
// answers which collections there are and makes the relations that the decoder needs.
// This package sends replication commands only: [Database] runs all other statements.
//
// # Ordering
//
// Publish gets changes in commit order, and the changes of a transaction in the order of
// its statements. Logical messages keep their place among the changes ([wal.Position]).
//
// # Guarantees
//
//   - Publish gets each change once as long as the process lives. After a lost connection
//     PostgreSQL sends some changes again, and the decoder skips those that were published.
//     After a restart of the process, Publish may get changes again that it had before:
//     those that were not confirmed.
//   - Memory stays flat: Publish gets a long transaction in parts ([wal.Batch].Open).
//   - The confirmed position is the end of the last transaction that Publish has returned
//     for. If everything before a keepalive has been published, it is the keepalive's
//     position. It is never further.
//   - If the slot or the publication is lost, the stream creates it again, logs CHANGES MAY
//     BE LOST, and calls Config.Lost: the changes in between are gone.
//
// # Backpressure
//
// Publish is called on the decoder's goroutine. While it blocks, the receiver fills the
// chunks that are free, of 64 KiB and more, then stops reading, and PostgreSQL waits. The
// receiver goes on sending status updates, so that a slow Publish does not cost the
// connection. PostgreSQL keeps the log meanwhile.
//
// # What callers owe
//
// Publish copies what it keeps: the batch and all its values belong to the decoder once it
// returns. The functions of Config must not call back into the stream and wait: the stream
// waits for them. Interrupted and Dropped may be called by any goroutine that uses the
// catalog; Lost, Unseen and Publish are called by the stream's own.
//
// # Errors
//
// Until the stream is live for the first time, an error ends [Stream.Run], because the
// configuration is likely to be wrong. Afterwards the stream reconnects for ever, with a
// growing, jittered delay. [Explain] turns an error into a named condition with a hint.
//
// # Testing
//
// The tests run against real servers of each supported version, which package pgtest
// starts, and compare every value with to_jsonb of the same row. A decoder can be tested
// without a server: decoder_test.go builds the messages of pgoutput.
package cdc
