package filter

import (
	"github.com/tablewire/tablewire/fanout/filter/value"
	"github.com/tablewire/tablewire/protocol/wal"
)

// pathCell is the cell of a path, which several filters may use.
type pathCell struct {
	cell
	name   string // in Index.pathCells
	column int32
	path   []string
	root   *branch // of the column
	leaf   *branch
	users  int
}

// follow fills the cell with what the path leads to: col->'a'->>'b'.
func (p *pathCell) follow(x *Index) {
	document := x.cell(p.column)
	p.state, p.text = document.state, nil
	switch p.state {
	case wal.Text:
		if p.root.turn != x.turn {
			p.root.turn = x.turn
			p.root.walk(document.text, x.turn)
			x.walked = append(x.walked, p.root)
		}
		found := false
		if p.leaf.turn == x.turn {
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
type branch struct {
	members registry[string, *branch]
	users   int // paths that lead to it or through it

	turn  uint64 // the turn of the index that it was found in
	found []byte
	hits  []*branch // its members that were found
}

// extend gives the branch that a path leads to, making those that are not there.
func (b *branch) extend(path []string) *branch {
	b.users++
	if len(path) == 0 {
		return b
	}
	next := b.members.items[path[0]]
	if next == nil {
		next = &branch{}
		b.members.put(path[0], next)
	}
	return next.extend(path[1:])
}

// cut takes a path back.
func (b *branch) cut(path []string) {
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
func (b *branch) walk(text []byte, turn uint64) {
	value.JSONMembers(text, func(key, raw []byte) {
		member := b.members.items[string(value.Unquote(key))]
		if member == nil {
			return
		}
		if member.turn != turn {
			member.turn = turn
			b.hits = append(b.hits, member)
		}
		member.found = raw
	})
	for _, member := range b.hits {
		if len(member.members.items) > 0 {
			member.walk(member.found, turn)
		}
	}
}

// release lets go of what was found.
func (b *branch) release() {
	for i, member := range b.hits {
		member.found = nil
		member.release()
		b.hits[i] = nil
	}
	b.hits = b.hits[:0]
}
