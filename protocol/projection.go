package protocol

import (
	"fmt"

	"github.com/tablewire/tablewire/protocol/wal"
)

// Projection is how a watcher is shown changes. Equal views give equal events.
type Projection struct {
	// CollectionJSON is the collection's name as the client gave it, already a JSON string.
	CollectionJSON string
	// Columns are the ones that are shown.
	Columns wal.Columns
}

// ChooseColumns finds columns of a relation by their exact names: nil means all, and the key's are
// always chosen. The error's text is for the client.
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

// Outcome is what a change is to a watcher.
type Outcome struct {
	Op wal.Op
	// ByFilter says of an update that the row entered the watcher's filter (Create) or
	// left it (Delete).
	ByFilter bool
}
