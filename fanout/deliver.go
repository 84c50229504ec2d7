package fanout

import (
	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// This file turns matches into frames: stage collects the frames of a batch for each
// subscriberGroup, flush puts them into the queues.

// stage adds a change's frame to the pending frames of a filterGroup's subscriberGroups.
func (s *shard) stage(m match, c *wal.Change, e *encoding) {
	for _, sg := range m.filterGroup.groups {
		outcome, sent := sg.projection.classify(c, m, e)
		if !sent || sg.overBudget {
			continue
		}
		if m.row == filter.Unknown && outcome.Op != wal.Delete {
			sg.mayBeStale = true
		}
		f := s.frame(frameKey{sg.projection.Projection, outcome}, c, e)
		if len(sg.pending) == 0 {
			s.dirty = append(s.dirty, sg)
		}
		if f == nil {
			sg.overBudget = true
			continue
		}
		sg.pending = append(sg.pending, f)
		sg.pendingBytes += len(f)
	}
}

// closeOverBudget closes subscribers that miss a change because of [MaxProjectedBytes].
var closeOverBudget = closing{code: protocol.CloseRestart, reason: "a long row is shown in too many choices of columns"}

// frame returns a change's frame, or nil if the budget is spent. Most groups want the same
// frame as the group before, so frame tries that without e's lock.
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

// flush queues all pending frames: those of a group together, for each of its subscribers.
func (s *shard) flush() {
	for _, sg := range s.dirty {
		delivered := 0
		for _, sub := range sg.subscribers {
			if sub.queue.push(sg.pending, sg.pendingBytes) {
				delivered += len(sg.pending)
			}
			if sg.mayBeStale {
				sub.mayBeStale = true
			}
		}
		if sg.overBudget {
			for _, sub := range sg.subscribers {
				sub.close(closeOverBudget)
			}
		}
		s.counters.deliveries.Add(uint64(delivered))
		sg.clearPending()
	}
	clear(s.dirty)
	s.dirty = s.dirty[:0]
	if cap(s.scratch) > maxScratch {
		s.scratch = nil
	}
	if cap(s.matches) > maxMatches || cap(s.found) > maxMatches {
		s.matches, s.found = nil, nil
	}
	clear(s.identity) // it refers to the batch
	s.last = lastFrame{}
}
