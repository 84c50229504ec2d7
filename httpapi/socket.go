package httpapi

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
)

// socket is the connection that the WebSocket library works on. It is a net.Conn
// whose reads go to the real one; its writes, once the handshake is done, only
// queue what is written, as one frame.
//
// The two directions end apart. Reading ends when the peer has closed or the
// connection has failed; writing ends with our close frame or when nothing more
// can be written. When both have, the connection is closed and the socket is
// forgotten.
type socket struct {
	queue   fanout.Queue
	server  *Server
	conn    net.Conn
	raw     syscall.RawConn // of conn, where it can be written without blocking
	reading shallowRead
	gate    gate
	from    *address      // whose socket it is
	next    *socket       // in the writers' run queue, under its lock
	index   uint32        // in the registry, under its lock
	state   atomic.Uint32 // of the bits below
	heard   atomic.Uint32 // the pinger's tick at which the peer was last heard of
	after   uint32        // bytes read since the queue ended; of the goroutine that reads
	bucket  uint8         // in the registry
	intake  intake

	open     bool // the handshake is done: set before any other goroutine knows the socket
	greeting bool // the read deadline is the first message's; of the goroutine that reads
	broken   bool // reading the connection has failed; of the goroutine that reads
	stranger bool // it counts as not authenticated; of the goroutine that reads
}

// The bits of a socket's state. None is ever cleared.
const (
	readEnded  = 1 << iota
	writeEnded // our close frame has left, or nothing more can be written
	wasCut     // writing ended without a close frame
)

// attach gives the socket its connection.
func (s *socket) attach(conn net.Conn) {
	s.conn = conn
	s.raw = rawOf(conn)
	s.reading.init()
}

// hear notes that the peer is there.
func (s *socket) hear() { s.heard.Store(s.server.pinger.tick.Load()) }

// Wake is called by the queue when it has something to write.
func (s *socket) Wake(*fanout.Queue) { s.server.writers.schedule(s) }

// fail tells the client of an error and closes the socket if the error is of that kind.
func (s *socket) fail(err *protocol.Error) {
	f := wsframe.Text(err.AppendJSON(nil))
	if err.Code == 0 {
		s.queue.Push(f)
		return
	}
	s.queue.Close(err.Code, err.Message, f)
}

// failTooLong closes the socket because of a message's length.
func (s *socket) failTooLong() {
	if _, closed := s.queue.Closed(); !closed {
		s.server.limits.count(limitMessageBytes, s.from.ip)
	}
	s.fail(s.server.tooLong)
}

// cut ends the socket at once.
func (s *socket) cut() {
	if _, closed := s.queue.Closed(); !closed {
		s.state.Or(wasCut)
	}
	s.queue.Abandon()
	_ = s.conn.Close() // that it was closed already is no news
	s.ended(writeEnded)
}

// ended notes that a direction has ended; the second one finishes the socket.
func (s *socket) ended(direction uint32) {
	before := s.state.Or(direction)
	const both = readEnded | writeEnded
	switch {
	case before&direction != 0:
	case (before|direction)&both == both:
		s.finish()
	case direction == writeEnded:
		s.awaitClose()
	}
}

func (s *socket) finish() {
	_ = s.conn.Close() // as in cut
	code := s.closeCode()
	s.server.counters.disconnected(code)
	if code == protocol.CloseSlowConsumer {
		s.server.notices.slowClient(s.from.ip)
	}
	s.server.limits.release(s)
	s.server.registry.remove(s)
}

// closeCode is how the socket ended, for the metrics.
func (s *socket) closeCode() protocol.CloseCode {
	code, _ := s.queue.Closed()
	switch {
	case s.state.Load()&wasCut != 0:
		return protocol.CloseAbnormal
	case code == 0:
		return protocol.CloseNoStatus
	}
	return code
}

// awaitClose gives the peer a moment to answer our close frame (RFC 6455, section 7.1.1).
func (s *socket) awaitClose() {
	_ = s.conn.SetReadDeadline(time.Now().Add(s.server.times.closeWait)) // fails when closed: as wanted
}

