package filter

import (
	"github.com/tablewire/tablewire/fanout/filter/value"
	"github.com/tablewire/tablewire/protocol/wal"
)

// pathValue is the value that a path leads to. All filters with the same path share it.
type pathValue struct {
	columnValue
	name   string // in Index.pathIDs
	column int32
	path   []string
	root   *pathTrie // of the column
	leaf   *pathTrie
	users  int
}

// follow sets the value to what the path leads to in the present row: col->'a'->>'b'.
func (p *pathValue) follow(x *Index) {
	v := x.valueOf(p.column)
	p.state, p.text = v.state, nil
	switch p.state {
	case wal.Text:
		if p.root.generation != x.generation {
			p.root.generation = x.generation
			p.root.walk(v.text, x.generation)
			x.walked = append(x.walked, p.root)
		}
		found := false
		if p.leaf.generation == x.generation {
			p.text, found = value.JSONText(p.leaf.found)
		}
		if !found {
			p.state = wal.Null
		}
	case wal.Unchanged: // the document is not NULL, and what it holds is unknown
		p.state = wal.Absent
	case wal.Null, wal.Absent:
	}
}

// pathTrie has the paths into one column of JSON: the root is the document, and each node below
// a member of an object. One walk through a document finds the values of all paths, however
// many there are.
type pathTrie struct {
	members shrinkMap[string, *pathTrie]
	users   int // paths that lead to this node or through it

	generation   uint64 // in which it was found
	found        []byte
	foundMembers []*pathTrie // the members that were found
}

// extend returns the node that a path leads to, and makes the nodes that are missing.
func (t *pathTrie) extend(path []string) *pathTrie {
	t.users++
	if len(path) == 0 {
		return t
	}
	next := t.members.items[path[0]]
	if next == nil {
		next = &pathTrie{}
		t.members.put(path[0], next)
	}
	return next.extend(path[1:])
}

// cut removes a path.
func (t *pathTrie) cut(path []string) {
	t.users--
	if len(path) == 0 {
		return
	}
	next := t.members.items[path[0]]
	next.cut(path[1:])
	if next.users == 0 {
		t.members.remove(path[0])
	}
}

// walk finds the members of an object, and then theirs. Of several members with one name the
// last one counts, so the walk goes into members only behind the object's end.
func (t *pathTrie) walk(text []byte, generation uint64) {
	value.JSONMembers(text, func(key, raw []byte) {
		member := t.members.items[string(value.Unquote(key))]
		if member == nil {
			return
		}
		if member.generation != generation {
			member.generation = generation
			t.foundMembers = append(t.foundMembers, member)
		}
		member.found = raw
	})
	for _, member := range t.foundMembers {
		if len(member.members.items) > 0 {
			member.walk(member.found, generation)
		}
	}
}

// release drops what was found: it belongs to the row.
func (t *pathTrie) release() {
	for i, member := range t.foundMembers {
		member.found = nil
		member.release()
		t.foundMembers[i] = nil
	}
	t.foundMembers = t.foundMembers[:0]
}
