package fanout

import (
	"context"
	"sync/atomic"

	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// shard owns a part of the subscribers. Its goroutine is the only one to touch
// its topics; everything reaches it through its inbox, in order.
type shard struct {
	inbox chan any // *work, subscribe, unsubscribe, endTopic, endAll
	// subscribers is how many there are, for Publish to pass over an idle shard. It
	// is raised before a subscription is queued, and so is never too low.
	subscribers atomic.Int64

	topics  map[wal.TableName]*topic
	dirty   []*node // those with frames of the present batch
	scratch []byte

	found    []filter.Hit // of the present row; cleared after it: it keeps no entry alive
	hits     []hit        // of the present change; likewise
	identity []wal.Value  // of the row before the present change
	last     lastFrame    // of the present batch

	counters counters
}

// lastFrame is the frame that a node was given last.
type lastFrame struct {
	of    *encoding
	key   frameKey
	frame wsframe.Frame
}

// counters are what a shard has done, read from outside.
type counters struct {
	deliveries, evaluations, encodes atomic.Uint64
	filters, scanned                 atomic.Int64
}

// filterCounts are how many filters there are, and how many of them are looked at
// for every change.
type filterCounts struct{ filters, scanned int }

// work is a batch for every shard, and who waits for it.
type work struct {
	batch     *wal.Batch
	encodings []encoding
	waiting   atomic.Int32  // shards that are not done yet
	done      chan struct{} // told by the last of them
}

func (w *work) finish() {
	if w.waiting.Add(-1) == 0 {
		w.done <- struct{}{}
	}
}

// What a shard keeps of its scratch memory from batch to batch.
const (
	maxScratch = 4 << 20 // bytes for encoding: a row may be huge
	maxHits    = 1 << 16
)

type subscribe struct {
	Subscription
	subscriber *Subscriber
	bound      binding
	done       chan error
}

type unsubscribe struct {
	subscriber *Subscriber
	done       chan struct{}
}

// endTopic ends all subscriptions to a table, or those that follow transitions.
type endTopic struct {
	table     wal.TableName
	followers bool
	ending
}

// endAll ends every subscription.
type endAll struct{ ending }

// ending is how sockets are closed.
type ending struct {
	code   protocol.CloseCode
	reason string
	frames []wsframe.Frame // before the close frame
}

// endingOf tells an error.
func endingOf(err *protocol.Error) ending {
	return ending{err.Code, err.Message, []wsframe.Frame{wsframe.Text(err.AppendJSON(nil))}}
}

func newShard() *shard {
	return &shard{inbox: make(chan any, 256), topics: make(map[wal.TableName]*topic)}
}

// run serves the inbox until ctx ends.
func (s *shard) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-s.inbox:
			s.handle(m)
		}
	}
}

func (s *shard) handle(m any) {
	switch m := m.(type) {
	case *work:
		s.publish(m)
		m.finish()
	case subscribe:
		m.done <- s.subscribe(m)
	case unsubscribe:
		s.unsubscribe(m.subscriber)
		close(m.done)
	case endTopic:
		if t := s.topics[m.table]; t != nil {
			t.end(m.ending, m.followers)
		}
	case endAll:
		for _, t := range s.topics {
			t.end(m.ending, false)
		}
	}
}

func (s *shard) publish(w *work) {
	var t *topic
	var relation *wal.Relation
	for i := range w.batch.Changes {
		c := &w.batch.Changes[i]
		if c.Relation != relation {
			relation = c.Relation
			if t = s.topics[relation.TableName()]; t != nil && t.relation != relation {
				s.flush() // what the older version's filters wanted, before any of them ends
				t.bind(relation)
				s.count(t)
			}
		}
		if t == nil {
			continue
		}
		if c.Op == wal.Truncate { // for everybody, whatever the filters
			for _, e := range t.entries {
				s.queue(hit{entry: e, row: filter.Yes}, c, &w.encodings[i])
			}
			continue
		}
		s.match(t, c)
		for _, h := range s.hits {
			s.queue(h, c, &w.encodings[i])
		}
		clear(s.hits)
	}
	s.flush()
}

// match finds the hits of a change. Of an update the row before it is matched, too,
// for the entries whose nodes follow transitions.
func (s *shard) match(t *topic, c *wal.Change) {
	s.hits = s.find(&t.index, c.Row(), s.hits[:0])
	if c.Op != wal.Update || t.followed.Len() == 0 {
		return
	}
	now := len(s.hits)
	for i := range s.hits {
		s.hits[i].entry.hit = i + 1
	}
	s.hits = joinHits(s.find(&t.followed, s.before(c), s.hits), now)
}

