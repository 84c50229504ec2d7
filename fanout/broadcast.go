package fanout

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/tablewire/tablewire/protocol"
)

// Broadcast sends messages to all member sockets of a project. The zero value is ready.
// Its methods may be called concurrently. It never forgets a project.
type Broadcast struct {
	mu       sync.Mutex
	projects map[string]*channel

	messages, deliveries atomic.Uint64
}

// channel is the broadcast of one project.
type channel struct {
	mu      sync.Mutex
	members memberList
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

// Join makes a socket a member. It queues "connected" first; each message sent after Join
// returns follows it.
func (b *Broadcast) Join(project string, user protocol.User, q *Queue) *Member {
	m := &Member{User: user, queue: q, project: project}
	c := b.channel(project)
	c.mu.Lock()
	defer c.mu.Unlock()
	q.Push(textFrame(func(dst []byte) []byte { return protocol.AppendBroadcastConnected(dst, project, user.ID) }))
	c.members.add(m)
	return m
}

// Leave ends a membership. A second Leave does nothing.
func (b *Broadcast) Leave(m *Member) {
	c := b.channel(m.project)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.members.remove(m)
}

// Send sends a message to all members of a project. data is JSON; Send copies it.
func (b *Broadcast) Send(project string, from protocol.User, data []byte) {
	c := b.channel(project)
	c.mu.Lock()
	defer c.mu.Unlock()
	// The timestamp is taken under the lock, so that timestamps follow the order.
	delivered := c.members.send(func(dst []byte) []byte {
		return protocol.AppendBroadcastMessage(dst, from, time.Now(), data)
	})
	b.messages.Add(1)
	b.deliveries.Add(uint64(delivered))
}

// ChatStats are the counters and gauges of a broadcast or of the rooms.
type ChatStats struct {
	Messages   uint64 // messages sent
	Deliveries uint64 // frames queued: one for each message and socket
	Rooms      int    // existing rooms, empty ones included; 0 for a broadcast
}

// Stats returns the counters.
func (b *Broadcast) Stats() ChatStats {
	return ChatStats{Messages: b.messages.Load(), Deliveries: b.deliveries.Load()}
}
