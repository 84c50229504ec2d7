package httpapi

import (
	"context"
	"net/http"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/httpapi/auth"
	"github.com/tablewire/tablewire/protocol"
)

// broadcast is the endpoint of a client on the project's broadcast.
type broadcast struct {
	server  *Server
	project string
	member  *fanout.Member
}

func broadcastOf(s *Server, _ *http.Request) endpoint { return &broadcast{server: s} }

// join joins the broadcast, which queues "connected".
func (b *broadcast) join(_ context.Context, q *fanout.Queue, p auth.Principal, hello *protocol.Hello) error {
	b.project = p.Project
	b.member = b.server.cfg.Broadcast.Join(p.Project, userOf(hello), q)
	return nil
}

func (b *broadcast) command(c protocol.Command) *protocol.Error {
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

var errNoData = protocol.ErrInvalidMessage(`"data" is missing: want {"type":"message","data":...}`)
