// Package fanout delivers changes and chat messages to the subscribers that want them. It
// knows no network: it puts frames into each socket's [Queue], and a [Waker] learns which
// queue has something to write.
//
// Three types deliver. [Hub] matches changes of tables against subscribers' filters.
// [Broadcast] sends a message to all members of a project, [Rooms] to those of a room;
// [ServerPublisher] sends messages of SQL or a backend to both.
//
// # The way of a change
//
//	Hub.Publish                          one batch
//	└─► shard                            one goroutine, which owns its topics
//	    └─► topic                        one table
//	        └─► filterGroup              one distinct filter: matched once
//	            └─► subscriberGroup      one projection: encoded once
//	                └─► Queue            one socket: one lock, at most one wake
//
// A topic is a table with subscribers. A filterGroup is one distinct filter of a topic. The
// topic's [filter.Index] finds the filters that a row may match, and evaluates each of them
// once, however many subscribe with it. A subscriberGroup holds the subscribers of a
// filterGroup that see changes in the same way: under the same collection name and with
// the same options. All receive the same frames. Groups with equal projections share the
// encoded frame, also across shards.
//
// For a subscriber that follows transitions, an update has two rows to match: the old and
// the new one. projection.classify decides what the update comes to for the subscriber.
//
// # Guarantees
//
//   - Order: a queue receives the changes of its collection in the order in which they were
//     published. Members of a room, or of a broadcast, receive its messages in one order.
//   - Atomicity: all frames of a batch for one subscriber are queued together, unless the
//     table is altered within the batch.
//   - Completeness: "connected" is the first frame of a subscription, and each change
//     published after [Hub.Subscribe] returned is matched for it. If that becomes
//     impossible, the socket is closed with an error, or with 1012 to load its rows again.
//   - Isolation: one subscriber's filter, slow socket or error affects no other subscriber.
//
// # Backpressure
//
// [Hub.Publish] waits until the shards have matched the batch and queued its frames. It
// never waits for a socket. A queue is bounded in bytes; if frames don't fit, the queue
// drops what waits and ends with close code 4008. A shard's inbox is bounded as well:
// Subscribe and Unsubscribe wait while their shard works on a batch.
//
// # What callers owe
//
//   - One goroutine calls [Hub.Publish], one call after the other: that order is the order
//     of delivery. The batch is the caller's again when Publish returns; frames are copies.
//   - [Hub.Run] and [Rooms.Run] run in goroutines of the caller's, which waits for them
//     after it ends their context. After that the hub's methods return [ErrStopped].
//   - Each socket has one queue, which [Queue.Init] readies before its first use. A
//     subscription that ends for any reason needs [Hub.Unsubscribe]; a member needs Leave.
//   - A [Waker] never blocks, and has [Queue.Take] called until it returns nothing.
//   - Nobody modifies a frame: queues share them.
//
// # Goroutines and locks
//
// A shard's goroutine alone touches the shard's topics, groups and subscribers, so matching
// takes no lock. Shards share three things: a change's encoding, the queues, and atomic
// counters. Locks, outermost first:
//
//	Rooms.mu ─► room.mu ─► Queue.mu
//	            channel.mu ─► Queue.mu      (channel: a project's broadcast)
//	Broadcast.mu, encoding.mu               (no other lock while they are held)
//
// A Waker is called without Queue.mu, but maybe under a room's or a channel's lock.
//
// # Testing against it
//
// Everything works in memory: run a hub, subscribe with a queue whose Waker does nothing,
// publish a [wal.Batch], and Take the frames. They are queued when Publish returns, so a
// test needs no waiting; the package's example does just that. [Rooms.Run] uses time only
// through package time, so a testing/synctest bubble can drive it.
package fanout
