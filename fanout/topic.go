package fanout

import (
	"errors"

	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// topic is a table with subscribers on one shard. Its shard's goroutine owns it.
type topic struct {
	relation     *wal.Relation           // the version that all specs are compiled for
	filterGroups map[string]*filterGroup // by the filter's canonical form
	// index has the filters of all groups but pending ones, transitionIndex those of
	// groups that follow transitions.
	index, transitionIndex filter.Index
	counted                filterCounts // the topic's part of the shard's counters
}

func newTopic(r *wal.Relation) *topic {
	return &topic{relation: r, filterGroups: make(map[string]*filterGroup)}
}

// subscribe attaches a subscriber. If c was compiled for another version of the table than
// the topic's, subscribe compiles the spec again.
func (t *topic) subscribe(sub *Subscriber, c compiled) error {
	if c.relation != t.relation && !compatible(c.relation, t.relation) {
		var err error
		if c, err = t.compile(sub.spec, sub.validAt); err != nil {
			return err
		}
	}
	t.attach(sub, c)
	return nil
}

// attach adds a subscriber to its groups, and creates those that are missing.
func (t *topic) attach(sub *Subscriber, c compiled) {
	fg := t.filterGroups[c.key]
	if fg == nil {
		fg = &filterGroup{topic: t, key: c.key, filter: c.filter}
		if fg.filter != nil {
			fg.handle = t.index.Add(fg.filter, fg)
		}
		t.filterGroups[c.key] = fg
	}
	fg.group(c.projection).add(sub)
}

// compile compiles a spec for the topic's version of the table. The error is for the
// client.
func (t *topic) compile(s *spec, validAt wal.LSN) (compiled, error) {
	c, err := s.compile(t.relation)
	return t.deferIfBehind(s, validAt, c, err)
}

// deferIfBehind replaces the error of compiling a spec by a pending subscription, if the
// topic's version of the table is not newer than the one that the spec fitted: then the
// stream is behind, and nothing matches until it catches up.
func (t *topic) deferIfBehind(s *spec, validAt wal.LSN, c compiled, err error) (compiled, error) {
	if err != nil && t.relation.At <= validAt {
		return s.pending(), nil
	}
	return c, err
}

// setRelation moves the topic to another version of its table.
func (t *topic) setRelation(relation *wal.Relation) {
	before := t.relation
	t.relation = relation
	if !compatible(before, relation) {
		t.recompile()
	}
	typesChanged, moreKnown := compareVersions(before, relation)
	t.restartTransitionSubscribers(typesChanged || keyChanged(before, relation), moreKnown)
}

// recompile compiles all specs for the topic's version of the table and builds the groups
// again: two filters that were equal may differ now, and the reverse. A spec that does not
// fit closes its subscribers with the error.
func (t *topic) recompile() {
	before := t.filterGroups
	t.filterGroups = make(map[string]*filterGroup, len(before))
	t.index, t.transitionIndex = filter.Index{}, filter.Index{}
	// The subscribers of one group mostly share a spec, and different specs may still have
	// the same filters with other columns: each text is compiled once.
	type result struct {
		filter *filter.Filter
		err    error
	}
	results := make(map[string]result) // by the client's text
	var last *spec
	var lastCompiled compiled
	var lastErr error
	for _, fg := range before {
		for _, sg := range fg.groups {
			for _, sub := range sg.subscribers {
				if sub.spec != last {
					last = sub.spec
					r, ok := results[string(last.filters)]
					if !ok {
						r.filter, r.err = filter.Compile(last.filters, t.relation)
						results[string(last.filters)] = r
					}
					lastCompiled, lastErr = last.compileWith(t.relation, r.filter, r.err)
				}
				c, err := t.deferIfBehind(last, sub.validAt, lastCompiled, lastErr)
				if clientErr, ok := errors.AsType[*protocol.Error](err); ok {
					sub.close(closingFor(clientErr))
					c = sub.spec.pending()
				}
				t.attach(sub, c)
			}
		}
	}
}

// restartTransitionSubscribers closes (1012) transition subscribers whose row set may have
// become wrong:
//
//   - typesChanged: a filter may read the existing rows in another way, or other columns
//     identify a row, and no change says so. It does not concern a subscriber whose spec
//     was compiled for this version or a newer one: its client loaded its rows after it.
//   - moreKnown: a row that was sent because nobody knew whether it matches will be known
//     not to match, so no delete takes it back. It concerns subscribers that may hold such
//     a row.
func (t *topic) restartTransitionSubscribers(typesChanged, moreKnown bool) {
	if !typesChanged && !moreKnown {
		return
	}
	for _, fg := range t.filterGroups {
		for _, sg := range fg.groups {
			if !sg.projection.transitions {
				continue
			}
			for _, sub := range sg.subscribers {
				if typesChanged && t.relation.At > sub.validAt || moreKnown && sub.mayBeStale {
					sub.close(closing{code: protocol.CloseRestart, reason: "the table was altered"})
				}
			}
		}
	}
}

// close closes the queues of all subscribers, or of those that asked for transitions, with
// or without a filter: all of these keep rows.
func (t *topic) close(c closing, transitionsOnly bool) {
	for _, fg := range t.filterGroups {
		for _, sg := range fg.groups {
			for _, sub := range sg.subscribers {
				if !transitionsOnly || sub.spec.Transitions {
					sub.close(c)
				}
			}
		}
	}
}
