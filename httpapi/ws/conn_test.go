package ws

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tablewire/tablewire/protocol"
)

// TestHandler looks at what a handler is called with, and in which order.
func TestHandler(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		handler func(*echo)
		client  func(*client)
		want    []string
	}{
		"Closes": {nil, func(c *client) {
			c.send("first")
			c.want("first")
			c.send("later")
			c.want("later")
			_ = c.WriteControl(websocket.PingMessage, nil, time.Now().Add(patient))
			_ = c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4001, ""), time.Now().Add(patient))
			c.wantClose(4001)
		}, []string{"First", "Message", "Ping", "Leave", "Closed 4001"}},
		"SaysNothing": {nil, func(c *client) { _ = c.NetConn().Close() }, []string{"Leave", "Closed 1006"}},
		"FirstTooLong": {nil, func(c *client) {
			c.send(strings.Repeat("x", 200))
			c.want(strings.Repeat("x", 101))
			_ = c.NetConn().Close()
		}, []string{"First", "Leave", "Closed 1006"}},
		"FirstNotUTF8": {nil, func(c *client) { c.send("\xff"); c.wantClose(1007) }, []string{"Leave", "Closed 1007"}},
		"LaterTooLong": {nil, func(c *client) {
			c.send("a")
			c.want("a")
			c.send(strings.Repeat("x", 101))
			c.want(tooLong)
			c.wantClose(1009)
		}, []string{"First", "LimitMessageBytes", "Leave", "Closed 1009"}},
		"PanicsAtFirst": {func(e *echo) { e.first = func([]byte) { panic("first") } }, func(c *client) { c.send("a"); c.wantClose(1011) }, []string{"First", "Leave", "Closed 1011"}},
		"PanicsLater":   {func(e *echo) { e.message = func([]byte) { panic("later") } }, func(c *client) { c.send("a"); c.want("a"); c.send("b"); c.wantClose(1011) }, []string{"First", "Message", "Leave", "Closed 1011"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, func(c *Config) { c.MaxMessageBytes = 100; c.Timeouts = quick() })
			handlers := make(chan *echo, 1)
			w.change = func(e *echo) {
				if tt.handler != nil {
					tt.handler(e)
				}
				handlers <- e
			}
			tt.client(w.dial(t, "ws"))
			var got []string
			for call := range (<-handlers).calls {
				got = append(got, call)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("the handler was called with %v, want %v", got, tt.want)
			}
		})
	}
}

const tooLong = `{"error":"Message too long","error_detail":"want at most 100 bytes"}`

// quick are timeouts for connections whose client never answers a close frame.
func quick() Timeouts {
	timeouts := DefaultTimeouts
	timeouts.CloseAnswer = 50 * time.Millisecond
	return timeouts
}

// rejecting upgrades requests to reject the client.
type rejecting struct{ *site }

func (w rejecting) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	c := new(Conn)
	c.Init(w.Transport, nil)
	if w.Upgrade(rw, r, c) {
		c.Reject(protocol.ErrRateLimit("enough"))
	}
}

// TestReject sends an error to a client that is not served.
func TestReject(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.http.Config.Handler = rejecting{w}
	c := w.dial(t, "ws")
	c.want(`{"error":"Rate limit exceeded","error_detail":"enough"}`)
	c.wantClose(protocol.CloseRateLimit)
}

// TestStartWhileDraining rejects a client whose handshake was under way when draining
// began.
func TestStartWhileDraining(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Drain(t.Context())
	handlers := make(chan *echo, 1)
	w.change = func(e *echo) { handlers <- e }
	w.dial(t, "ws").wantClose(protocol.CloseRestart)
	if call := <-(<-handlers).calls; call != "rejected" {
		t.Errorf("Start returned true, and the handler was called with %s", call)
	}
}
