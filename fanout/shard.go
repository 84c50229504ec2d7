package fanout

import (
	"context"
	"sync/atomic"

	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// shard owns a part of the subscribers. Its goroutine alone touches its topics, and gets
// all work through the inbox, in order. inbox.go has the messages, match.go and deliver.go
// what the shard does with a batch.
type shard struct {
	inbox chan any
	// subscribers counts the subscribers, so that Publish skips an idle shard. It is
	// raised before a subscription is queued, so it is never too low.
	subscribers atomic.Int64

	topics map[wal.TableName]*topic
	dirty  []*subscriberGroup // those with pending frames

	// Scratch memory. It is cleared after use, so that it keeps nothing alive.

	scratch  []byte         // of the encoder
	found    []filter.Match // of the present row
	matches  []match        // of the present change
	identity []wal.Value    // the old row of the present change
	last     lastFrame      // of the present batch

	counters counters
}

// What a shard keeps of its scratch memory from batch to batch.
const (
	maxScratch = 4 << 20 // bytes of scratch: a row may be huge
	maxMatches = 1 << 16 // capacity of found and matches
)

// lastFrame remembers the frame of the last subscriberGroup.
type lastFrame struct {
	of    *encoding
	key   frameKey
	frame wsframe.Frame
}

// counters are a shard's statistics; other goroutines read them.
type counters struct {
	deliveries, evaluations, encodes atomic.Uint64
	filters, scanned                 atomic.Int64
}

// filterCounts are the number of filters, and how many of those no index finds.
type filterCounts struct{ filters, scanned int }

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
	case *publishJob:
		s.publish(m)
		m.finish()
	case subscribeRequest:
		m.done <- s.subscribe(m)
	case unsubscribeRequest:
		s.unsubscribe(m.subscriber)
		close(m.done)
	case closeTable:
		if t := s.topics[m.table]; t != nil {
			t.close(m.closing, m.transitionsOnly)
		}
	case closeAll:
		for _, t := range s.topics {
			t.close(m.closing, false)
		}
	}
}

// publish matches a batch and queues its frames.
func (s *shard) publish(job *publishJob) {
	var t *topic
	var relation *wal.Relation
	for i := range job.batch.Changes {
		c := &job.batch.Changes[i]
		if c.Relation != relation {
			relation = c.Relation
			if t = s.topics[relation.TableName()]; t != nil && t.relation != relation {
				s.flush() // frames of the older version come before a close frame of the new one
				t.setRelation(relation)
				s.countFilters(t)
			}
		}
		if t == nil {
			continue
		}
		if c.Op == wal.Truncate { // all subscribers see it, whatever their filters
			for _, fg := range t.filterGroups {
				s.stage(match{filterGroup: fg, row: filter.Yes}, c, &job.encodings[i])
			}
			continue
		}
		s.findMatches(t, c)
		for _, m := range s.matches {
			s.stage(m, c, &job.encodings[i])
		}
		clear(s.matches)
	}
	s.flush()
}

// subscribe attaches a subscriber to its topic and queues "connected".
func (s *shard) subscribe(m subscribeRequest) error {
	table := m.Relation.TableName()
	t := s.topics[table]
	if t == nil {
		t = newTopic(m.Relation)
	}
	if err := t.subscribe(m.subscriber, m.compiled); err != nil {
		s.subscribers.Add(-1)
		return err
	}
	s.topics[table] = t
	s.countFilters(t)
	m.Queue.Push(wsframe.Text(protocol.AppendConnected(nil, m.CollectionID, m.Filters)))
	return nil
}

// unsubscribe removes a subscriber, and the groups and the topic that it leaves empty.
func (s *shard) unsubscribe(sub *Subscriber) {
	sg := sub.group
	if sg == nil {
		return
	}
	sg.remove(sub)
	s.subscribers.Add(-1)
	if len(sg.subscribers) > 0 {
		return
	}
	t := sg.filterGroup.topic
	sg.filterGroup.remove(sg)
	s.countFilters(t)
	if len(t.filterGroups) == 0 {
		delete(s.topics, t.relation.TableName())
	}
}

// countFilters updates the counters of filters after a topic has changed.
func (s *shard) countFilters(t *topic) {
	now := filterCounts{t.index.Len(), t.index.Scanned()}
	s.counters.filters.Add(int64(now.filters - t.counted.filters))
	s.counters.scanned.Add(int64(now.scanned - t.counted.scanned))
	t.counted = now
}
