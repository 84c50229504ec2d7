package fanout

import (
	"github.com/tablewire/tablewire/internal/swaplist"
	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
)

// audience is all who receive the same frames in the same order. Its owner's lock
// guards it.
type audience struct {
	seats []*Member
}

// Member is a socket's place in a broadcast or a room.
type Member struct {
	// User is who sits there.
	User protocol.User

	queue   *Queue
	index   int // in the audience; under its owner's lock
	project string
	room    *room // nil on a broadcast
}

func (a *audience) add(s *Member) {
	s.index = len(a.seats)
	a.seats = append(a.seats, s)
}

// remove reports whether the seat was there.
func (a *audience) remove(s *Member) bool {
	if s.index < 0 {
		return false
	}
	a.seats = swaplist.Remove(a.seats, s.index, func(s *Member, at int) { s.index = at })
	s.index = -1
	return true
}

// send queues a frame of what is appended to dst with everybody, and counts those who
// accepted it.
func (a *audience) send(appendTo func(dst []byte) []byte) (delivered int) {
	if len(a.seats) == 0 {
		return 0
	}
	one := [1]wsframe.Frame{textFrame(appendTo)}
	for _, s := range a.seats {
		if s.queue.push(one[:], len(one[0])) {
			delivered++
		}
	}
	return delivered
}