// find appends the entries of an index that do not refuse a row. What can't be
// decided, because the log does not tell the values, is not refused: a client can
// ignore a row that it does not hold, but can't guess one that it was never told.
func (s *shard) find(index *filter.Index, row []wal.Value, hits []hit) []hit {
	s.found = index.Match(s.found[:0], row)
	for _, h := range s.found {
		hits = append(hits, hit{entry: h.Entry.Value.(*entry), row: h.Result})
	}
	clear(s.found)
	s.counters.evaluations.Add(uint64(index.Visited()))
	return hits
}

// count brings the counters of filters up to date with a topic.
func (s *shard) count(t *topic) {
	now := filterCounts{t.index.Len(), t.index.Scanned()}
	s.counters.filters.Add(int64(now.filters - t.counted.filters))
	s.counters.scanned.Add(int64(now.scanned - t.counted.scanned))
	t.counted = now
}

// joinHits makes one hit of the two that an entry may have: of the row after an
// update, among the first n, and of the row before it.
func joinHits(hits []hit, n int) []hit {
	joined := hits[:n]
	for _, h := range hits[n:] {
		if at := h.entry.hit; at > 0 {
			joined[at-1].before = h.row
			continue
		}
		joined = append(joined, hit{entry: h.entry, row: filter.No, before: h.row})
	}
	for i := range n {
		joined[i].entry.hit = 0
	}
	clear(hits[len(joined):])
	return joined
}

// before is what is known of the row before an update.
func (s *shard) before(c *wal.Change) []wal.Value {
	if c.Old != nil {
		return c.Old
	}
	s.identity = c.AppendIdentity(s.identity[:0])
	return s.identity
}

// queue puts a change's frames by for the nodes of an entry, until flush.
func (s *shard) queue(h hit, c *wal.Change, e *encoding) {
	for _, n := range h.entry.nodes {
		seen, sent := n.view.sees(c, h, e)
		if !sent || n.crowded {
			continue
		}
		if h.row == filter.Unknown && seen.Op != wal.Delete {
			n.unsure = true
		}
		f := s.frame(frameKey{n.view.Projection, seen}, c, e)
		if len(n.pending) == 0 {
			s.dirty = append(s.dirty, n)
		}
		if f == nil {
			n.crowded = true
			continue
		}
		n.pending = append(n.pending, f)
		n.pendingBytes += len(f)
	}
}

// crowded ends those who miss a change, as [MaxProjectedBytes] has it.
var crowded = ending{code: protocol.CloseRestart, reason: "a long row is shown in too many choices of columns"}

// frame gives a change's frame, nil for one too many. Most nodes want the same as the
// one before.
func (s *shard) frame(key frameKey, c *wal.Change, e *encoding) wsframe.Frame {
	if s.last.of == e && s.last.key == key {
		return s.last.frame
	}
	f, built := e.frame(key, c, &s.scratch)
	if built {
		s.counters.encodes.Add(1)
	}
	s.last = lastFrame{e, key, f}
	return f
}

// flush queues a batch's frames: all of a node's with each of its subscribers.
func (s *shard) flush() {
	for _, n := range s.dirty {
		delivered := 0
		for _, sub := range n.subscribers {
			if sub.queue.push(n.pending, n.pendingBytes) {
				delivered += len(n.pending)
			}
			if n.unsure {
				sub.unsure = true
			}
		}
		if n.crowded {
			for _, sub := range n.subscribers {
				sub.end(crowded)
			}
		}
		s.counters.deliveries.Add(uint64(delivered))
		n.clearPending()
	}
	clear(s.dirty)
	s.dirty = s.dirty[:0]
	if cap(s.scratch) > maxScratch {
		s.scratch = nil
	}
	if cap(s.hits) > maxHits || cap(s.found) > maxHits {
		s.hits, s.found = nil, nil
	}
	clear(s.identity) // it refers to the batch
	s.last = lastFrame{}
}

func (s *shard) subscribe(m subscribe) error {
	table := m.Relation.TableName()
	t := s.topics[table]
	if t == nil {
		t = newTopic(m.Relation)
	}
	if err := t.subscribe(m.subscriber, m.bound); err != nil {
		s.subscribers.Add(-1)
		return err
	}
	s.topics[table] = t
	s.count(t)
	m.Queue.Push(wsframe.Text(protocol.AppendConnected(nil, m.CollectionID, m.Filters)))
	return nil
}

// unsubscribe takes a subscriber out, and what it was the last one of.
func (s *shard) unsubscribe(sub *Subscriber) {
	n := sub.node
	if n == nil {
		return
	}
	n.remove(sub)
	s.subscribers.Add(-1)
	if len(n.subscribers) > 0 {
		return
	}
	t := n.entry.topic
	n.entry.forget(n)
	s.count(t)
	if len(t.entries) == 0 {
		delete(s.topics, t.relation.TableName())
	}
}
