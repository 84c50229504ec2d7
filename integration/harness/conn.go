package harness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Pong answers the ping that [Conn.Ping] sends.
const Pong = `{"type":"pong"}`

// Conn is a WebSocket connection that keeps each message until it is asked for. A
// goroutine of its own reads; [Conn.Reset] and [Conn.Close] end it. One goroutine at a time
// may call the methods.
type Conn struct {
	conn *websocket.Conn

	mu        sync.Mutex
	messages  []string      // those that nobody has asked for yet
	closeCode int           // 0 while the connection is open
	arrived   chan struct{} // gets a value after messages or closeCode have changed
	done      chan struct{} // closed when reading has ended
}

// dial opens a connection below /realtime/ that nobody reads. The caller closes it.
func dial(ctx context.Context, s *Server, path string) (*websocket.Conn, error) {
	conn, resp, err := websocket.DefaultDialer.DialContext(ctx, "ws://"+s.Addr+"/realtime/"+path, nil)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", path, err)
	}
	_ = resp.Body.Close() // the answer to an upgrade has no body
	return conn, nil
}

// Open opens a connection below /realtime/ and sends hello as JSON, unless it is nil. Where
// it returns an error together with a Conn, the caller must still reset that one.
func Open(ctx context.Context, s *Server, path string, hello any) (*Conn, error) {
	conn, err := dial(ctx, s, path)
	if err != nil {
		return nil, err
	}
	c := &Conn{conn: conn, arrived: make(chan struct{}, 1), done: make(chan struct{})}
	go c.read()
	if hello == nil {
		return c, nil
	}
	return c, c.Send(hello)
}

func (c *Conn) read() {
	defer close(c.done)
	for ended := false; !ended; {
		_, m, err := c.conn.ReadMessage()
		ended = err != nil
		c.mu.Lock()
		if ended {
			c.closeCode = websocket.CloseAbnormalClosure
			if closed, ok := errors.AsType[*websocket.CloseError](err); ok {
				c.closeCode = closed.Code
			}
		} else {
			c.messages = append(c.messages, string(m))
		}
		c.mu.Unlock()
		select {
		case c.arrived <- struct{}{}:
		default:
		}
	}
}

// Send sends a message as JSON.
func (c *Conn) Send(message any) error { return c.conn.WriteJSON(message) }

// SendText sends a text message, whatever it is.
func (c *Conn) SendText(text string) error {
	return c.conn.WriteMessage(websocket.TextMessage, []byte(text))
}

// ClosedError is the close code with which a connection has ended: 1006 without a close
// frame (RFC 6455, section 7.1.5).
type ClosedError int

func (e ClosedError) Error() string {
	return fmt.Sprintf("the connection was closed with %d", int(e))
}

// Next waits for a message. After the last one the error is a [ClosedError].
func (c *Conn) Next() (string, error) {
	for {
		if m, ok, err := c.pop(); ok {
			return m, err
		}
		select {
		case <-c.arrived:
		case <-time.After(Patience):
			return "", fmt.Errorf("no message came in %s", Patience)
		}
	}
}

// pop returns what Next would, if it need not wait.
func (c *Conn) pop() (message string, ok bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.messages) > 0 {
		message, c.messages = c.messages[0], c.messages[1:]
		return message, true, nil
	}
	return "", c.closeCode != 0, ClosedError(c.closeCode)
}

// Ping sends a ping and returns the messages that came before the answer: all that the
// server had queued when it read the ping.
func (c *Conn) Ping() ([]string, error) {
	if err := c.Send(map[string]string{"type": "ping"}); err != nil {
		return nil, err
	}
	var before []string
	for {
		m, err := c.Next()
		switch {
		case m == Pong:
			return before, nil
		case err != nil:
			return nil, fmt.Errorf("%w, after %q", err, before)
		case strings.HasPrefix(m, `{"error":`):
			return nil, fmt.Errorf("the answer to a ping is %s", m)
		}
		before = append(before, m)
	}
}

// WaitClosed drops all messages until the connection has ended, and returns the close code.
func (c *Conn) WaitClosed() (int, error) {
	for {
		if _, err := c.Next(); err != nil {
			if closed, ok := errors.AsType[ClosedError](err); ok {
				return int(closed), nil
			}
			return 0, err
		}
	}
}

// Close closes the connection as a browser does: it sends a close frame and waits for the
// server's.
func (c *Conn) Close() error {
	frame := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	if err := c.conn.WriteControl(websocket.CloseMessage, frame, time.Now().Add(Patience)); err != nil {
		return err
	}
	code, err := c.WaitClosed()
	_ = c.conn.Close() // the server has closed it
	if err == nil && code != websocket.CloseNormalClosure {
		err = ClosedError(code)
	}
	return err
}

// Reset cuts the connection: the server gets a TCP reset and no close frame.
func (c *Conn) Reset() {
	if tcp, ok := c.conn.NetConn().(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // the connection may have ended
	}
	_ = c.conn.Close() // likewise
	<-c.done
}
