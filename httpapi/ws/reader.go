package ws

import (
	"bytes"
	"errors"
	"io"
	"runtime/debug"
	"sync"

	"github.com/gorilla/websocket"

	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
)

// Start begins to read from an upgraded connection, in a goroutine of the transport's. If
// the transport drains, Start rejects the client in place of that and returns false: then
// the handler is never called.
func (c *Conn) Start() bool {
	c.open = true
	c.touch()
	c.library.SetPingHandler(c.pinged)
	c.library.SetPongHandler(ponged)
	c.library.SetCloseHandler(c.closed)
	if !c.transport.conns.add(c) {
		c.rejectDraining()
		return false
	}
	go c.serve()
	return true
}

// serve reads the first message and hands over to a goroutine whose stack has not grown
// from that.
func (c *Conn) serve() {
	c.readFirst()
	go c.read()
}

// readFirst gives the first message to the handler. If none comes, it has closed the
// queue, or the connection is broken and read will find it so.
func (c *Conn) readFirst() {
	defer c.recoverPanic()
	c.awaitFirst()
	limit := c.transport.cfg.MaxMessageBytes
	typ, r, err := c.library.NextReader()
	if err != nil {
		return
	}
	message := messages.Get().(*bytes.Buffer)
	defer messages.Put(message)
	message.Reset()
	err = readMessage(message, typ, io.LimitReader(r, limit+1))
	invalid := errors.Is(err, errNotUTF8)
	if err != nil && !invalid {
		return
	}
	c.endFirstDeadline()
	if _, closed := c.queue.Closed(); closed {
		return
	}
	if int64(message.Len()) <= limit {
		if invalid { // else the last byte may be half a character
			c.queue.Close(protocol.CloseInvalidText, notUTF8)
			return
		}
		c.library.SetReadLimit(limit)
	}
	c.endTurn()
	c.handler.First(typ != websocket.TextMessage, message.Bytes())
}

// read reads until the peer closes or the connection fails, and then ends the connection's
// reading direction. It is the one goroutine that an idle connection has: its stack stays
// shallow, and so it has no defers of its own.
func (c *Conn) read() {
	for more := true; more; {
		typ, r, err := c.library.NextReader()
		more = err == nil && c.receive(typ, r)
	}
	c.leave()
	c.endTurn()
	c.transport.goroutines.Done()
}

// receive takes a message. It reports whether there may be more.
func (c *Conn) receive(typ int, r io.Reader) (more bool) {
	defer c.recoverPanic()
	if _, closed := c.queue.Closed(); closed {
		return true // behind our close frame all is skipped up to the peer's
	}
	buf := messages.Get().(*bytes.Buffer)
	defer messages.Put(buf)
	buf.Reset()
	switch err := readMessage(buf, typ, r); {
	case errors.Is(err, errNotUTF8):
		c.queue.Close(protocol.CloseInvalidText, notUTF8)
		return true // what remains of the message is skipped
	case err != nil:
		return false
	}
	c.charge(1)
	c.handler.Message(typ != websocket.TextMessage, buf.Bytes())
	return true
}

var messages = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// leave ends the reading direction.
func (c *Conn) leave() {
	c.endTurn()
	c.handler.Leave()
	switch {
	case c.peerClosed: // our answer is queued; the connection is closed behind it
	case c.broken:
		c.Abort()
	default: // the library has given up, and has queued a close frame that says why
		c.skip()
		c.Abort()
	}
	c.halfClosed(readEnded)
}

// recoverPanic keeps a panic from ending all other connections. The operator gets it in
// full, and the client a close code.
func (c *Conn) recoverPanic() {
	cause := recover()
	if cause == nil {
		return
	}
	c.transport.log.Error("a session panicked", "panic", cause, "stack", string(debug.Stack()))
	c.queue.Close(protocol.CloseInternal, "internal error")
}

// pinged answers a ping frame.
func (c *Conn) pinged(payload string) error {
	c.charge(1)
	if c.handler.Ping(len(payload)) {
		c.queue.Push(wsframe.Pong(payload))
	}
	return nil
}

func ponged(string) error { return nil } // Read has noted that the peer is there

// closed answers the peer's close frame with its own code.
func (c *Conn) closed(code int, _ string) error {
	c.peerClosed = true
	if code == websocket.CloseNoStatusReceived {
		code = 0
	}
	c.queue.Close(protocol.CloseCode(code), "")
	return nil
}
