// Package fanout brings changes to the subscribers that want them. It knows no
// network: it hands frames to queues, and whoever drains a queue is told through
// a [Waker].
//
// # The way of a change
//
//	Hub.Publish ─► shard ─► topic (collection) ─► entry (distinct filter) ─► node (view) ─► Queue of each subscriber
//	               one goroutine                  match once                 encode once    one lock, one wake
//
// A subscriber belongs to exactly one node: the one of its collection, its filter
// and its view, which is the name under which it asked for the collection and the
// extensions that it asked for. Equal filters share an entry, so that a filter is
// evaluated once a row however many subscribe to it and with whichever views; and
// only if a [filter.Index] finds that the row may concern it. A
// change that several nodes are shown in the same way is encoded once for all of
// them, across shards.
//
// Where a node of an entry follows transitions an update has two rows to match, the
// one before it and the one after. What they make of the update says view.sees.
//
// # Guarantees
//
//   - Order: a queue receives the changes of its collection in the order in which
//     they were published. All frames of a batch that a subscriber gets are queued
//     together.
//   - "connected" is the first frame of a subscription, and every change published
//     after [Hub.Subscribe] returned is matched for it.
//   - Nobody waits for a socket: [Hub.Publish] returns once the shards have matched
//     the batch and queued its frames. A queue is bounded in bytes; one that is
//     full is ended with close code 4008, and costs nobody else anything.
//   - The batch is not referred to after Publish returns; frames are copies.
//
// # Ownership
//
// A shard's goroutine owns its topics, entries and nodes: there are no locks while
// matching. [Hub.Run] owns the shards. A [Queue] is locked by itself; it is the
// only state that shards and writers share. Lock order: encoding, then nothing;
// Queue, then nothing.
package fanout
