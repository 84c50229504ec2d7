package filter

import (
	"github.com/tablewire/tablewire/fanout/filter/value"
	"github.com/tablewire/tablewire/protocol/wal"
)

// pathCell is the cell of a path, which several filters may use.
type pathValue struct {
	columnValue
	name   string // in Index.pathCells
	column int32
	path   []string
	root   *pathTrie // of the column
	leaf   *pathTrie
	users  int
}

// follow fills the cell with what the path leads to: col->'a'->>'b'.
func (p *pathValue) follow(x *Index) {
	document := x.valueOf(p.column)
	p.state, p.text = document.state, nil
	switch p.state {
	case wal.Text:
		if p.root.generation != x.generation {
			p.root.generation = x.generation
			p.root.walk(document.text, x.generation)
			x.walked = append(x.walked, p.root)
		}
		found := false
		if p.leaf.generation == x.generation {
			p.text, found = value.JSONText(p.leaf.found)
		}
		if !found {
			p.state = wal.Null
		}
	case wal.Unchanged: // that the document is there says nothing of the path
		p.state = wal.Absent
	case wal.Null, wal.Absent:
	}
}

// branch is a member of the objects in a column that paths lead to or through. All of
// a column's are found in one walk, however many there are.
type pathTrie struct {
	members shrinkMap[string, *pathTrie]
	users   int // paths that lead to it or through it

	generation   uint64 // the turn of the index that it was found in
	found        []byte
	foundMembers []*pathTrie // its members that were found
}

// extend gives the branch that a path leads to, making those that are not there.
func (b *pathTrie) extend(path []string) *pathTrie {
	b.users++
	if len(path) == 0 {
		return b
	}
	next := b.members.items[path[0]]
	if next == nil {
		next = &pathTrie{}
		b.members.put(path[0], next)
	}
	return next.extend(path[1:])
}

// cut takes a path back.
func (b *pathTrie) cut(path []string) {
	b.users--
	if len(path) == 0 {
		return
	}
	next := b.members.items[path[0]]
	next.cut(path[1:])
	if next.users == 0 {
		b.members.remove(path[0])
	}
}

// walk notes what an object's members are. Of several with one name the last counts,
// and so they are gone into behind the object's end.
func (b *pathTrie) walk(text []byte, turn uint64) {
	value.JSONMembers(text, func(key, raw []byte) {
		member := b.members.items[string(value.Unquote(key))]
		if member == nil {
			return
		}
		if member.generation != turn {
			member.generation = turn
			b.foundMembers = append(b.foundMembers, member)
		}
		member.found = raw
	})
	for _, member := range b.foundMembers {
		if len(member.members.items) > 0 {
			member.walk(member.found, turn)
		}
	}
}

// release lets go of what was found.
func (b *pathTrie) release() {
	for i, member := range b.foundMembers {
		member.found = nil
		member.release()
		b.foundMembers[i] = nil
	}
	b.foundMembers = b.foundMembers[:0]
}
