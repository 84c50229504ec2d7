// Package cdc follows a database's changes through a logical replication slot.
//
//	PostgreSQL ─► walsender ──chunks──► decoder ──Batch──► Config.Publish
//	              one goroutine         one goroutine      (the fan-out)
//	              owns the socket       owns relations
//	                  ▲                     │
//	                  └──── confirmed LSN ──┘
//
// # Guarantees
//
//   - Changes are published in commit order, those of a transaction in the order
//     of its statements, and each once as long as the process lives: after a lost
//     connection what was published already is passed over.
//   - A transaction streams through: a long one is published in pieces
//     ([protocol.Batch].Open), and memory stays flat.
//   - The position that is confirmed to PostgreSQL is the end of the last
//     transaction that Publish returned for, or a keepalive's position when
//     everything before it has been published: never further.
//   - Status replies are sent on time whatever Publish does: a stalled consumer
//     does not cost the connection.
//   - A slot or a publication that was lost is made anew, loudly, and Config.Lost
//     is called: changes in between are gone.
//
// # Errors
//
// Until the stream is live for the first time, errors end [Stream.Run]: the
// configuration is wrong. Afterwards the stream reconnects for ever, with a
// growing, jittered delay. [Explain] turns an error into words for the operator.
package cdc
