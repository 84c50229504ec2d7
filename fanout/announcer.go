package fanout

import (
	"fmt"
	"strings"

	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// ServerPublisher takes messages that come from SQL or from a backend to a project's
// broadcast and rooms. It may be used concurrently.
type ServerPublisher struct {
	Project   string
	Broadcast *Broadcast
	Rooms     *Rooms
}

// What follows protocol.MessagePrefix in a logical message's prefix.
const (
	toBroadcast = "broadcast"
	toRoom      = "room:"
)

// Publish sends a logical message to where its prefix says. A room in which
// nobody has been has nobody to hear it. The error says what is wrong with the
// message, and nothing of what is in it.
func (a *ServerPublisher) Publish(m *wal.Message) error {
	where := strings.TrimPrefix(m.Prefix, wal.MessagePrefix)
	if where == toBroadcast {
		return a.ToBroadcast(m.Content)
	}
	room, ok := strings.CutPrefix(where, toRoom)
	if !ok {
		return fmt.Errorf("the prefix %q names neither %sbroadcast nor %sroom:<room>", m.Prefix, wal.MessagePrefix, wal.MessagePrefix)
	}
	if told, err := a.ToRoom(room, m.Content); err != nil {
		return err
	} else if told != nil && told.Code != protocol.CloseNotFound {
		return told
	}
	return nil
}

// ToBroadcast sends JSON to everybody; see protocol.ParseBackendMessage.
func (a *ServerPublisher) ToBroadcast(content []byte) error {
	said, err := protocol.ParseBackendMessage(content, "data")
	if err != nil {
		return err
	}
	a.Broadcast.Send(a.Project, said.From, said.Body)
	return nil
}

// ToRoom sends JSON to a room. told is what a sender is told who can be answered;
// err says that the content is no JSON.
func (a *ServerPublisher) ToRoom(room string, content []byte) (told *protocol.Error, err error) {
	said, err := protocol.ParseBackendMessage(content, "content")
	if err != nil {
		return nil, err
	}
	return a.Rooms.Send(a.Project, room, said.From, said.Body), nil
}
