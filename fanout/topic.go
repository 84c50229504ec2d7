package fanout

import (
	"bytes"
	"errors"

	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/protocol"
)

// topic is a collection that somebody on this shard subscribes to.
type topic struct {
	relation *protocol.Relation // the version that the nodes' filters are compiled for
	nodes    map[nodeKey]*node
}

// nodeKey tells nodes apart: equal filters under the same name share one.
type nodeKey struct {
	filter string // canonical
	label  string // the collection's name on the wire, a JSON string
}

// binding is a filter compiled for one version of a table.
type binding struct {
	key      nodeKey
	filter   *filter.Filter
	relation *protocol.Relation
}

// node is a distinct filter of a topic with all who have it.
type node struct {
	topic  *topic
	key    nodeKey
	filter *filter.Filter // nil: fits no version that has been seen; nothing matches
	// at is the position at which the filter is known to have fitted the table: an
	// older version that it does not fit is none of its business.
	at          protocol.LSN
	subscribers []*Subscriber

	pending      []protocol.Frame // of the present batch
	pendingBytes int
}

// compile binds a client's filters to a table. The error is what the client is told.
func compile(filters []byte, relation *protocol.Relation, label string) (binding, error) {
	f, err := filter.Compile(filters, relation)
	if err != nil {
		return binding{}, protocol.ErrInvalidFilter(err.Error())
	}
	return binding{key: nodeKey{filter: f.Key(), label: label}, filter: f, relation: relation}, nil
}

// node finds or makes the node of a filter. A filter that was compiled for
// another version of the table than the topic's is compiled again.
func (t *topic) node(b binding, filters []byte) (*node, error) {
	at := b.relation.At
	if b.relation != t.relation && !t.relation.SameColumns(b.relation) {
		var err error
		if b, err = t.fit(b.key, filters, at); err != nil {
			return nil, err
		}
	}
	return t.place(b, at), nil
}

// place gives the node of a compiled filter, making it if there is none.
func (t *topic) place(b binding, at protocol.LSN) *node {
	n := t.nodes[b.key]
	if n == nil {
		n = &node{topic: t, key: b.key, filter: b.filter}
		t.nodes[b.key] = n
	}
	n.at = max(n.at, at)
	return n
}

// fit compiles filters for the topic's version of the table. When that can't be
// done the error is what the clients are told, but for a version that is older
// than the one that the filters were made for: the stream is behind, and nothing
// matches until it has caught up.
func (t *topic) fit(key nodeKey, filters []byte, at protocol.LSN) (binding, error) {
	b, err := compile(filters, t.relation, key.label)
	if err != nil && t.relation.At <= at {
		// By what the client sent: the canonical form is another version's.
		return binding{key: nodeKey{filter: "\x00" + string(filters), label: key.label}, relation: t.relation}, nil
	}
	return b, err
}

// bind makes the topic's filters fit a new version of its table. Those that no
// longer can end their subscriptions with the error. What was the same filter may
// be two now, and the other way round: each subscriber finds its place anew.
func (t *topic) bind(relation *protocol.Relation) {
	same := t.relation.SameColumns(relation)
	t.relation = relation
	if same {
		return
	}
	before := t.nodes
	t.nodes = make(map[nodeKey]*node, len(before))
	for _, old := range before {
		for _, sub := range old.subscribers {
			b, err := t.fit(old.key, sub.filters, old.at)
			if told, ok := errors.AsType[*protocol.Error](err); ok {
				sub.end(endingOf(told))
				b = binding{key: nodeKey{filter: "\x00", label: old.key.label}}
			}
			t.place(b, old.at).add(sub, sub.filters)
		}
	}
}

// forget takes a node out that nobody has any more.
func (t *topic) forget(n *node) {
	if t.nodes[n.key] == n {
		delete(t.nodes, n.key)
	}
}

// end closes the queues of all who subscribe, who then unsubscribe.
func (t *topic) end(e ending) {
	for _, n := range t.nodes {
		for _, sub := range n.subscribers {
			sub.end(e)
		}
	}
}

func (s *Subscriber) end(e ending) { s.queue.Close(e.code, e.reason, e.frames...) }

// add puts a subscriber into the node.
func (n *node) add(sub *Subscriber, filters []byte) {
	if len(n.subscribers) > 0 && bytes.Equal(n.subscribers[0].filters, filters) {
		filters = n.subscribers[0].filters
	}
	sub.node, sub.index, sub.filters = n, len(n.subscribers), filters
	n.subscribers = append(n.subscribers, sub)
}

// remove takes a subscriber out of the node.
func (n *node) remove(sub *Subscriber) {
	last := len(n.subscribers) - 1
	n.subscribers[sub.index] = n.subscribers[last]
	n.subscribers[sub.index].index = sub.index
	n.subscribers[last] = nil
	n.subscribers = n.subscribers[:last]
	sub.node = nil
}

// empty reports whether the node takes every change.
func (n *node) empty() bool { return n.filter != nil && n.filter.Empty() }

// wants reports whether the change is to be sent. What can't be decided, because
// the log does not tell the values, is sent: a client can ignore a row that it
// does not hold, but can't guess one that it was never told.
func (n *node) wants(c *protocol.Change) bool {
	if n.filter == nil {
		return false
	}
	row := c.Row()
	return row == nil || n.filter.Match(row) != filter.No
}

func (n *node) clearPending() {
	clear(n.pending)
	n.pending = n.pending[:0]
	n.pendingBytes = 0
	if cap(n.pending) > maxPooled {
		n.pending = nil
	}
}
