package protocol

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/tablewire/tablewire/protocol/wal"
)

// SubscriptionOptions are what a watcher may ask for beyond the API's documentation. One
// that asks for none is sent what that shows.
type SubscriptionOptions struct {
	// Transitions: an update that takes a row into the filter is seen as a create, one
	// that takes it out as a delete.
	Transitions bool
	// Events are the only ones that are sent, by what they are to the watcher.
	Events wal.OpSet
	// Columns are the names of the only columns that are shown, besides the key; nil
	// shows all.
	Columns []string
}

// MaxColumns is how many names a client may list: PostgreSQL's own limit of columns
// in a table.
const MaxColumns = 1600

// Options reads what a watcher's first message asks for. The error is what the
// client is told.
func (h *Hello) Options() (SubscriptionOptions, *Error) {
	var e SubscriptionOptions
	var ok bool
	switch string(h.Transitions) {
	case "true":
		e.Transitions = true
	case "false", "null", "":
	default:
		return e, ErrInvalidJSON("transitions: want true or false")
	}
	var events []string
	if events, ok = readList(h.Events); !ok {
		return e, ErrInvalidJSON("events: want a list of strings")
	}
	if e.Columns, ok = readList(h.Columns); !ok {
		return e, ErrInvalidJSON("columns: want a list of strings")
	}
	if len(e.Columns) > MaxColumns {
		return e, ErrInvalidColumns(fmt.Sprintf("the list is longer than %d names", MaxColumns))
	}
	if events == nil {
		return e, nil
	}
	if len(events) == 0 {
		return e, ErrInvalidEvents("the list is empty: leave it out to be sent all events")
	}
	ops := make([]wal.Op, len(events))
	for i, name := range events {
		if ops[i], ok = opNamed(name); !ok {
			return e, ErrInvalidEvents(strconv.Quote(shorten(name)) + " is not an event: want create, update, delete or truncate")
		}
	}
	e.Events = wal.OpSetOf(ops...)
	return e, nil
}

func opNamed(name string) (wal.Op, bool) {
	for _, o := range wal.Ops {
		if o.String() == name {
			return o, true
		}
	}
	return 0, false
}

// maxRepeated is how much of what a client sent an error repeats.
const maxRepeated = 64

func shorten(s string) string {
	if len(s) <= maxRepeated {
		return s
	}
	n := maxRepeated
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
