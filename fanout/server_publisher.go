package fanout

import (
	"fmt"
	"strings"

	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// ServerPublisher sends messages of SQL or of a backend to a project's broadcast and
// rooms. All fields are required. Its methods may be called concurrently.
type ServerPublisher struct {
	Project   string
	Broadcast *Broadcast
	Rooms     *Rooms
}

// What follows wal.MessagePrefix in the prefix of a logical message.
const (
	toBroadcast = "broadcast"
	toRoom      = "room:" // followed by the room's id
)

// Publish sends a logical message to the broadcast or the room that its prefix names. It
// drops a message to a room that does not exist, because nobody could receive it. The error
// says what is wrong with the message and repeats nothing of its content.
func (p *ServerPublisher) Publish(m *wal.Message) error {
	where := strings.TrimPrefix(m.Prefix, wal.MessagePrefix)
	if where == toBroadcast {
		return p.ToBroadcast(m.Content)
	}
	room, ok := strings.CutPrefix(where, toRoom)
	if !ok {
		return fmt.Errorf("the prefix %q names neither %sbroadcast nor %sroom:<room>", m.Prefix, wal.MessagePrefix, wal.MessagePrefix)
	}
	if clientErr, err := p.ToRoom(room, m.Content); err != nil {
		return err
	} else if clientErr != nil && clientErr.Code != protocol.CloseNotFound {
		return clientErr
	}
	return nil
}

// ToBroadcast sends a message to the project's broadcast. content is what
// [protocol.ParseBackendMessage] accepts.
func (p *ServerPublisher) ToBroadcast(content []byte) error {
	m, err := protocol.ParseBackendMessage(content, "data")
	if err != nil {
		return err
	}
	p.Broadcast.Send(p.Project, m.From, m.Body)
	return nil
}

// ToRoom sends a message to a room. err says that content is not what
// [protocol.ParseBackendMessage] accepts; clientErr is the error of [Rooms.Send].
func (p *ServerPublisher) ToRoom(room string, content []byte) (clientErr *protocol.Error, err error) {
	m, err := protocol.ParseBackendMessage(content, "content")
	if err != nil {
		return nil, err
	}
	return p.Rooms.Send(p.Project, room, m.From, m.Body), nil
}
