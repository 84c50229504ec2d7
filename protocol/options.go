package protocol

import (
	"fmt"
	"strconv"

	"github.com/tablewire/tablewire/protocol/wal"
)

// SubscriptionOptions are the options of a subscription to a collection. The zero value
// asks for none of them.
type SubscriptionOptions struct {
	// Transitions turns an update that brings a row into the filter into a create, and one
	// that takes a row out of the filter into a delete, each with "reason":"filter".
	Transitions bool
	// Events are the events that the client receives; Transitions applies first.
	Events wal.OpSet
	// Columns names the columns that events show, besides the key's; nil shows all.
	Columns []string
}

// MaxColumns is how many names Columns may list: PostgreSQL's limit on the columns of a
// table (manual: PostgreSQL Limits).
const MaxColumns = 1600

// Options parses the options in a first message. The error is the answer to the client.
// [ChooseColumns] checks later whether the columns exist.
func (h *Hello) Options() (SubscriptionOptions, *Error) {
	var o SubscriptionOptions
	var ok bool
	switch string(h.Transitions) {
	case "true":
		o.Transitions = true
	case "false", "null", "":
	default:
		return o, ErrInvalidJSON("transitions: want true or false")
	}
	var events []string
	if events, ok = readList(h.Events); !ok {
		return o, ErrInvalidJSON("events: want a list of strings")
	}
	if o.Columns, ok = readList(h.Columns); !ok {
		return o, ErrInvalidJSON("columns: want a list of strings")
	}
	if len(o.Columns) > MaxColumns {
		return o, ErrInvalidColumns(fmt.Sprintf("the list is longer than %d names", MaxColumns))
	}
	if events == nil {
		return o, nil
	}
	if len(events) == 0 {
		return o, ErrInvalidEvents("the list is empty: leave it out to be sent all events")
	}
	ops := make([]wal.Op, len(events))
	for i, name := range events {
		if ops[i], ok = parseOp(name); !ok {
			return o, ErrInvalidEvents(strconv.Quote(shorten(name)) + " is not an event: want create, update, delete or truncate")
		}
	}
	o.Events = wal.OpSetOf(ops...)
	return o, nil
}

func parseOp(name string) (wal.Op, bool) {
	for _, o := range wal.Ops {
		if o.String() == name {
			return o, true
		}
	}
	return 0, false
}
