package fanout

import (
	"context"
	"errors"
	"hash/maphash"
	"sync"

	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// ErrStopped is the error of a hub whose Run has returned.
var ErrStopped = errors.New("the hub has stopped")

// Hub matches published changes against all subscriptions and queues their frames. Its
// methods may be called concurrently, except for Publish, which one goroutine calls.
type Hub struct {
	shards  []*shard
	seed    maphash.Seed
	stopped chan struct{} // closed when Run has returned

	// Only Publish uses these; it keeps their memory for the next batch.
	job  publishJob
	busy []*shard
}

// New returns a hub. It does nothing until Run is called.
func New(cfg Config) *Hub {
	h := &Hub{seed: maphash.MakeSeed(), stopped: make(chan struct{})}
	h.job.done = make(chan struct{}, 1)
	for range cfg.shards() {
		h.shards = append(h.shards, newShard())
	}
	return h
}

// Run runs the shards' goroutines until ctx ends, and returns when they have returned. It
// may be called once; its error is always nil.
func (h *Hub) Run(ctx context.Context) error {
	var running sync.WaitGroup
	for _, s := range h.shards {
		running.Go(func() { s.run(ctx) })
	}
	running.Wait()
	close(h.stopped)
	return nil
}

// Publish queues the frames of a batch for all subscribers that want them. It returns when
// the shards have matched the batch; the batch's memory is the caller's again. It never
// waits for a socket. The only error is ErrStopped.
func (h *Hub) Publish(b *wal.Batch) error {
	job := &h.job
	job.batch = b
	for len(job.encodings) < len(b.Changes) {
		job.encodings = append(job.encodings, encoding{})
	}
	busy := h.busy[:0]
	for _, s := range h.shards {
		if s.subscribers.Load() > 0 {
			busy = append(busy, s)
		}
	}
	h.busy = busy
	job.waiting.Store(int32(len(busy)))
	for _, s := range busy {
		if err := h.send(s, job); err != nil {
			return err
		}
	}
	if len(busy) > 0 {
		select {
		case <-job.done:
		case <-h.stopped:
			return ErrStopped
		}
	}
	for i := range b.Changes {
		job.encodings[i].reset()
	}
	job.batch = nil
	return nil
}

// Subscribe starts a subscription and queues "connected". An error of type
// [*protocol.Error] is for the client; the other error is ErrStopped. After an error
// nothing was queued, and there is nothing to unsubscribe.
func (h *Hub) Subscribe(sub Subscription) (*Subscriber, error) {
	spec := sub.spec()
	c, err := spec.compile(sub.Relation)
	if err != nil {
		return nil, err
	}
	s := h.shardOf(sub.Relation.TableName(), c.key)
	m := subscribeRequest{
		Subscription: sub, compiled: c, done: make(chan error, 1),
		subscriber: &Subscriber{queue: sub.Queue, shard: s, spec: spec, validAt: sub.Relation.At},
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

// Unsubscribe ends a subscription. When it returns, nothing more is queued for it.
func (h *Hub) Unsubscribe(sub *Subscriber) {
	m := unsubscribeRequest{subscriber: sub, done: make(chan struct{})}
	if h.send(sub.shard, m) != nil {
		return
	}
	select {
	case <-m.done:
	case <-h.stopped:
	}
}

// EndTable ends all subscriptions to a table with an error: their queues get the error and
// its close code. Each still needs its Unsubscribe, as after all methods below.
func (h *Hub) EndTable(table wal.TableName, err *protocol.Error) {
	h.sendAll(closeTable{table: table, closing: closingFor(err)})
}

// RestartTable closes all subscriptions to a table with 1012, because changes of the table
// may be missing: clients come back and load their rows again.
func (h *Hub) RestartTable(table wal.TableName, reason string) {
	h.sendAll(closeTable{table: table, closing: closing{code: protocol.CloseRestart, reason: reason}})
}

// RestartTransitionSubscribers closes with 1012 those subscriptions to a table that follow
// transitions: their clients keep rows, which may have changed without a change in the log.
func (h *Hub) RestartTransitionSubscribers(table wal.TableName, reason string) {
	h.sendAll(closeTable{table: table, transitionsOnly: true, closing: closing{code: protocol.CloseRestart, reason: reason}})
}

// RestartAll closes every subscription with 1012.
func (h *Hub) RestartAll(reason string) {
	h.sendAll(closeAll{closing{code: protocol.CloseRestart, reason: reason}})
}

func (h *Hub) sendAll(m any) {
	for _, s := range h.shards {
		_ = h.send(s, m) // a stopped hub serves no subscription
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

// shardOf returns the shard of a table and a canonical filter. Equal filters are on one
// shard, so each is evaluated once.
func (h *Hub) shardOf(table wal.TableName, filter string) *shard {
	sum := maphash.Comparable(h.seed, table) ^ maphash.String(h.seed, filter)
	return h.shards[sum%uint64(len(h.shards))]
}

// Stats are the counters and gauges of a hub. Counters start with the hub.
type Stats struct {
	Subscribers int
	Deliveries  uint64 // frames queued: one for each event and subscriber
	Filters     int    // distinct filters, over all collections
	Scanned     int    // those of Filters that no index finds: each change evaluates them
	Evaluations uint64 // evaluations of a filter against a row
	Encodes     uint64 // encodings of a change into a frame
}

// Stats returns the sums over all shards.
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
