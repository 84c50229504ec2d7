package fanout

import (
	"github.com/tablewire/tablewire/internal/swaplist"
	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
)

// Member is a socket's membership in a broadcast or a room.
type Member struct {
	// User is whom the socket's client says it is.
	User protocol.User

	queue   *Queue
	index   int // in the memberList, or -1; under the lock of the list's owner
	project string
	room    *room // nil on a broadcast
}

// memberList holds the members of a broadcast or a room: all receive the same frames in
// the same order. The lock of its owner guards it.
type memberList struct {
	members []*Member
}

func (l *memberList) add(m *Member) {
	m.index = len(l.members)
	l.members = append(l.members, m)
}

// remove reports whether the member was in the list.
func (l *memberList) remove(m *Member) bool {
	if m.index < 0 {
		return false
	}
	l.members = swaplist.Remove(l.members, m.index, func(m *Member, at int) { m.index = at })
	m.index = -1
	return true
}

// send queues the message that appendTo appends for all members. It returns how many
// queues accepted it.
func (l *memberList) send(appendTo func(dst []byte) []byte) (delivered int) {
	if len(l.members) == 0 {
		return 0
	}
	one := [1]wsframe.Frame{textFrame(appendTo)}
	for _, m := range l.members {
		if m.queue.push(one[:], len(one[0])) {
			delivered++
		}
	}
	return delivered
}
