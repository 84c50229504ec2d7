package protocol

import "fmt"

// View is how a watcher is shown changes. Equal views give equal events.
type View struct {
	// Label is the collection's name as the client gave it, already a JSON string.
	Label string
	// Columns are the ones that are shown.
	Columns Columns
}

// Columns is a choice among a relation's columns: "" is all of them, else there is
// a byte for each column, 1 for those that are chosen.
type Columns string

// Has reports whether the column at an index is chosen.
func (s Columns) Has(i int) bool { return s == "" || s[i] != 0 }

// Choose finds columns by their exact names: nil means all, and the key's are
// always chosen. The error's text is for the client.
func (r *Relation) Choose(names []string) (Columns, error) {
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
			return "", fmt.Errorf("%s: %w", shorten(name), r.noSuchColumn(name))
		}
	}
	return Columns(chosen), nil
}

// Sight is what a change is to a watcher.
type Sight struct {
	Op Op
	// ByFilter says of an update that the row entered the watcher's filter (Create) or
	// left it (Delete).
	ByFilter bool
}

// OpSet is a set of operations; none means all of them.
type OpSet uint8

// OpSetOf makes a set.
func OpSetOf(ops ...Op) OpSet {
	var s OpSet
	for _, o := range ops {
		s |= 1 << o
	}
	if s == 1<<len(Ops)-1 {
		return 0
	}
	return s
}

// Has reports whether the operation is in the set.
func (s OpSet) Has(o Op) bool { return s == 0 || s&(1<<o) != 0 }
