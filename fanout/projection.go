package fanout

import (
	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// projection says how a subscriberGroup sees the changes that its filter matches: which
// events, and which columns. It is comparable.
type projection struct {
	protocol.Projection
	transitions bool
	events      wal.OpSet
}

// classify returns what a change comes to through the projection, and whether it is sent.
// The filter's result may be unknown, if the log lacks a value. The client must still end
// up with every row that may match:
//
//	old row   new row   an update comes to
//	no        not no    create: the client does not hold the row
//	not no    no        delete: the client may hold the row, and can ignore it otherwise
//	not no    not no    update: the client may hold the row, and inserts it otherwise
//
// Without transitions only the new row counts.
func (p *projection) classify(c *wal.Change, m match, e *encoding) (_ protocol.Outcome, sent bool) {
	outcome := protocol.Outcome{Op: c.Op}
	switch follows := p.transitions && c.Op == wal.Update; {
	case follows && m.row == filter.No:
		outcome = protocol.Outcome{Op: wal.Delete, ByFilter: true}
	case follows && m.oldRow == filter.No:
		outcome = protocol.Outcome{Op: wal.Create, ByFilter: true}
	case m.row == filter.No:
		return outcome, false // only the old row matches: for groups that follow transitions
	}
	if !p.events.Has(outcome.Op) {
		return outcome, false
	}
	if outcome.Op != wal.Update || p.Columns == "" {
		return outcome, true
	}
	// An update that changes no shown column is left out, unless the client follows
	// transitions and may not hold the row yet.
	held := !p.transitions || m.oldRow == filter.Yes
	return outcome, !held || e.touches(p.Columns, c)
}
