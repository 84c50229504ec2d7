package fanout

import (
	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/internal/swaplist"
	"github.com/tablewire/tablewire/internal/wsframe"
)

// filterGroup is one distinct filter of a topic, with all its subscribers. The filter is
// evaluated once for a row. A filterGroup exists while it has subscribers.
type filterGroup struct {
	topic  *topic
	key    string         // the filter's canonical form
	filter *filter.Filter // nil for pending subscriptions: no row matches
	handle *filter.Handle // in topic.index; nil without a filter
	groups []*subscriberGroup

	transitionGroups int            // how many of groups follow transitions
	transitionHandle *filter.Handle // in topic.transitionIndex; nil if there are none

	// matched is 1 + the group's index among the matches of the present change while
	// findMatches runs; else 0.
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
func (fg *filterGroup) group(p projection) *subscriberGroup {
	for _, sg := range fg.groups {
		if sg.projection == p {
			return sg
		}
	}
	sg := &subscriberGroup{filterGroup: fg, projection: p, index: len(fg.groups)}
	fg.groups = append(fg.groups, sg)
	if p.transitions {
		fg.countTransitions(1)
	}
	return sg
}

// remove removes an empty subscriberGroup. With its last one the filterGroup leaves its
// topic.
func (fg *filterGroup) remove(sg *subscriberGroup) {
	fg.groups = swaplist.Remove(fg.groups, sg.index, func(sg *subscriberGroup, at int) { sg.index = at })
	if sg.projection.transitions {
		fg.countTransitions(-1)
	}
	if len(fg.groups) == 0 {
		delete(fg.topic.filterGroups, fg.key)
		if fg.handle != nil {
			fg.topic.index.Remove(fg.handle)
		}
	}
}

// countTransitions adds by to the number of groups that follow transitions. The filter is
// in topic.transitionIndex while that is above 0.
func (fg *filterGroup) countTransitions(by int) {
	fg.transitionGroups += by
	switch {
	case fg.transitionHandle == nil:
		fg.transitionHandle = fg.topic.transitionIndex.Add(fg.filter, fg)
	case fg.transitionGroups == 0:
		fg.topic.transitionIndex.Remove(fg.transitionHandle)
		fg.transitionHandle = nil
	}
}

// add adds a subscriber. Subscribers with equal specs share one.
func (sg *subscriberGroup) add(sub *Subscriber) {
	if len(sg.subscribers) > 0 && sg.subscribers[0].spec.equal(sub.spec) {
		sub.spec = sg.subscribers[0].spec
	}
	sub.group, sub.index = sg, uint32(len(sg.subscribers))
	sg.subscribers = append(sg.subscribers, sub)
}

// remove removes a subscriber.
func (sg *subscriberGroup) remove(sub *Subscriber) {
	sg.subscribers = swaplist.Remove(sg.subscribers, sub.index, func(sub *Subscriber, at uint32) { sub.index = at })
	sub.group = nil
}

func (sg *subscriberGroup) clearPending() {
	clear(sg.pending)
	sg.pending = sg.pending[:0]
	sg.pendingBytes = 0
	sg.mayBeStale, sg.overBudget = false, false
	if cap(sg.pending) > maxPooled {
		sg.pending = nil
	}
}
