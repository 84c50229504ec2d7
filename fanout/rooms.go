package fanout

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tablewire/tablewire/protocol"
)

// RoomsConfig bounds the rooms.
type RoomsConfig struct {
	// EmptyTTL is how long an empty room can still be joined. 0 means 30 s.
	EmptyTTL time.Duration
	// MaxRooms is how many there may be, lingering ones included. 0 means 100,000.
	MaxRooms int
	// MaxParticipants is how many sockets may be in one room. 0 means 20,000.
	MaxParticipants int
}

// Rooms are all rooms of all projects: a room's id belongs to one project. Make
// them with NewRooms; methods may be called concurrently.
//
// Lock order: Rooms.mu, then room.mu, then Queue's own.
type Rooms struct {
	cfg RoomsConfig

	mu       sync.RWMutex
	rooms    map[string]*room
	made     uint64
	expiring []expiry      // of rooms that may be empty, the next one first
	first    chan struct{} // told when there is another first one

	messages, deliveries atomic.Uint64
}

// NewRooms makes the rooms; empty ones are forgotten while Run runs.
func NewRooms(cfg RoomsConfig) *Rooms {
	cfg.EmptyTTL = cmp.Or(cfg.EmptyTTL, 30*time.Second)
	cfg.MaxRooms = cmp.Or(cfg.MaxRooms, 100_000)
	cfg.MaxParticipants = cmp.Or(cfg.MaxParticipants, 20_000)
	return &Rooms{cfg: cfg, rooms: make(map[string]*room), first: make(chan struct{}, 1)}
}

// JoinRequest is what a client asks for that wants to be in a room.
type JoinRequest struct {
	Project string
	Room    protocol.Room // the title counts only for a room that is made
	Create  bool          // make the room when it is not there
	User    protocol.User
	Queue   *Queue
}

// The limits of rooms, as a client is told of them.
var (
	ErrRoomFull     = protocol.ErrRateLimit("the room is full")
	ErrTooManyRooms = protocol.ErrRateLimit("there are too many rooms")
)

// Join gives a socket a place in a room. "joined" is the first frame that it gets.
// The error is what the client is told.
func (r *Rooms) Join(e JoinRequest) (*Member, *protocol.Error) {
	s := &Member{User: e.User, queue: e.Queue, project: e.Project}
	for {
		rm, err := r.find(e)
		if err != nil {
			return nil, err
		}
		s.room = rm
		entered, delivered, err := rm.enter(s, r.cfg.MaxParticipants)
		if err != nil {
			return nil, err
		}
		if entered {
			r.deliveries.Add(uint64(delivered))
			return s, nil
		}
	}
}

// find gives the room that is asked for, and makes it if it may.
func (r *Rooms) find(e JoinRequest) (*room, *protocol.Error) {
	r.mu.RLock()
	rm := r.rooms[e.Room.ID]
	r.mu.RUnlock()
	if rm == nil && e.Create {
		return r.make(e)
	}
	return rm, access(rm, e.Project, e.Room.ID)
}

func access(rm *room, project, id string) *protocol.Error {
	switch {
	case rm == nil:
		return protocol.ErrRoomNotFound(id)
	case rm.project != project:
		return protocol.ErrRoomForbidden
	}
	return nil
}

func (r *Rooms) make(e JoinRequest) (*room, *protocol.Error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if rm := r.rooms[e.Room.ID]; rm != nil { // somebody else was faster
		return rm, access(rm, e.Project, e.Room.ID)
	}
	if len(r.rooms) >= r.cfg.MaxRooms {
		return nil, ErrTooManyRooms
	}
	r.made++
	rm := &room{
		Room: e.Room, project: e.Project, createdBy: e.User.ID, createdAt: time.Now(), number: r.made,
		people: make(map[string]*participant),
	}
	r.rooms[e.Room.ID] = rm
	return rm, nil
}

