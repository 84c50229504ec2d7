package fanout

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/tablewire/tablewire/protocol"
)

// room is a room with all who are in it. Whatever is sent in it is sent under its
// lock: so everybody sees messages, joins and leaves in the same order.
type room struct {
	protocol.Room
	project   string
	createdBy string
	createdAt time.Time
	number    uint64 // rooms are numbered as they are made

	mu       sync.Mutex
	audience audience
	people   map[string]*participant // by user id
	came     uint64                  // numbers the participants
	gone     bool                    // it has been forgotten; whoever holds it must look again
	emptied  time.Time               // since when nobody is in it; zero while somebody is
	expiring bool                    // it is in the list of those to be forgotten; under Rooms.mu
}

// participant is a person in a room, with one tab or several.
type participant struct {
	protocol.User
	number uint64
	tabs   int
}

// enter puts a seat into the room. It reports false when the room was forgotten in
// the meantime, and gives an error when it is full.
func (r *room) enter(s *Member, limit int) (entered bool, delivered int, full *protocol.Error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.gone:
		return false, 0, nil
	case len(r.audience.seats) >= limit:
		return false, 0, ErrRoomFull
	}
	p := r.people[s.User.ID]
	first := p == nil
	if first {
		r.came++
		p = &participant{User: s.User, number: r.came}
		r.people[s.User.ID] = p
	}
	p.tabs++
	r.emptied = time.Time{}
	s.queue.Push(textFrame(func(dst []byte) []byte { return protocol.AppendJoined(dst, r.Room, len(r.people), s.User.ID) }))
	delivered = 1
	if first {
		delivered += r.audience.send(func(dst []byte) []byte {
			return protocol.AppendUserJoined(dst, r.Room, len(r.people), s.User, time.Now())
		})
	}
	r.audience.add(s)
	return true, delivered, nil
}

// leave takes a seat out. It tells since when the room is empty, if it is.
func (r *room) leave(s *Member) (emptied time.Time, delivered int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.audience.remove(s) {
		return time.Time{}, 0
	}
	p := r.people[s.User.ID]
	if p.tabs--; p.tabs > 0 {
		return time.Time{}, 0
	}
	delete(r.people, s.User.ID)
	now := time.Now()
	if len(r.people) == 0 {
		r.emptied = now
		return now, 0
	}
	return time.Time{}, r.audience.send(func(dst []byte) []byte {
		return protocol.AppendUserLeft(dst, r.Room, len(r.people), p.User, now)
	})
}

// say sends a message to everybody in the room.
func (r *room) say(from protocol.User, content []byte) (delivered int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.audience.send(func(dst []byte) []byte {
		return protocol.AppendRoomMessage(dst, r.Room, from, time.Now(), content)
	})
}

// listing is how the list of rooms shows it; ok is false when nobody is in it.
func (r *room) listing() (l protocol.RoomListing, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.people) == 0 {
		return l, false
	}
	people := make([]*participant, 0, len(r.people))
	for _, p := range r.people {
		people = append(people, p)
	}
	slices.SortFunc(people, func(a, b *participant) int { return cmp.Compare(a.number, b.number) })
	l = protocol.RoomListing{Room: r.Room, CreatedBy: r.createdBy, CreatedAt: r.createdAt}
	for _, p := range people {
		l.Participants = append(l.Participants, p.User)
	}
	return l, true
}

// forget marks the room as gone if nobody has been in it since the time given.
func (r *room) forget(before time.Time) (gone bool, emptied time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gone = !r.emptied.IsZero() && !r.emptied.After(before)
	return r.gone, r.emptied
}
