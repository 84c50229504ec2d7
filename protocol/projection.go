package protocol

import (
	"fmt"

	"github.com/tablewire/tablewire/protocol/wal"
)

// Projection is the part of a row that a subscriber sees, and the name under which it
// subscribed. Subscribers with equal projections receive equal events, so a Projection is
// comparable.
type Projection struct {
	// CollectionJSON is the collection's name as the client gave it, encoded as a JSON
	// string.
	CollectionJSON string
	// Columns are the columns that events show.
	Columns wal.Columns
}

// ChooseColumns finds the columns of a relation that a projection shows. It compares names
// exactly and adds the key's columns; nil names choose all columns. The error's text is
// for the client.
func ChooseColumns(r *wal.Relation, names []string) (wal.Columns, error) {
	if names == nil {
		return "", nil
	}
	missing := make(map[string]bool, len(names))
	for _, name := range names {
		missing[name] = true
	}
	chosen := make([]byte, len(r.Columns))
	for i := range r.Columns {
		c := &r.Columns[i]
		if c.Key || missing[c.Name] {
			chosen[i] = 1
		}
		delete(missing, c.Name)
	}
	for _, name := range names {
		if missing[name] {
			return "", fmt.Errorf("%s: %w", shorten(name), r.NoSuchColumn(name))
		}
	}
	return wal.Columns(chosen), nil
}

// Outcome is what a change comes to for a subscriber. It equals the change's own operation
// unless the subscriber follows transitions and an update moves the row into or out of the
// subscriber's filter.
type Outcome struct {
	Op wal.Op
	// ByFilter is set for an update that moves a row into the filter (Op is Create) or out
	// of it (Op is Delete).
	ByFilter bool
}
