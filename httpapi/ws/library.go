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
