package ws

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"slices"
	"time"

	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
)

// libraryConn is a Conn as the net.Conn that the WebSocket library works on. It reads from
// the network's connection. Once the handshake is done, a Write only queues what is
// written as one frame, so that nothing the library says by itself gets between the
// frames of the queue.
type libraryConn Conn

// Read reads from the network's connection. If the first message is late, it tells the
// client here, below the library, which could not read on after an error: so the client's
// answer to our close frame is still understood.
func (l *libraryConn) Read(p []byte) (int, error) {
	c := (*Conn)(l)
	for {
		n, err := c.readConn(p)
		if n > 0 {
			c.touch()
			if !c.guardRead(p[:n]) {
				c.broken = true
				return 0, errFlood
			}
		}
		if err == nil {
			return n, nil
		}
		if c.awaitsFirst && errors.Is(err, os.ErrDeadlineExceeded) && c.state.Load()&writeEnded == 0 {
			c.Fail(protocol.ErrAuthTimeout)
			c.endFirstDeadline()
			if n == 0 {
				continue
			}
			return n, nil
		}
		c.broken = true
		return n, err
	}
}

// errFlood ends the reading of a client that does not heed a close frame.
var errFlood = errors.New("the client does not heed the close frame")

// Write queues a copy of p, which the library makes a whole frame. Before the handshake is
// done it writes to the network's connection.
func (l *libraryConn) Write(p []byte) (int, error) {
	c := (*Conn)(l)
	if !c.open {
		return c.conn.Write(p)
	}
	code, ok := closeFrame(p)
	switch {
	case !ok:
		c.queue.Push(slices.Clone(p))
	case code == protocol.CloseTooBig:
		c.failTooLong() // the library would say no more than the code
	case string(p[min(4, len(p)):]) == libraryNotUTF8:
		c.queue.Close(protocol.CloseInvalidText, notUTF8) // RFC 6455, section 8.1
	default:
		c.queue.Close(code, string(p[min(4, len(p)):]))
	}
	return len(p), nil
}

// skip reads what the peer still sends, until it closes or its time is up: if the
// connection were closed before, the peer might never see our close frame.
func (c *Conn) skip() {
	c.failTooLong() // for a length beyond counting, which alone makes the library queue none
	b := make([]byte, 512)
	for {
		if _, err := (*libraryConn)(c).Read(b); err != nil {
			return
		}
	}
}

// libraryNotUTF8 is the reason that the library gives, with code 1002, if that of the
// client's close frame is not UTF-8.
const libraryNotUTF8 = "invalid utf8 payload in close frame"

// closeFrame reads a server's close frame.
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

// Close closes the network's connection.
func (l *libraryConn) Close() error { return l.conn.Close() }

// LocalAddr is the network connection's.
func (l *libraryConn) LocalAddr() net.Addr { return l.conn.LocalAddr() }

// RemoteAddr is the network connection's.
func (l *libraryConn) RemoteAddr() net.Addr { return l.conn.RemoteAddr() }

// SetDeadline is used by the handshake.
func (l *libraryConn) SetDeadline(t time.Time) error {
	if l.open {
		return l.conn.SetReadDeadline(t)
	}
	return l.conn.SetDeadline(t)
}

// SetReadDeadline is the network connection's.
func (l *libraryConn) SetReadDeadline(t time.Time) error { return l.conn.SetReadDeadline(t) }

// SetWriteDeadline does nothing once the handshake is done: the writers have their own.
func (l *libraryConn) SetWriteDeadline(t time.Time) error {
	if l.open {
		return nil
	}
	return l.conn.SetWriteDeadline(t)
}

// maxParsedAfterClose is how many bytes are parsed, behind our close frame, to find the
// client's.
const maxParsedAfterClose = 16 << 10

// guardRead checks what was read from the connection, and closes it for a violation. It
// reports whether to read on.
func (c *Conn) guardRead(p []byte) bool {
	if _, closed := c.queue.Closed(); closed {
		c.readAfterClosed += uint32(len(p))
		return c.readAfterClosed <= maxParsedAfterClose || c.discard()
	}
	v := c.guard.check(p, c.transport.pinger.tick.Load())
	switch {
	case v == nil:
	case v.clientErr != nil:
		c.handler.LimitHit(LimitFrames)
		c.Fail(v.clientErr)
	default:
		c.queue.Close(v.code, v.reason)
	}
	return true
}

// discard reads on slowly, without parsing, until the client has closed or its time is up.
// So a client that does not stop costs little. If the connection were closed at once,
// the kernel would answer what has not been read with a reset, and the client might never
// see our close frame. It always returns false.
func (c *Conn) discard() bool {
	c.releaseBuffers()
	buf := spareBuffers.Get().(*[spareBuffer]byte)
	defer spareBuffers.Put(buf)
	pace := time.NewTicker(discardEvery)
	defer pace.Stop()
	for until := time.Now().Add(c.transport.cfg.Timeouts.CloseAnswer); time.Now().Before(until); {
		for range discardAtOnce {
			n, err := c.conn.Read(buf[:]) // needs no turn: it is hardly work
			if err != nil {
				return false
			}
			if n < len(buf) {
				break
			}
		}
		select {
		case <-pace.C:
		case <-c.transport.ctx.Done():
			return false
		}
	}
	return false
}

// discard reads up to discardAtOnce buffers every discardEvery.
const (
	discardAtOnce = 4
	discardEvery  = 20 * time.Millisecond
)