// Leave gives a place up.
func (r *Rooms) Leave(s *Member) {
	emptied, delivered := s.room.leave(s)
	r.deliveries.Add(uint64(delivered))
	if !emptied.IsZero() {
		r.expire(s.room, emptied)
	}
}

// SendFrom sends a message to the room of a seat. content is JSON; it is copied.
func (r *Rooms) SendFrom(s *Member, content []byte) { r.said(s.room.say(s.User, content)) }

// Send sends a message to a room from outside of it. The error is what the sender
// is told.
func (r *Rooms) Send(project, id string, from protocol.User, content []byte) *protocol.Error {
	r.mu.RLock()
	rm := r.rooms[id]
	r.mu.RUnlock()
	if err := access(rm, project, id); err != nil {
		return err
	}
	r.said(rm.say(from, content))
	return nil
}

func (r *Rooms) said(delivered int) {
	r.messages.Add(1)
	r.deliveries.Add(uint64(delivered))
}

// List gives a project's rooms in which somebody is, oldest first.
func (r *Rooms) List(project string) []protocol.RoomListing {
	r.mu.RLock()
	var mine []*room
	for _, rm := range r.rooms {
		if rm.project == project {
			mine = append(mine, rm)
		}
	}
	r.mu.RUnlock()
	slices.SortFunc(mine, func(a, b *room) int { return cmp.Compare(a.number, b.number) })
	var list []protocol.RoomListing
	for _, rm := range mine {
		if l, ok := rm.listing(); ok {
			list = append(list, l)
		}
	}
	return list
}

// Stats reads the counters.
func (r *Rooms) Stats() ChatStats {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return ChatStats{Messages: r.messages.Load(), Deliveries: r.deliveries.Load(), Rooms: len(r.rooms)}
}

// expiry is when a room may be forgotten, if nobody enters it until then.
type expiry struct {
	room *room
	due  time.Time
}

// expire has an empty room forgotten when its time is up. A room is listed once:
// when its turn comes it is looked at again.
func (r *Rooms) expire(rm *room, emptied time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !rm.expiring {
		rm.expiring = true
		r.list(expiry{rm, emptied.Add(r.cfg.EmptyTTL)})
	}
}

// list puts an expiry in its place, which nearly always is the last one.
func (r *Rooms) list(e expiry) {
	at, _ := slices.BinarySearchFunc(r.expiring, e.due, func(x expiry, due time.Time) int { return x.due.Compare(due) })
	r.expiring = slices.Insert(r.expiring, at, e)
	if at == 0 {
		select {
		case r.first <- struct{}{}:
		default:
		}
	}
}

// Run forgets empty rooms until ctx ends.
func (r *Rooms) Run(ctx context.Context) error {
	for {
		var due <-chan time.Time
		if next, ok := r.forget(time.Now()); ok {
			due = time.After(time.Until(next))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-due:
		case <-r.first:
		}
	}
}

// portion is how many rooms are forgotten while nobody can enter one.
const portion = 256

// forget takes away rooms whose time is up, and tells when the next one's is: at
// once, where they were more than a portion.
func (r *Rooms) forget(now time.Time) (next time.Time, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for n < min(len(r.expiring), portion) && !r.expiring[n].due.After(now) {
		n++
	}
	due := r.expiring[:n]
	r.expiring = r.expiring[n:] // what is listed from now on goes behind due
	defer clear(due)
	for _, e := range due {
		rm := e.room
		gone, emptied := rm.forget(now.Add(-r.cfg.EmptyTTL))
		switch {
		case gone:
			delete(r.rooms, rm.ID)
		case emptied.IsZero(): // somebody is in it
			rm.expiring = false
		default: // it was entered and left again
			r.list(expiry{rm, emptied.Add(r.cfg.EmptyTTL)})
		}
	}
	if len(r.expiring) == 0 {
		r.expiring = nil
		return time.Time{}, false
	}
	return r.expiring[0].due, true
}
