package fanout

import (
	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// stage adds a change's frame to the pending frames of a filterGroup's subscriberGroups.
func (s *shard) stage(m match, c *wal.Change, e *encoding) {
	for _, n := range m.group.groups {
		outcome, sent := n.projection.classify(c, m, e)
		if !sent || n.overBudget {
			continue
		}
		if m.row == filter.Unknown && outcome.Op != wal.Delete {
			n.mayBeStale = true
		}
		f := s.frame(frameKey{n.projection.Projection, outcome}, c, e)
		if len(n.pending) == 0 {
			s.dirty = append(s.dirty, n)
		}
		if f == nil {
			n.overBudget = true
			continue
		}
		n.pending = append(n.pending, f)
		n.pendingBytes += len(f)
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
	for _, n := range s.dirty {
		delivered := 0
		for _, sub := range n.subscribers {
			if sub.queue.push(n.pending, n.pendingBytes) {
				delivered += len(n.pending)
			}
			if n.mayBeStale {
				sub.mayBeStale = true
			}
		}
		if n.overBudget {
			for _, sub := range n.subscribers {
				sub.close(closeOverBudget)
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
	if cap(s.matches) > maxMatches || cap(s.found) > maxMatches {
		s.matches, s.found = nil, nil
	}
	clear(s.identity) // it refers to the batch
	s.last = lastFrame{}
}
