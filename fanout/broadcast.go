package fanout

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/tablewire/tablewire/protocol"
)

// Broadcast carries messages to all sockets of a project. The zero value is ready;
// its methods may be called concurrently.
type Broadcast struct {
	mu       sync.Mutex
	projects map[string]*channel

	messages, deliveries atomic.Uint64
}

// channel is a project's broadcast.
type channel struct {
	mu       sync.Mutex
	audience audience
}

func (b *Broadcast) channel(project string) *channel {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.projects[project]
	if c == nil {
		if b.projects == nil {
			b.projects = make(map[string]*channel)
		}
		c = &channel{}
		b.projects[project] = c
	}
	return c
}

// Join gives a socket a place. "connected" is the first frame that it gets; every
// message sent after Join returned is one of the next.
func (b *Broadcast) Join(project string, user protocol.User, q *Queue) *Member {
	s := &Member{User: user, queue: q, project: project}
	c := b.channel(project)
	c.mu.Lock()
	defer c.mu.Unlock()
	q.Push(textFrame(func(dst []byte) []byte { return protocol.AppendBroadcastConnected(dst, project, user.ID) }))
	c.audience.add(s)
	return s
}

// Leave gives the place up.
func (b *Broadcast) Leave(s *Member) {
	c := b.channel(s.project)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.audience.remove(s)
}

// Send sends a message to all of a project. data is JSON; it is copied.
func (b *Broadcast) Send(project string, from protocol.User, data []byte) {
	c := b.channel(project)
	c.mu.Lock()
	defer c.mu.Unlock()
	// Under the lock, so that timestamps never run back.
	delivered := c.audience.send(func(dst []byte) []byte {
		return protocol.AppendBroadcastMessage(dst, from, time.Now(), data)
	})
	b.messages.Add(1)
	b.deliveries.Add(uint64(delivered))
}

// ChatStats are the counters of a broadcast or of the rooms.
type ChatStats struct {
	Messages   uint64 // sent
	Deliveries uint64 // frames queued, one for each socket
	Rooms      int    // that are there, lingering ones included
}

// Stats reads the counters.
func (b *Broadcast) Stats() ChatStats {
	return ChatStats{Messages: b.messages.Load(), Deliveries: b.deliveries.Load()}
}
