package fanout

import (
	"context"
	"errors"
	"hash/maphash"
	"sync"

	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// ErrStopped is returned by a hub whose Run has ended.
var ErrStopped = errors.New("the hub has stopped")

// Hub takes changes and gives them to whoever subscribed. All methods may be
// called concurrently, but for Publish, which has one caller.
type Hub struct {
	shards  []*shard
	seed    maphash.Seed
	stopped chan struct{} // closed when Run has ended
	work    work          // reused by Publish
	busy    []*shard      // likewise
}

// New makes a hub; nothing happens until Run.
func New(cfg Config) *Hub {
	h := &Hub{seed: maphash.MakeSeed(), stopped: make(chan struct{})}
	h.work.done = make(chan struct{}, 1)
	for range cfg.shards() {
		h.shards = append(h.shards, newShard())
	}
	return h
}

// Run owns the shards' goroutines and returns when ctx has ended and they have.
func (h *Hub) Run(ctx context.Context) error {
	var running sync.WaitGroup
	for _, s := range h.shards {
		running.Go(func() { s.run(ctx) })
	}
	running.Wait()
	close(h.stopped)
	return nil
}

// Publish queues a batch's frames with all who want them, and returns when that
// is done: the batch's memory is then the caller's again. It waits for matching,
// never for a socket.
func (h *Hub) Publish(b *wal.Batch) error {
	w := &h.work
	w.batch = b
	for len(w.encodings) < len(b.Changes) {
		w.encodings = append(w.encodings, encoding{})
	}
	busy := h.busy[:0]
	for _, s := range h.shards {
		if s.subscribers.Load() > 0 {
			busy = append(busy, s)
		}
	}
	h.busy = busy
	w.waiting.Store(int32(len(busy)))
	for _, s := range busy {
		if err := h.send(s, w); err != nil {
			return err
		}
	}
	if len(busy) > 0 {
		select {
		case <-w.done:
		case <-h.stopped:
			return ErrStopped
		}
	}
	for i := range b.Changes {
		w.encodings[i].reset()
	}
	w.batch = nil
	return nil
}

// Subscribe puts a subscription in force. An error of type [*protocol.Error] is
// for the client; it was not subscribed and its queue is untouched.
func (h *Hub) Subscribe(sub Subscription) (*Subscriber, error) {
	r := sub.request()
	b, err := r.bind(sub.Relation)
	if err != nil {
		return nil, err
	}
	s := h.shardOf(sub.Relation.TableName(), b.key)
	m := subscribe{
		Subscription: sub, bound: b, done: make(chan error, 1),
		subscriber: &Subscriber{queue: sub.Queue, shard: s, request: r, at: sub.Relation.At},
	}
	s.subscribers.Add(1)
	if err := h.send(s, m); err != nil {
		s.subscribers.Add(-1)
		return nil, err
	}
	select {
	case err := <-m.done:
		if err != nil {
			return nil, err
		}
		return m.subscriber, nil
	case <-h.stopped:
		return nil, ErrStopped
	}
}

// Unsubscribe ends a subscription: when it returns, nothing is queued for it any more.
func (h *Hub) Unsubscribe(sub *Subscriber) {
	m := unsubscribe{subscriber: sub, done: make(chan struct{})}
	if h.send(sub.shard, m) != nil {
		return
	}
	select {
	case <-m.done:
	case <-h.stopped:
	}
}

// EndTable ends all subscriptions to a table with an error.
func (h *Hub) EndTable(table wal.TableName, err *protocol.Error) {
	h.all(endTopic{table: table, ending: endingOf(err)})
}

// RestartTable ends all subscriptions to a table of whose changes some were lost:
// the clients are to come back.
func (h *Hub) RestartTable(table wal.TableName, reason string) {
	h.all(endTopic{table: table, ending: ending{code: protocol.CloseRestart, reason: reason}})
}

// RestartTransitionSubscribers ends the subscriptions to a table that follow transitions: rows
// that their clients keep may have changed without a change that told of it.
func (h *Hub) RestartTransitionSubscribers(table wal.TableName, reason string) {
	h.all(endTopic{table: table, followers: true, ending: ending{code: protocol.CloseRestart, reason: reason}})
}

// RestartAll ends every subscription likewise.
func (h *Hub) RestartAll(reason string) {
	h.all(endAll{ending{code: protocol.CloseRestart, reason: reason}})
}

func (h *Hub) all(m any) {
	for _, s := range h.shards {
		_ = h.send(s, m) // a hub that has stopped has ended them
	}
}

func (h *Hub) send(s *shard, m any) error {
	select {
	case <-h.stopped:
		return ErrStopped
	default:
	}
	select {
	case s.inbox <- m:
		return nil
	case <-h.stopped:
		return ErrStopped
	}
}

// shardOf keeps equal filters on one shard, so that each is evaluated once.
func (h *Hub) shardOf(table wal.TableName, filter string) *shard {
	sum := maphash.Comparable(h.seed, table) ^ maphash.String(h.seed, filter)
	return h.shards[sum%uint64(len(h.shards))]
}

// Stats of a hub since it was made.
type Stats struct {
	Subscribers int
	Deliveries  uint64 // frames queued, one for each subscriber
	Filters     int    // distinct ones, of each collection
	Scanned     int    // those of them that are looked at for every change
	Evaluations uint64 // of a filter against a row
	Encodes     uint64 // of a change into a frame
}

// Stats adds up the shards' counters.
func (h *Hub) Stats() Stats {
	var st Stats
	for _, s := range h.shards {
		st.Subscribers += int(s.subscribers.Load())
		st.Deliveries += s.counters.deliveries.Load()
		st.Filters += int(s.counters.filters.Load())
		st.Scanned += int(s.counters.scanned.Load())
		st.Evaluations += s.counters.evaluations.Load()
		st.Encodes += s.counters.encodes.Load()
	}
	return st
}
