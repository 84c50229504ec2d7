package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/httpapi/auth"
	"github.com/tablewire/tablewire/protocol"
)

// broadcast is a socket on the project's broadcast.
type broadcast struct {
	server  *Server
	project string
	member  *fanout.Member
}

func broadcastOf(s *Server, _ *http.Request) kind { return &broadcast{server: s} }

// join takes a place, which queues "connected".
func (b *broadcast) join(_ context.Context, k *socket, p auth.Principal, hello *protocol.Hello) error {
	b.project = p.Project
	b.member = b.server.cfg.Broadcast.Join(p.Project, speaker(hello), &k.queue)
	return nil
}

func (b *broadcast) command(c protocol.Command, _ []byte) *protocol.Error {
	switch {
	case c.Type != protocol.CommandMessage:
		return errUnknownCommand(c, wantMessage)
	case c.Data == nil:
		return errNoData
	}
	b.server.cfg.Broadcast.Send(b.project, b.member.User, c.Data)
	return nil
}

func (b *broadcast) path() string { return broadcastPath }

func (b *broadcast) leave() {
	if b.member != nil {
		b.server.cfg.Broadcast.Leave(b.member)
	}
}

const wantMessage = `"message" or "ping"`

var errNoData = protocol.ErrInvalidMessage(`"data" is missing: want {"type":"message","data":...}`)

// speaker is who a client says that it is: somebody new where it says nothing.
func speaker(hello *protocol.Hello) protocol.User {
	u := protocol.User{ID: hello.UserID, Name: hello.UserName}
	if u.ID == "" {
		u.ID = anonymous()
	}
	if u.Name == "" {
		u.Name = u.ID
	}
	return u
}

// anonymous is an id that nobody can guess or has had before.
func anonymous() string {
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails
	return "anon_" + hex.EncodeToString(random[:])
}
