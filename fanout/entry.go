package fanout

import (
	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/internal/swaplist"
	"github.com/tablewire/tablewire/internal/wsframe"
)

// entry is a distinct filter of a topic: it is evaluated once for a row, for all its
// nodes.
type entry struct {
	topic     *topic
	key       string         // canonical
	filter    *filter.Filter // nil: of requests that are not bound; nothing matches
	indexed   *filter.Entry
	nodes     []*node
	following int           // nodes that follow transitions
	followed  *filter.Entry // nil where there are none
	hit       int           // of the present change: its place among the hits, from 1; else 0
}

// node is all subscribers of an entry who are sent the same frames.
type node struct {
	entry       *entry
	view        view
	index       int // in entry.nodes
	subscribers []*Subscriber

	pending      []wsframe.Frame // of the present batch
	pendingBytes int
	unsure       bool // what is pending shows a row of which it is not known whether it matches
	// crowded says that a change of the batch is shown in too many ways for this one:
	// behind what is pending the subscribers are ended.
	crowded bool
}

// hit is an entry that a change concerns, with what its filter says of the row: as
// it is after a create or an update, as it was before a delete.
type hit struct {
	entry *entry
	row   filter.Result
	// before is of the row before an update. It is known of entries alone that have
	// nodes which follow transitions.
	before filter.Result
}

// node gives the entry's node for a view, making it if there is none.
func (e *entry) node(v view) *node {
	for _, n := range e.nodes {
		if n.view == v {
			return n
		}
	}
	n := &node{entry: e, view: v, index: len(e.nodes)}
	e.nodes = append(e.nodes, n)
	if v.transitions {
		e.follow(1)
	}
	return n
}

// forget takes a node out that nobody has any more, and the entry with its last one.
func (e *entry) forget(n *node) {
	e.nodes = swaplist.Remove(e.nodes, n.index, func(n *node, at int) { n.index = at })
	if n.view.transitions {
		e.follow(-1)
	}
	if len(e.nodes) == 0 {
		delete(e.topic.entries, e.key)
		if e.indexed != nil {
			e.topic.index.Remove(e.indexed)
		}
	}
}

// follow counts the nodes that follow transitions, up or down by one.
func (e *entry) follow(by int) {
	e.following += by
	switch {
	case e.followed == nil:
		e.followed = e.topic.followed.Add(e.filter, e)
	case e.following == 0:
		e.topic.followed.Remove(e.followed)
		e.followed = nil
	}
}

// add puts a subscriber into the node. Equal requests are kept once.
func (n *node) add(sub *Subscriber) {
	if len(n.subscribers) > 0 && n.subscribers[0].request.equal(sub.request) {
		sub.request = n.subscribers[0].request
	}
	sub.node, sub.index = n, uint32(len(n.subscribers))
	n.subscribers = append(n.subscribers, sub)
}

// remove takes a subscriber out of the node.
func (n *node) remove(sub *Subscriber) {
	n.subscribers = swaplist.Remove(n.subscribers, sub.index, func(sub *Subscriber, at uint32) { sub.index = at })
	sub.node = nil
}

func (n *node) clearPending() {
	clear(n.pending)
	n.pending = n.pending[:0]
	n.pendingBytes = 0
	n.unsure, n.crowded = false, false
	if cap(n.pending) > maxPooled {
		n.pending = nil
	}
}
