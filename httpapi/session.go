package httpapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tablewire/tablewire/httpapi/auth"
	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
)

// kind is what a socket is for. A new endpoint is a new kind; all the rest of a
// socket's life is the session's.
type kind interface {
	// join puts the client's first message into effect once it is known who sent it. An error of type [*protocol.Error] is told to the client; after
	// any other it is asked to come back.
	join(ctx context.Context, q *socket, p auth.Principal, hello *protocol.Hello) error
	// command takes a later message that is no ping.
	command(c protocol.Command, message []byte) *protocol.Error
	// leave takes back what join did. It is called once, also when join failed.
	leave()
	// path is the socket's, for the log.
	path() string
}

// session is a socket with what is read from it. One goroutine at a time runs it.
type session struct {
	socket
	ws         *websocket.Conn
	kind       kind
	meter      meter
	peerClosed bool // the peer's close frame has come
}

func newSession(s *Server, k kind) *session {
	n := &session{kind: k}
	n.server = s
	n.queue.Init(s.cfg.QueueBytes, &n.socket)
	return n
}

// start begins a session on a socket whose handshake is done.
func (n *session) start(ws *websocket.Conn) {
	n.ws = ws
	n.open = true
	n.hear()
	ws.SetPingHandler(n.pinged)
	ws.SetPongHandler(ponged)
	ws.SetCloseHandler(n.closed)
	if !n.server.registry.add(&n.socket) {
		n.turnAway()
		return
	}
	n.server.counters.accepted.Add(1)
	go n.greet()
}

// pongFrame answers a client's {"type":"ping"}.
var pongFrame = wsframe.Text([]byte(protocol.Pong))

// sendAway tells a client on a socket whose handshake is done that it is one too
// many, and waits a moment for it to close. The errors don't matter: the socket is
// gone either way.
func (n *session) sendAway(ws *websocket.Conn, told *protocol.Error) {
	defer n.conn.Close()
	defer n.leaveLane()
	n.queue.Abandon()
	_ = n.conn.SetDeadline(time.Now().Add(n.server.times.closeWait))
	f := wsframe.Text(told.AppendJSON(nil))
	_, _ = n.conn.Write(append(f, wsframe.Close(told.Code, told.Message)...))
	ws.SetReadLimit(n.server.cfg.MaxMessageBytes)
	ws.SetPingHandler(func(string) error { return nil })
	ws.SetCloseHandler(func(int, string) error { return nil })
	for {
		if _, _, err := ws.NextReader(); err != nil {
			return
		}
	}
}

// turnAway ends a session whose handshake was under way when draining began. The
// errors don't matter, as above.
func (n *session) turnAway() {
	n.server.limits.release(&n.socket)
	_ = n.conn.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = n.conn.Write(wsframe.Close(protocol.CloseRestart, reasonRestart))
	_ = n.conn.Close()
}

// greet takes the first message and hands over to a goroutine whose stack has not
// grown from reading it.
func (n *session) greet() {
	n.enter()
	go n.read()
}

// enter takes the first message and puts it into effect. Where it fails it has
// closed the queue, or the connection is broken and read will find it so.
func (n *session) enter() {
	defer n.rescue()
	n.awaitFirst()
	hello, err := n.first()
	if err != nil {
		n.server.limits.texts(err, n.from.ip)
		n.refuse(err)
		return
	}
	n.ws.SetReadLimit(n.server.cfg.MaxMessageBytes)
	if hello == nil {
		return
	}
	n.leaveLane()
	if err := n.join(hello); err != nil {
		n.turnDown(err)
	}
}

// first reads the first message. It is nil, without an error, when the socket
// ended before it came.
func (n *session) first() (*protocol.Hello, *protocol.Error) {
	limit := n.server.cfg.MaxMessageBytes
	typ, r, err := n.ws.NextReader()
	if err != nil {
		return nil, nil
	}
	message := messages.Get().(*bytes.Buffer)
	defer messages.Put(message)
	message.Reset()
	err = readMessage(message, typ, io.LimitReader(r, limit+1))
	notText := errors.Is(err, errNotUTF8)
	if err != nil && !notText {
		return nil, nil
	}
	n.awaitAny()
	switch _, closed := n.queue.Closed(); {
	case closed:
		return nil, nil
	case int64(message.Len()) > limit: // its last byte may be half a character
		n.server.limits.count(limitMessageBytes, n.from.ip)
		return nil, protocol.ErrInvalidJSON(fmt.Sprintf("the message is longer than %d bytes", limit))
	case notText:
		n.queue.Close(protocol.CloseInvalidText, notUTF8)
		return nil, nil
	case typ != websocket.TextMessage:
		return nil, protocol.ErrInvalidJSON(wantText)
	}
	return protocol.ParseHello(message.Bytes())
}

const (
	wantText = "want a text message, not a binary one"
	notUTF8  = "text that is not UTF-8"
)

