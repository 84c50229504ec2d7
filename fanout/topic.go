package fanout

import (
	"bytes"
	"errors"

	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/protocol"
)

// topic is a collection that somebody on this shard subscribes to.
type topic struct {
	relation *protocol.Relation // the version that the entries' filters are compiled for
	entries  map[string]*entry  // by the filter's canonical form
}

// entry is a distinct filter of a topic: it is evaluated once a change, for all its
// nodes.
type entry struct {
	topic  *topic
	key    string
	filter *filter.Filter // nil: fits no version that has been seen; nothing matches
	// at is the position at which the filter is known to have fitted the table: an
	// older version that it does not fit is none of its business.
	at    protocol.LSN
	nodes []*node
}

// node is all subscribers of an entry who are sent the same frames.
type node struct {
	entry       *entry
	label       string // the collection's name on the wire, a JSON string
	index       int    // in entry.nodes
	subscribers []*Subscriber

	pending      []protocol.Frame // of the present batch
	pendingBytes int
}

// hit is an entry whose filter does not refuse a row.
type hit struct {
	entry  *entry
	result filter.Result // not filter.No
}

// binding is a filter compiled for one version of a table.
type binding struct {
	key      string // canonical
	filter   *filter.Filter
	relation *protocol.Relation
}

// compile binds a client's filters to a table. The error is what the client is told.
func compile(filters []byte, relation *protocol.Relation) (binding, error) {
	f, err := filter.Compile(filters, relation)
	if err != nil {
		return binding{}, protocol.ErrInvalidFilter(err.Error())
	}
	return binding{key: f.Key(), filter: f, relation: relation}, nil
}

// match gives the entries whose filter does not refuse a row, behind into, and how
// many filters were evaluated. What can't be decided, because the log does not tell
// the values, is not refused: a client can ignore a row that it does not hold, but
// can't guess one that it was never told.
//
// This is the one place where filters are evaluated, and the place of the index
// over them: it will give the entries that match, instead of all to be asked.
func (t *topic) match(row []protocol.Value, into []hit) (hits []hit, evaluated int) {
	for _, e := range t.entries {
		if e.filter == nil {
			continue
		}
		if !e.filter.Empty() {
			evaluated++
		}
		if r := e.filter.Match(row); r != filter.No {
			into = append(into, hit{e, r})
		}
	}
	return into, evaluated
}

// node finds or makes the node of a subscription. A filter that was compiled for
// another version of the table than the topic's is compiled again.
func (t *topic) node(b binding, filters []byte, label string) (*node, error) {
	at := b.relation.At
	if b.relation != t.relation && !t.relation.SameColumns(b.relation) {
		var err error
		if b, err = t.fit(filters, at); err != nil {
			return nil, err
		}
	}
	return t.place(b, at).node(label), nil
}

// place gives the entry of a compiled filter, making it if there is none.
func (t *topic) place(b binding, at protocol.LSN) *entry {
	e := t.entries[b.key]
	if e == nil {
		e = &entry{topic: t, key: b.key, filter: b.filter}
		t.entries[b.key] = e
	}
	e.at = max(e.at, at)
	return e
}

// fit compiles filters for the topic's version of the table. When that can't be
// done the error is what the clients are told, but for a version that is older
// than the one that the filters were made for: the stream is behind, and nothing
// matches until it has caught up.
func (t *topic) fit(filters []byte, at protocol.LSN) (binding, error) {
	b, err := compile(filters, t.relation)
	if err != nil && t.relation.At <= at {
		// By what the client sent: the canonical form is another version's.
		return binding{key: "\x00" + string(filters), relation: t.relation}, nil
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
	before := t.entries
	t.entries = make(map[string]*entry, len(before))
	for _, old := range before {
		for _, n := range old.nodes {
			for _, sub := range n.subscribers {
				b, err := t.fit(sub.filters, old.at)
				if told, ok := errors.AsType[*protocol.Error](err); ok {
					sub.end(endingOf(told))
					b = binding{key: "\x00"}
				}
				t.place(b, old.at).node(n.label).add(sub, sub.filters)
			}
		}
	}
}

// end closes the queues of all who subscribe, who then unsubscribe.
func (t *topic) end(e ending) {
	for _, entry := range t.entries {
		for _, n := range entry.nodes {
			for _, sub := range n.subscribers {
				sub.end(e)
			}
		}
	}
}

func (s *Subscriber) end(e ending) { s.queue.Close(e.code, e.reason, e.frames...) }

// node gives the entry's node for a label, making it if there is none.
func (e *entry) node(label string) *node {
	for _, n := range e.nodes {
		if n.label == label {
			return n
		}
	}
	n := &node{entry: e, label: label, index: len(e.nodes)}
	e.nodes = append(e.nodes, n)
	return n
}

// forget takes a node out that nobody has any more, and the entry with its last one.
func (e *entry) forget(n *node) {
	last := len(e.nodes) - 1
	e.nodes[n.index] = e.nodes[last]
	e.nodes[n.index].index = n.index
	e.nodes[last] = nil
	e.nodes = e.nodes[:last]
	if last == 0 {
		delete(e.topic.entries, e.key)
	}
}

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

func (n *node) clearPending() {
	clear(n.pending)
	n.pending = n.pending[:0]
	n.pendingBytes = 0
	if cap(n.pending) > maxPooled {
		n.pending = nil
	}
}
