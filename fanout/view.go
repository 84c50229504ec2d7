package fanout

import (
	"bytes"
	"slices"

	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// request is what a subscriber asked for, as it asked for it: it is bound to each
// version of the table. It is never altered, and may be shared.
type request struct {
	label   string // the collection's name on the wire, a JSON string
	filters []byte
	protocol.SubscriptionOptions
}

// binding is a request bound to one version of a table.
type binding struct {
	relation *wal.Relation
	key      string // the filter's canonical form
	filter   *filter.Filter
	view     view
}

// view says which of the changes that a filter lets pass are shown, and how.
type view struct {
	protocol.Projection
	transitions bool
	events      wal.OpSet
}

// bind compiles the request for a version of the table. The error is what the
// client is told.
func (r *request) bind(relation *wal.Relation) (binding, error) {
	f, err := filter.Compile(r.filters, relation)
	return r.bindTo(relation, f, err)
}

// bindTo is bind with what came of compiling the filters.
func (r *request) bindTo(relation *wal.Relation, f *filter.Filter, err error) (binding, error) {
	if err != nil {
		told := protocol.ErrInvalidFilter(err.Error())
		told.ForLog = filter.ForLog(err)
		return binding{}, told
	}
	columns, err := protocol.ChooseColumns(relation, r.Columns)
	if err != nil {
		return binding{}, protocol.ErrInvalidColumns(err.Error())
	}
	return binding{
		relation: relation, key: f.Key(), filter: f,
		view: view{
			Projection:  protocol.Projection{CollectionJSON: r.label, Columns: columns},
			transitions: r.Transitions && !f.Empty(), // which no row enters or leaves
			events:      r.Events,
		},
	}, nil
}

// unbound is a request that fits no version of the table that has been seen. It
// has an entry by what the client sent: there is no canonical form.
func (r *request) unbound() binding {
	return binding{key: "\x00" + string(r.filters), view: view{Projection: protocol.Projection{CollectionJSON: r.label}, events: r.Events}}
}

func (r *request) equal(o *request) bool {
	return r.label == o.label && bytes.Equal(r.filters, o.filters) &&
		r.Transitions == o.Transitions && r.Events == o.Events &&
		(r.Columns == nil) == (o.Columns == nil) && slices.Equal(r.Columns, o.Columns)
}

// sees gives what a change is through the view, and whether it is sent. What the
// filter says may be unknown, where the log does not tell the values. Then the
// client must end up with every row that may match:
//
//	row before   row after   an update is seen as
//	no           not no      create: the client does not hold the row
//	not no       no          delete: it may hold it, and can ignore it if it doesn't
//	not no       not no      update: it may hold it, and takes it in if it doesn't
//
// Without transitions the row after alone counts.
func (v *view) sees(c *wal.Change, h hit, e *encoding) (_ protocol.Outcome, sent bool) {
	seen := protocol.Outcome{Op: c.Op}
	switch follows := v.transitions && c.Op == wal.Update; {
	case follows && h.row == filter.No:
		seen = protocol.Outcome{Op: wal.Delete, ByFilter: true}
	case follows && h.before == filter.No:
		seen = protocol.Outcome{Op: wal.Create, ByFilter: true}
	case h.row == filter.No:
		return seen, false // a hit for the sake of nodes that follow
	}
	if !v.events.Has(seen.Op) {
		return seen, false
	}
	if seen.Op != wal.Update || v.Columns == "" {
		return seen, true
	}
	// One that changes nothing that is shown is left out, but where it may be what
	// brings the row to a client that follows.
	held := !v.transitions || h.before == filter.Yes
	return seen, !held || e.touches(v.Columns, c)
}