// join puts a first message into effect: first it must be known who sent it.
func (n *session) join(hello *protocol.Hello) error {
	ctx, cancel := context.WithTimeout(n.server.life, n.server.times.resolve)
	defer cancel()
	p, err := n.server.authenticate(ctx, hello.APIKey)
	if err != nil {
		return err
	}
	n.server.limits.authenticated(&n.socket)
	return n.kind.join(ctx, &n.socket, p, hello)
}

// turnDown ends a session because of an error of its first message.
func (n *session) turnDown(err error) {
	if told, ok := asProtocolError(err); ok {
		n.refuse(told)
		return
	}
	n.queue.Close(protocol.CloseRestart, "try again")
}

// refuse tells the client of an error in its first message, and the log of the same.
func (n *session) refuse(told *protocol.Error) {
	n.fail(told) // first: why there is no such collection may take a while to tell
	var why func(context.Context) string
	if w, ok := n.kind.(*watch); ok {
		why = w.why
	}
	n.server.notices.refused(n.server.life, told, n.kind.path(), n.from.ip, why)
}

// read reads until the peer closes or the connection fails, and then ends the
// session. It is the one goroutine that an idle socket has: it stays shallow, and
// so has no defers of its own.
func (n *session) read() {
	for more := true; more; {
		typ, r, err := n.ws.NextReader()
		more = err == nil && n.receive(typ, r)
	}
	n.leave()
	n.leaveLane()
	n.server.goroutines.Done()
}

// receive takes a message. It reports whether there may be more.
func (n *session) receive(typ int, r io.Reader) (more bool) {
	defer n.rescue()
	if _, closed := n.queue.Closed(); closed {
		return true // what comes after our close frame is only skipped, to see the peer's
	}
	buf := messages.Get().(*bytes.Buffer)
	defer messages.Put(buf)
	buf.Reset()
	switch err := readMessage(buf, typ, r); {
	case errors.Is(err, errNotUTF8):
		n.queue.Close(protocol.CloseInvalidText, notUTF8)
		return true // what remains of the message is skipped
	case err != nil:
		return false
	}
	n.worked(1)
	ping := typ == websocket.TextMessage && isPing(buf.Bytes())
	if !n.meter.take(&n.socket, buf.Len(), ping) {
		return true
	}
	switch {
	case typ != websocket.TextMessage:
		n.fail(protocol.ErrInvalidMessage(wantText))
	case ping:
		n.queue.Push(pongFrame)
	default:
		n.command(buf.Bytes())
	}
	return true
}

var messages = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (n *session) command(message []byte) {
	c, err := protocol.ParseCommand(message)
	switch {
	case err != nil:
	case c.Type == protocol.CommandPing:
		n.queue.Push(pongFrame)
		return
	default:
		err = n.kind.command(c, message)
	}
	if err != nil {
		n.fail(err)
	}
}

// errUnknownCommand is told for a message of a type that the kind doesn't have.
func errUnknownCommand(c protocol.Command, want string) *protocol.Error {
	typ := c.Type
	if len(typ) > 64 {
		typ = typ[:64]
	}
	return protocol.ErrInvalidMessage(`"type" is ` + strconv.Quote(typ) + ": want " + want)
}

// leave gives up what the session is for and ends the reading direction.
func (n *session) leave() {
	n.leaveLane()
	n.kind.leave()
	switch {
	case n.peerClosed: // our answer is queued; the connection is closed behind it
	case n.broken:
		n.cut()
	default: // the library has given up, and has queued a close frame that says why
		n.skip()
		n.cut()
	}
	n.ended(readEnded)
}

// skip reads what the peer still sends, until it closes or its time is up: were
// the connection closed before, the peer might never see our close frame.
func (n *session) skip() {
	n.failTooLong() // the one case in which it queues none: a length beyond counting
	b := make([]byte, 512)
	for {
		if _, err := n.Read(b); err != nil {
			return
		}
	}
}

// rescue keeps a panic from taking all the other sockets along. It is told to the
// operator in full, and to the client by a close code.
func (n *session) rescue() {
	cause := recover()
	if cause == nil {
		return
	}
	n.server.log.Error("a session panicked", "panic", cause, "stack", string(debug.Stack()))
	n.queue.Close(protocol.CloseInternal, "internal error")
}

func (n *session) pinged(payload string) error {
	n.worked(1)
	if n.meter.take(&n.socket, len(payload), true) {
		n.queue.Push(wsframe.Pong(payload))
	}
	return nil
}

func ponged(string) error { return nil } // Read has noted that the peer is there

// closed answers the peer's close frame with its own code.
func (n *session) closed(code int, _ string) error {
	n.peerClosed = true
	if code == websocket.CloseNoStatusReceived {
		code = 0
	}
	n.queue.Close(protocol.CloseCode(code), "")
	return nil
}
