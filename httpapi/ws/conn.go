package ws

import (
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
)

// Conn is a WebSocket connection. Its owner embeds it or has it as a field, so that a
// connection is one allocation, and calls Init, [Transport.Upgrade], and Start or Reject.
//
// The two directions end apart. Reading ends when the peer has closed or the connection
// has failed; writing ends with our close frame, or when nothing more can be written. When
// both have ended, the network's connection is closed and the Conn is forgotten.
//
// Queue, Fail and Abort may be called concurrently.
type Conn struct {
	queue     fanout.Queue
	transport *Transport
	handler   Handler
	library   *websocket.Conn // works on this Conn as a libraryConn
	conn      net.Conn        // the network's
	raw       syscall.RawConn // of conn; nil where it can't be written without blocking
	reading   shallowRead
	guard     frameGuard
	next      *Conn         // in the writers' run queue, under its lock
	index     uint32        // in the connTable, under its lock
	state     atomic.Uint32 // of the bits below
	lastSeen  atomic.Uint32 // the pinger's tick at which the peer was last heard of
	bucket    uint8         // in the connTable
	open      bool          // the handshake is done: set before any other goroutine knows the Conn

	// The fields below belong to the goroutine that reads.
	awaitsFirst     bool   // the read deadline is the first message's
	broken          bool   // reading the connection has failed
	peerClosed      bool   // the peer's close frame has come
	readAfterClosed uint32 // bytes read since the queue was closed
	scheduler       readScheduler
}

// The bits of a Conn's state. None is ever cleared.
const (
	readEnded  = 1 << iota
	writeEnded // our close frame has left, or nothing more can be written
	aborted    // writing ended without a close frame
)

// Init prepares a Conn for [Transport.Upgrade].
func (c *Conn) Init(t *Transport, h Handler) {
	c.transport, c.handler = t, h
	c.queue.Init(t.cfg.QueueBytes, c)
}

// attach gives the Conn its network connection.
func (c *Conn) attach(conn net.Conn) {
	c.conn = conn
	c.raw = rawOf(conn)
	c.reading.init()
}

// Queue returns the queue of frames that are written to the client. Closing the queue
// closes the connection.
func (c *Conn) Queue() *fanout.Queue { return &c.queue }

// RemoteAddr is the address of the network connection's other end.
func (c *Conn) RemoteAddr() net.Addr { return c.conn.RemoteAddr() }

// Fail sends an error to the client. If the error has a close code, it closes the
// connection with that.
func (c *Conn) Fail(err *protocol.Error) {
	f := wsframe.Text(err.AppendJSON(nil))
	if err.Code == 0 {
		c.queue.Push(f)
		return
	}
	c.queue.Close(err.Code, err.Message, f)
}

// failTooLong closes the connection because of a message's length.
func (c *Conn) failTooLong() {
	if _, closed := c.queue.Closed(); !closed {
		c.handler.LimitHit(LimitMessageBytes)
	}
	c.Fail(c.transport.tooLong)
}

// touch notes that the peer is there.
func (c *Conn) touch() { c.lastSeen.Store(c.transport.pinger.tick.Load()) }

// Abort cuts the connection off at once, without a close frame.
func (c *Conn) Abort() {
	if _, closed := c.queue.Closed(); !closed {
		c.state.Or(aborted)
	}
	c.queue.Abandon()
	_ = c.conn.Close() // fails if it was closed already
	c.halfClosed(writeEnded)
}

// halfClosed notes that a direction has ended; the second one finishes the connection.
func (c *Conn) halfClosed(direction uint32) {
	before := c.state.Or(direction)
	const both = readEnded | writeEnded
	switch {
	case before&direction != 0:
	case (before|direction)&both == both:
		c.finish()
	case direction == writeEnded:
		c.awaitCloseAnswer()
	}
}

func (c *Conn) finish() {
	_ = c.conn.Close() // as in Abort
	c.handler.Closed(c.closeCode())
	c.transport.conns.remove(c)
}

// closeCode returns the code that the connection ended with.
func (c *Conn) closeCode() protocol.CloseCode {
	code, _ := c.queue.Closed()
	switch {
	case c.state.Load()&aborted != 0:
		return protocol.CloseAbnormal
	case code == 0:
		return protocol.CloseNoStatus
	}
	return code
}

// awaitCloseAnswer gives the peer a moment to answer our close frame (RFC 6455, section 7.1.1).
func (c *Conn) awaitCloseAnswer() {
	_ = c.conn.SetReadDeadline(time.Now().Add(c.transport.cfg.Timeouts.CloseAnswer)) // fails if it is closed, which is as good
}

// awaitFirst sets the deadline of the first message.
func (c *Conn) awaitFirst() {
	c.awaitsFirst = true
	_ = c.conn.SetReadDeadline(time.Now().Add(c.transport.cfg.FirstMessageTimeout)) // as in awaitCloseAnswer
	c.keepCloseDeadline()
}

// endFirstDeadline takes the deadline of the first message away.
func (c *Conn) endFirstDeadline() {
	c.awaitsFirst = false
	_ = c.conn.SetReadDeadline(time.Time{}) // as in awaitCloseAnswer
	c.keepCloseDeadline()
}

// keepCloseDeadline sets the deadline of awaitCloseAnswer again, which a writer may have
// set just before it was overwritten.
func (c *Conn) keepCloseDeadline() {
	if c.state.Load()&writeEnded != 0 {
		c.awaitCloseAnswer()
	}
}
