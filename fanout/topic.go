package fanout

import (
	"errors"
	"slices"

	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// topic is a collection that somebody on this shard subscribes to.
type topic struct {
	relation *wal.Relation     // the version that all requests are bound to
	entries  map[string]*entry // by the filter's canonical form
	// The filters of the entries, but for those that are not bound; and of the entries
	// with nodes that follow transitions.
	index, followed filter.Index
	counted         filterCounts // what the shard's counters have of it
}

func newTopic(r *wal.Relation) *topic {
	return &topic{relation: r, entries: make(map[string]*entry)}
}

// subscribe puts a subscriber into the node of its request, which is bound anew
// where it was bound to another version of the table than the topic's.
func (t *topic) subscribe(sub *Subscriber, b binding) error {
	if b.relation != t.relation && !alike(b.relation, t.relation) {
		var err error
		if b, err = t.fit(sub.request, sub.at); err != nil {
			return err
		}
	}
	t.place(sub, b)
	return nil
}

// place puts a subscriber into a node, making it and its entry if they are not there.
func (t *topic) place(sub *Subscriber, b binding) {
	e := t.entries[b.key]
	if e == nil {
		e = &entry{topic: t, key: b.key, filter: b.filter}
		if e.filter != nil {
			e.indexed = t.index.Add(e.filter, e)
		}
		t.entries[b.key] = e
	}
	e.node(b.view).add(sub)
}

// fit binds a request to the topic's version of the table. When that can't be done
// the error is what the client is told, but for a version that is older than the
// one that the request was made for: the stream is behind, and nothing matches
// until it has caught up.
func (t *topic) fit(r *request, at wal.LSN) (binding, error) {
	b, err := r.bind(t.relation)
	return t.settle(r, at, b, err)
}

func (t *topic) settle(r *request, at wal.LSN, b binding, err error) (binding, error) {
	if err != nil && t.relation.At <= at {
		return r.unbound(), nil
	}
	return b, err
}

// bind makes the topic fit a new version of its table.
func (t *topic) bind(relation *wal.Relation) {
	before := t.relation
	t.relation = relation
	if !alike(before, relation) {
		t.bindRequests()
	}
	retyped, known := alterations(before, relation)
	t.endFollowers(retyped || rekeyed(before, relation), known)
}

// bindRequests binds all requests to the topic's version of the table. Those that
// don't fit it end their subscriptions with the error. What was the same filter may
// be two now, and the other way round: each subscriber finds its place anew.
func (t *topic) bindRequests() {
	before := t.entries
	t.entries = make(map[string]*entry, len(before))
	t.index, t.followed = filter.Index{}, filter.Index{}
	// Those of one node mostly share one request. Of others the filters may still be the
	// same, beside other columns or behind somebody who spelled them in another way.
	type compiled struct {
		filter *filter.Filter
		err    error
	}
	known := make(map[string]compiled) // by what the client sent
	var last *request
	var bound binding
	var unfit error
	for _, e := range before {
		for _, n := range e.nodes {
			for _, sub := range n.subscribers {
				if sub.request != last {
					last = sub.request
					c, ok := known[string(last.filters)]
					if !ok {
						c.filter, c.err = filter.Compile(last.filters, t.relation)
						known[string(last.filters)] = c
					}
					bound, unfit = last.bindTo(t.relation, c.filter, c.err)
				}
				b, err := t.settle(last, sub.at, bound, unfit)
				if told, ok := errors.AsType[*protocol.Error](err); ok {
					sub.end(endingOf(told))
					b = sub.request.unbound()
				}
				t.place(sub, b)
			}
		}
	}
}

// endFollowers asks those who follow transitions to come back and to load their rows
// anew, where they may keep one in error from now on.
//
//   - retyped: a filter may read the rows that are there in another way, of which no
//     change tells. A version that is not newer than the one that a request was made
//     for is only what the stream had yet to come to.
//     Or other columns identify a row from now on: a delete tells no more the key by
//     which a client knows it.
//   - known: a row that was sent because nobody knew that it doesn't match will be
//     known not to match, and never be taken back.
func (t *topic) endFollowers(retyped, known bool) {
	if !retyped && !known {
		return
	}
	for _, e := range t.entries {
		for _, n := range e.nodes {
			if !n.view.transitions {
				continue
			}
			for _, sub := range n.subscribers {
				if retyped && t.relation.At > sub.at || known && sub.unsure {
					sub.end(ending{code: protocol.CloseRestart, reason: "the table was altered"})
				}
			}
		}
	}
}

// alike reports whether what is bound to the one version of a table is good for the
// other: the columns are the same, and so are those that identify a row.
func alike(a, b *wal.Relation) bool {
	return a.SameColumns(b) && slices.EqualFunc(a.Columns, b.Columns, func(a, b wal.Column) bool { return a.Key == b.Key })
}

// alterations says what a new version of a table means for the rows of before. retyped:
// a column is gone or has another type. known: more is known of rows, because the old
// ones are told or because an enum has labels that could not be read.
func alterations(before, now *wal.Relation) (retyped, known bool) {
	known = now.Identity == wal.IdentityFull && before.Identity != wal.IdentityFull || now.Learned > before.Learned
	for i := range before.Columns {
		was, at := before.Columns[i].Type, now.Column(before.Columns[i].Name)
		if at < 0 {
			return true, known
		}
		is := now.Columns[at].Type
		if was.Kind == wal.KindEnum && len(is.Labels) > len(was.Labels) && among(was.Labels, is.Labels) {
			known = true
			is.Labels = was.Labels
		}
		retyped = retyped || !is.Same(was)
	}
	return retyped, known
}

// among reports whether all of a are in b, in their order.
func among(a, b []string) bool {
	for _, s := range b {
		if len(a) > 0 && a[0] == s {
			a = a[1:]
		}
	}
	return len(a) == 0
}

// rekeyed reports whether a row is identified by other columns.
func rekeyed(before, now *wal.Relation) bool {
	others := func(a, b *wal.Relation) bool { // a's that are not b's
		return slices.ContainsFunc(a.Columns, func(c wal.Column) bool {
			at := b.Column(c.Name)
			return c.Key && (at < 0 || !b.Columns[at].Key)
		})
	}
	return others(before, now) || others(now, before)
}

// end closes the queues of all who subscribe, or of those who follow transitions, who
// then unsubscribe. Who follows them without a filter keeps rows as well.
func (t *topic) end(with ending, followers bool) {
	for _, e := range t.entries {
		for _, n := range e.nodes {
			for _, sub := range n.subscribers {
				if !followers || sub.request.Transitions {
					sub.end(with)
				}
			}
		}
	}
}

func (s *Subscriber) end(e ending) { s.queue.Close(e.code, e.reason, e.frames...) }
