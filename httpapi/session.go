package httpapi

import (
	"context"
	"errors"
	"fmt"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/httpapi/limit"
	"github.com/tablewire/tablewire/httpapi/ws"
	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
)

// session is a connection with who it is and its one endpoint. It is the connection's
// [ws.Handler]: the goroutine that reads runs it.
type session struct {
	conn     ws.Conn
	server   *Server
	endpoint endpoint
	client   limit.Client
}

func newSession(s *Server, e endpoint) *session {
	n := &session{server: s, endpoint: e}
	n.conn.Init(s.transport, n)
	return n
}

const wantText = "want a text message, not a binary one"

// pongFrame answers a client's {"type":"ping"}.
var pongFrame = wsframe.Text([]byte(protocol.Pong))

// First puts the first message into effect.
func (n *session) First(binary bool, message []byte) {
	hello, clientErr := n.parseFirst(binary, message)
	if clientErr != nil {
		n.reject(clientErr)
		return
	}
	err := n.join(hello)
	if clientErr, ok := asProtocolError(err); ok {
		n.reject(clientErr)
	} else if err != nil {
		n.conn.Queue().Close(protocol.CloseRestart, "try again")
	}
}

func (n *session) parseFirst(binary bool, message []byte) (*protocol.Hello, *protocol.Error) {
	if limit := n.server.cfg.MaxMessageBytes; int64(len(message)) > limit {
		n.LimitHit(ws.LimitMessageBytes)
		return nil, errLongerThan(limit)
	}
	if binary {
		return nil, protocol.ErrInvalidJSON(wantText)
	}
	return protocol.ParseHello(message)
}

func errLongerThan(limit int64) *protocol.Error {
	return protocol.ErrInvalidJSON(fmt.Sprintf("the message is longer than %d bytes", limit))
}

// countLimit counts the limit that an error of the first message is about, if it is one:
// that an id, a name or a title is too long, or one of the rooms' limits.
func (n *session) countLimit(err *protocol.Error) {
	switch {
	case err.TooLong:
		n.server.limits.Hit(limit.TextBytes, n.client.IP())
	case errors.Is(err, fanout.ErrTooManyRooms):
		n.server.limits.Hit(limit.Rooms, n.client.IP())
	case errors.Is(err, fanout.ErrRoomFull):
		n.server.limits.Hit(limit.Participants, n.client.IP())
	}
}

// join finds out who the client is, and then puts its first message into effect.
func (n *session) join(hello *protocol.Hello) error {
	ctx, cancel := context.WithTimeout(n.server.transport.Context(), lookupTimeout)
	defer cancel()
	p, err := n.server.authenticate(ctx, hello.APIKey)
	if err != nil {
		return err
	}
	n.server.limits.Authenticated(&n.client)
	return n.endpoint.join(ctx, n.conn.Queue(), p, hello)
}

// reject closes the connection because of its first message. The log has the same error.
func (n *session) reject(clientErr *protocol.Error) {
	n.countLimit(clientErr)
	n.conn.Fail(clientErr) // first, because finding out why there is no collection may take long
	var why func(context.Context) string
	if e, ok := n.endpoint.(whyer); ok {
		why = e.why
	}
	n.server.clientLog.rejected(n.server.transport.Context(), clientErr, n.endpoint.path(), n.client.IP(), why)
}

// Message answers a later message.
func (n *session) Message(binary bool, message []byte) {
	ping := !binary && isPing(message)
	if !n.charge(len(message), ping) {
		return
	}
	switch {
	case binary:
		n.conn.Fail(protocol.ErrInvalidMessage(wantText))
	case ping:
		n.conn.Queue().Push(pongFrame)
	default:
		n.command(message)
	}
}

func (n *session) command(message []byte) {
	c, err := protocol.ParseCommand(message)
	switch {
	case err != nil:
	case c.Type == protocol.CommandPing:
		n.conn.Queue().Push(pongFrame)
		return
	default:
		err = n.endpoint.command(c)
	}
	if err != nil {
		n.conn.Fail(err)
	}
}

// Ping charges a ping frame.
func (n *session) Ping(size int) bool { return n.charge(size, true) }

// charge charges a message or a ping of size bytes. If it returns false, the message is
// dropped, and the client has got an error.
func (n *session) charge(size int, ping bool) bool {
	switch v := n.server.limits.Charge(&n.client, size, ping); v {
	case limit.Accept:
		return true
	case limit.CloseFlood:
		n.conn.Fail(n.server.limits.Error(v))
	default:
		n.conn.Queue().Push(n.server.dropped[v])
	}
	return false
}

// LimitHit counts one of the transport's own limits.
func (n *session) LimitHit(l ws.Limit) {
	kind := limit.MessageBytes
	if l == ws.LimitFrames {
		kind = limit.Frames
	}
	n.server.limits.Hit(kind, n.client.IP())
}

// Leave gives up what the session is for.
func (n *session) Leave() { n.endpoint.leave() }

// Closed counts the connection's end.
func (n *session) Closed(code protocol.CloseCode) {
	n.server.counters.disconnected(code)
	if code == protocol.CloseSlowConsumer {
		n.server.clientLog.slow(n.client.IP())
	}
	n.server.limits.Release(&n.client)
}
