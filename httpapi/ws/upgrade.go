package ws

import (
	"bufio"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
)

const (
	// readBuffer is the size in bytes of the buffer that the library reads frame headers and
	// short messages through. Every connection has one; a longer message bypasses it.
	readBuffer = 256

	// handshakeTimeout bounds the writing of the handshake's answer, which waits where a
	// client has not read the answers to what it asked before. The http.Server's own
	// deadlines have ended by then.
	handshakeTimeout = 10 * time.Second
)

// newUpgrader leaves the origin to the caller, who has looked at it before.
func newUpgrader() websocket.Upgrader {
	return websocket.Upgrader{
		HandshakeTimeout: handshakeTimeout,
		ReadBufferSize:   readBuffer,
		WriteBufferPool:  &sync.Pool{}, // nothing is written through it: so no connection holds a write buffer
		CheckOrigin:      func(*http.Request) bool { return true },
		Error: func(w http.ResponseWriter, _ *http.Request, status int, reason error) {
			err := &protocol.Error{Message: "WebSocket handshake failed", Detail: strings.TrimPrefix(reason.Error(), "websocket: ")}
			h := w.Header()
			h.Set("Connection", "close")
			h.Set("Sec-Websocket-Version", "13")
			h.Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write(err.AppendJSON(nil)) // if that fails, the client has gone
		},
	}
}

// IsUpgrade reports whether a request asks for a WebSocket connection.
func IsUpgrade(r *http.Request) bool { return websocket.IsWebSocketUpgrade(r) }

// Upgrade does the handshake of a request (RFC 6455, section 4.2). If it returns true, the
// caller must go on with c.Start or c.Reject. If it returns false, it has answered the
// request with an error, and c must not be used.
func (t *Transport) Upgrade(w http.ResponseWriter, r *http.Request, c *Conn) bool {
	library, err := t.upgrader.Upgrade(&hijacker{w, c}, r, nil)
	c.library = library
	return err == nil
}

// hijacker makes the library work on a Conn in place of the network's connection.
type hijacker struct {
	http.ResponseWriter
	conn *Conn
}

func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.conn.attach(conn)
	return (*libraryConn)(h.conn), rw, nil
}

// Reject tells the client of an upgraded connection why it is not served, and waits a
// moment for it to close. Errors don't matter: the connection is gone either way.
func (c *Conn) Reject(err *protocol.Error) {
	defer c.conn.Close()
	defer c.endTurn()
	c.queue.Abandon()
	_ = c.conn.SetDeadline(time.Now().Add(c.transport.cfg.Timeouts.CloseAnswer))
	f := wsframe.Text(err.AppendJSON(nil))
	_, _ = c.conn.Write(append(f, wsframe.Close(err.Code, err.Message)...))
	c.library.SetReadLimit(c.transport.cfg.MaxMessageBytes)
	c.library.SetPingHandler(func(string) error { return nil })
	c.library.SetCloseHandler(func(int, string) error { return nil })
	for {
		if _, _, err := c.library.NextReader(); err != nil {
			return
		}
	}
}

// rejectDraining ends a connection whose handshake was under way when draining began.
// Errors don't matter, as in Reject.
func (c *Conn) rejectDraining() {
	_ = c.conn.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = c.conn.Write(wsframe.Close(protocol.CloseRestart, reasonRestart))
	_ = c.conn.Close()
}