// awaitFirst sets the deadline of the first message.
func (s *socket) awaitFirst() {
	s.greeting = true
	_ = s.conn.SetReadDeadline(time.Now().Add(s.server.cfg.AuthTimeout)) // as above
	s.keepCloseDeadline()
}

// awaitAny takes the first message's deadline away.
func (s *socket) awaitAny() {
	s.greeting = false
	_ = s.conn.SetReadDeadline(time.Time{}) // as above
	s.keepCloseDeadline()
}

// keepCloseDeadline sets awaitClose's deadline again where a writer may have set
// it just before it was overwritten.
func (s *socket) keepCloseDeadline() {
	if s.state.Load()&writeEnded != 0 {
		s.awaitClose()
	}
}

// Read reads from the connection. A first message that is late is told to the
// client here, below the WebSocket library, which could not read on after an
// error: so the client's answer to our close frame is still understood.
func (s *socket) Read(p []byte) (int, error) {
	for {
		n, err := s.readConn(p)
		if n > 0 {
			s.hear()
			if !s.inspect(p[:n]) {
				s.broken = true
				return 0, errFlood
			}
		}
		if err == nil {
			return n, nil
		}
		if s.greeting && errors.Is(err, os.ErrDeadlineExceeded) && s.state.Load()&writeEnded == 0 {
			s.fail(protocol.ErrAuthTimeout)
			s.awaitAny()
			if n == 0 {
				continue
			}
			return n, nil
		}
		s.broken = true
		return n, err
	}
}

// errFlood ends the reading of a client that doesn't heed a close frame.
var errFlood = errors.New("the client does not heed the close frame")

// Write queues a frame that the WebSocket library sends by itself: it has to be a
// whole one, which p is copied into. Before the handshake is done it writes.
func (s *socket) Write(p []byte) (int, error) {
	if !s.open {
		return s.conn.Write(p)
	}
	code, ok := closeFrame(p)
	switch {
	case !ok:
		s.queue.Push(slices.Clone(p))
	case code == protocol.CloseTooBig:
		s.failTooLong() // the library would say no more than the code
	case string(p[min(4, len(p)):]) == libraryNotUTF8:
		s.queue.Close(protocol.CloseInvalidText, notUTF8) // RFC 6455, section 8.1
	default:
		s.queue.Close(code, string(p[min(4, len(p)):]))
	}
	return len(p), nil
}

// libraryNotUTF8 is what the library says with code 1002 of a close frame's reason.
const libraryNotUTF8 = "invalid utf8 payload in close frame"

// closeFrame reads a close frame of ours.
func closeFrame(f wsframe.Frame) (code protocol.CloseCode, ok bool) {
	const opClose = 0x88
	if len(f) < 2 || f[0] != opClose {
		return 0, false
	}
	if len(f) >= 4 {
		code = protocol.CloseCode(binary.BigEndian.Uint16(f[2:]))
	}
	return code, true
}

// Close closes the connection.
func (s *socket) Close() error { return s.conn.Close() }

// LocalAddr is the connection's.
func (s *socket) LocalAddr() net.Addr { return s.conn.LocalAddr() }

// RemoteAddr is the connection's.
func (s *socket) RemoteAddr() net.Addr { return s.conn.RemoteAddr() }

// SetDeadline is used by the handshake.
func (s *socket) SetDeadline(t time.Time) error {
	if s.open {
		return s.conn.SetReadDeadline(t)
	}
	return s.conn.SetDeadline(t)
}

// SetReadDeadline is the connection's.
func (s *socket) SetReadDeadline(t time.Time) error { return s.conn.SetReadDeadline(t) }

// SetWriteDeadline does nothing once the handshake is done: the writers have their own.
func (s *socket) SetWriteDeadline(t time.Time) error {
	if s.open {
		return nil
	}
	return s.conn.SetWriteDeadline(t)
}
