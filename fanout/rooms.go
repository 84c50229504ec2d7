package fanout

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tablewire/tablewire/protocol"
)

// RoomsConfig configures the rooms.
type RoomsConfig struct {
	// EmptyTTL is how long an empty room can still be joined. 0 means 30 s.
	EmptyTTL time.Duration
	// MaxRooms is how many rooms may exist, empty ones included. 0 means 100,000.
	MaxRooms int
	// MaxParticipants is how many sockets may be in one room. 0 means 20,000.
	MaxParticipants int
}

// Rooms holds all rooms of all projects. A room's id is unique over all projects, and the
// room belongs to the project that created it. Make Rooms with NewRooms. Its methods may
// be called concurrently.
type Rooms struct {
	cfg RoomsConfig

	mu         sync.RWMutex // taken before a room's lock
	rooms      map[string]*room
	lastNumber uint64
	expiries   []expiry      // by time; at most one for each room
	earlier    chan struct{} // wakes Run if there is a new first expiry; capacity 1

	messages, deliveries atomic.Uint64
}

// NewRooms returns rooms without any room. Empty rooms expire only while Run runs.
func NewRooms(cfg RoomsConfig) *Rooms {
	cfg.EmptyTTL = cmp.Or(cfg.EmptyTTL, 30*time.Second)
	cfg.MaxRooms = cmp.Or(cfg.MaxRooms, 100_000)
	cfg.MaxParticipants = cmp.Or(cfg.MaxParticipants, 20_000)
	return &Rooms{cfg: cfg, rooms: make(map[string]*room), earlier: make(chan struct{}, 1)}
}

// JoinRequest is a client's request to join a room.
type JoinRequest struct {
	Project string
	Room    protocol.Room // the title is used only if the room is created
	Create  bool          // create the room if it does not exist
	User    protocol.User
	Queue   *Queue
}

// The errors of the rooms' limits, for clients.
var (
	ErrRoomFull     = protocol.ErrRateLimit("the room is full")
	ErrTooManyRooms = protocol.ErrRateLimit("there are too many rooms")
)

// Join makes a socket a member of a room. It queues "joined" first. The error is for the
// client; nothing was queued then.
func (r *Rooms) Join(j JoinRequest) (*Member, *protocol.Error) {
	m := &Member{User: j.User, queue: j.Queue, project: j.Project}
	for {
		rm, err := r.findOrCreate(j)
		if err != nil {
			return nil, err
		}
		m.room = rm
		joined, delivered, err := rm.join(m, r.cfg.MaxParticipants)
		if err != nil {
			return nil, err
		}
		if joined {
			r.deliveries.Add(uint64(delivered))
			return m, nil
		}
	}
}

// findOrCreate returns the requested room, and creates it if the request says so.
func (r *Rooms) findOrCreate(j JoinRequest) (*room, *protocol.Error) {
	r.mu.RLock()
	rm := r.rooms[j.Room.ID]
	r.mu.RUnlock()
	if rm == nil && j.Create {
		return r.create(j)
	}
	return rm, checkAccess(rm, j.Project, j.Room.ID)
}

// checkAccess returns an error if the room does not exist (rm is nil) or belongs to another
// project.
func checkAccess(rm *room, project, id string) *protocol.Error {
	switch {
	case rm == nil:
		return protocol.ErrRoomNotFound(id)
	case rm.project != project:
		return protocol.ErrRoomForbidden
	}
	return nil
}

func (r *Rooms) create(j JoinRequest) (*room, *protocol.Error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if rm := r.rooms[j.Room.ID]; rm != nil { // another goroutine was faster
		return rm, checkAccess(rm, j.Project, j.Room.ID)
	}
	if len(r.rooms) >= r.cfg.MaxRooms {
		return nil, ErrTooManyRooms
	}
	r.lastNumber++
	rm := &room{
		Room: j.Room, project: j.Project, createdBy: j.User.ID, createdAt: time.Now(), number: r.lastNumber,
		participants: make(map[string]*participant),
	}
	r.rooms[j.Room.ID] = rm
	return rm, nil
}

// Leave ends a membership. A second Leave does nothing.
func (r *Rooms) Leave(m *Member) {
	emptySince, delivered := m.room.leave(m)
	r.deliveries.Add(uint64(delivered))
	if !emptySince.IsZero() {
		r.schedule(m.room, emptySince)
	}
}

// SendFrom sends a member's message to its room. content is JSON; SendFrom copies it.
func (r *Rooms) SendFrom(m *Member, content []byte) { r.countMessage(m.room.send(m.User, content)) }

// Send sends a message to a room from outside of it. content is JSON; Send copies it. The
// error is for the sender: the room does not exist, or belongs to another project.
func (r *Rooms) Send(project, id string, from protocol.User, content []byte) *protocol.Error {
	r.mu.RLock()
	rm := r.rooms[id]
	r.mu.RUnlock()
	if err := checkAccess(rm, project, id); err != nil {
		return err
	}
	r.countMessage(rm.send(from, content))
	return nil
}

func (r *Rooms) countMessage(delivered int) {
	r.messages.Add(1)
	r.deliveries.Add(uint64(delivered))
}

// List returns the rooms of a project that have members, the oldest first.
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

// Stats returns the counters and the number of rooms.
func (r *Rooms) Stats() ChatStats {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return ChatStats{Messages: r.messages.Load(), Deliveries: r.deliveries.Load(), Rooms: len(r.rooms)}
}
