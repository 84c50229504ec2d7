package fanout

import (
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
	source []byte         // the filters as a client sent them, to compile them anew
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
func (t *topic) node(b binding, source []byte) (*node, error) {
	if n := t.nodes[b.key]; n != nil {
		n.at = max(n.at, b.relation.At)
		return n, nil
	}
	n := &node{topic: t, key: b.key, filter: b.filter, source: source, at: b.relation.At}
	if b.relation != t.relation && !t.relation.SameColumns(b.relation) {
		if err := n.fit(t.relation); err != nil {
			return nil, err
		}
	}
	t.nodes[b.key] = n
	return n, nil
}

// fit compiles the node's filter for a version of the table. When that can't be
// done the error is what the clients are told, but for a version that is older
// than the one that the filter was made for: the stream is behind, and nothing
// matches until it has caught up.
func (n *node) fit(relation *protocol.Relation) error {
	b, err := compile(n.source, relation, n.key.label)
	n.filter = b.filter
	if err != nil && relation.At <= n.at {
		return nil
	}
	return err
}

// bind makes the topic's filters fit a new version of its table. Those that no
// longer can end their subscriptions with the error.
func (t *topic) bind(relation *protocol.Relation) {
	if t.relation == relation {
		return
	}
	same := t.relation.SameColumns(relation)
	t.relation = relation
	if same {
		return
	}
	for _, n := range t.nodes {
		if told, ok := errors.AsType[*protocol.Error](n.fit(relation)); ok {
			n.end(told.Code, told.Message, protocol.TextFrame(told.AppendJSON(nil)))
		}
	}
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

// end closes the queues of all the node's subscribers, who then unsubscribe.
func (n *node) end(code protocol.CloseCode, reason string, frames ...protocol.Frame) {
	for _, sub := range n.subscribers {
		sub.queue.Close(code, reason, frames...)
	}
}

func (n *node) clearPending() {
	clear(n.pending)
	n.pending = n.pending[:0]
	n.pendingBytes = 0
	if cap(n.pending) > maxPooled {
		n.pending = nil
	}
}
