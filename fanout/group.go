package fanout

import (
	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/internal/swaplist"
	"github.com/tablewire/tablewire/internal/wsframe"
)

// filterGroup is one distinct filter of a topic, with all who subscribe with it. The
// filter is evaluated once for a row. A group exists while it has subscribers.
type filterGroup struct {
	topic  *topic
	key    string         // the filter's canonical form
	filter *filter.Filter // nil for pending subscriptions: no row matches
	handle *filter.Entry  // in topic.index; nil without a filter
	groups []*subscriberGroup

	transitionGroups int           // how many of groups follow transitions
	transitionHandle *filter.Entry // in topic.transitionIndex; nil if there are none

	// matched is 1 + the group's index among the matches of the present change, or 0. It
	// is set only while mergeMatches runs.
	matched int
}

// subscriberGroup holds the subscribers of a filterGroup with one projection: they receive
// the same frames.
type subscriberGroup struct {
	filterGroup *filterGroup
	projection  projection
	index       int // in filterGroup.groups
	subscribers []*Subscriber

	// The frames of the present batch, until flush.

	pending      []wsframe.Frame
	pendingBytes int
	mayBeStale   bool // pending has a row that may not match: the log lacks a value
	// overBudget says that a change of the batch could not be encoded for this group
	// (MaxProjectedBytes): the subscribers are closed after what is pending.
	overBudget bool
}

// group returns the subscriberGroup of a projection, creating it if it is missing.
func (g *filterGroup) group(p projection) *subscriberGroup {
	for _, n := range g.groups {
		if n.projection == p {
			return n
		}
	}
	n := &subscriberGroup{filterGroup: g, projection: p, index: len(g.groups)}
	g.groups = append(g.groups, n)
	if p.transitions {
		g.countTransitions(1)
	}
	return n
}

// remove removes an empty subscriberGroup. With its last one the filterGroup leaves its
// topic.
func (g *filterGroup) remove(n *subscriberGroup) {
	g.groups = swaplist.Remove(g.groups, n.index, func(n *subscriberGroup, at int) { n.index = at })
	if n.projection.transitions {
		g.countTransitions(-1)
	}
	if len(g.groups) == 0 {
		delete(g.topic.filterGroups, g.key)
		if g.handle != nil {
			g.topic.index.Remove(g.handle)
		}
	}
}

// countTransitions adds by to the number of groups that follow transitions. The filter is
// in topic.transitionIndex while that is above 0.
func (g *filterGroup) countTransitions(by int) {
	g.transitionGroups += by
	switch {
	case g.transitionHandle == nil:
		g.transitionHandle = g.topic.transitionIndex.Add(g.filter, g)
	case g.transitionGroups == 0:
		g.topic.transitionIndex.Remove(g.transitionHandle)
		g.transitionHandle = nil
	}
}

// add adds a subscriber. Subscribers with equal specs share one.
func (n *subscriberGroup) add(sub *Subscriber) {
	if len(n.subscribers) > 0 && n.subscribers[0].spec.equal(sub.spec) {
		sub.spec = n.subscribers[0].spec
	}
	sub.group, sub.index = n, uint32(len(n.subscribers))
	n.subscribers = append(n.subscribers, sub)
}

// remove removes a subscriber.
func (n *subscriberGroup) remove(sub *Subscriber) {
	n.subscribers = swaplist.Remove(n.subscribers, sub.index, func(sub *Subscriber, at uint32) { sub.index = at })
	sub.group = nil
}

func (n *subscriberGroup) clearPending() {
	clear(n.pending)
	n.pending = n.pending[:0]
	n.pendingBytes = 0
	n.mayBeStale, n.overBudget = false, false
	if cap(n.pending) > maxPooled {
		n.pending = nil
	}
}
