package fanout

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/tablewire/tablewire/protocol"
)

// room is one room with its members. Every frame of a room is queued under the room's
// lock, so all members see messages, joins and leaves in one order.
type room struct {
	protocol.Room
	project   string
	createdBy string
	createdAt time.Time
	number    uint64 // rooms are numbered in the order of their creation
	scheduled bool   // Rooms.expiries has the room; under Rooms.mu

	mu           sync.Mutex
	members      memberList
	participants map[string]*participant // by user id
	lastNumber   uint64                  // of a participant
	expired      bool                    // Rooms no longer has the room: look it up again
	emptySince   time.Time               // when the last member left; zero if there are members
}

// participant is a user in a room, with one socket or several.
type participant struct {
	protocol.User
	number  uint64 // participants are numbered in the order in which they joined
	sockets int
}

// join adds a member. joined is false if the room has expired meanwhile: the caller looks
// it up again. full is the error if the room has limit members. delivered counts the
// frames queued.
func (r *room) join(m *Member, limit int) (joined bool, delivered int, full *protocol.Error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.expired:
		return false, 0, nil
	case len(r.members.members) >= limit:
		return false, 0, ErrRoomFull
	}
	p := r.participants[m.User.ID]
	first := p == nil
	if first {
		r.lastNumber++
		p = &participant{User: m.User, number: r.lastNumber}
		r.participants[m.User.ID] = p
	}
	p.sockets++
	r.emptySince = time.Time{}
	m.queue.Push(textFrame(func(dst []byte) []byte { return protocol.AppendJoined(dst, r.Room, len(r.participants), m.User.ID) }))
	delivered = 1
	if first {
		delivered += r.members.send(func(dst []byte) []byte {
			return protocol.AppendUserJoined(dst, r.Room, len(r.participants), m.User, time.Now())
		})
	}
	r.members.add(m)
	return true, delivered, nil
}

// leave removes a member. If that empties the room, leave returns the time, else zero.
func (r *room) leave(m *Member) (emptySince time.Time, delivered int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.members.remove(m) {
		return time.Time{}, 0
	}
	p := r.participants[m.User.ID]
	if p.sockets--; p.sockets > 0 {
		return time.Time{}, 0
	}
	delete(r.participants, m.User.ID)
	now := time.Now()
	if len(r.participants) == 0 {
		r.emptySince = now
		return now, 0
	}
	return time.Time{}, r.members.send(func(dst []byte) []byte {
		return protocol.AppendUserLeft(dst, r.Room, len(r.participants), p.User, now)
	})
}

// send sends a message to all members.
func (r *room) send(from protocol.User, content []byte) (delivered int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.members.send(func(dst []byte) []byte {
		return protocol.AppendRoomMessage(dst, r.Room, from, time.Now(), content)
	})
}

// listing returns the room's line in the list of rooms; ok is false for an empty room,
// which the list leaves out.
func (r *room) listing() (l protocol.RoomListing, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.participants) == 0 {
		return l, false
	}
	participants := make([]*participant, 0, len(r.participants))
	for _, p := range r.participants {
		participants = append(participants, p)
	}
	slices.SortFunc(participants, func(a, b *participant) int { return cmp.Compare(a.number, b.number) })
	l = protocol.RoomListing{Room: r.Room, CreatedBy: r.createdBy, CreatedAt: r.createdAt}
	for _, p := range participants {
		l.Participants = append(l.Participants, p.User)
	}
	return l, true
}

// expire marks the room as expired if it has been empty since before or earlier. It
// returns since when the room is empty; zero if it has members.
func (r *room) expire(before time.Time) (expired bool, emptySince time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expired = !r.emptySince.IsZero() && !r.emptySince.After(before)
	return r.expired, r.emptySince
}
