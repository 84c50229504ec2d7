package ws

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patient is for what must happen: only a failure waits for it.
const patient = 20 * time.Second

// site is a transport whose connections send back what they get.
type site struct {
	*Transport
	http *httptest.Server

	// change may alter a connection's handler before it starts.
	change func(*echo)
}

func testConfig() Config {
	return Config{FirstMessageTimeout: patient, PingInterval: time.Hour, QueueBytes: 64 << 20, MaxMessageBytes: 64 << 10}
}

// setup serves over loopback until the test ends.
func setup(t *testing.T, change ...func(*Config)) *site {
	t.Helper()
	cfg := testConfig()
	for _, c := range change {
		c(&cfg)
	}
	w := &site{Transport: New(cfg), change: func(*echo) {}}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { w.Run(ctx) })
	w.http = httptest.NewServer(w)
	t.Cleanup(func() {
		w.http.Close()
		cancel()
		running.Wait()
		if n := w.Stats().Turns; n > 0 {
			t.Errorf("%d connections that have ended have a turn", n)
		}
	})
	return w
}

func (w *site) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	e := &echo{calls: make(chan string, 1000)}
	w.change(e)
	e.conn.Init(w.Transport, e)
	if w.Upgrade(rw, r, &e.conn) && !e.conn.Start() {
		e.note("rejected")
	}
}

// echo is a Handler that sends every message back.
type echo struct {
	conn    Conn
	calls   chan string // what the transport has called
	first   func(message []byte)
	message func(message []byte)
	leave   func()
}

func (e *echo) note(call string) {
	select {
	case e.calls <- call:
	default:
	}
}

func (e *echo) First(_ bool, message []byte) {
	e.note("First")
	if e.first != nil {
		e.first(message)
	}
	e.conn.Queue().Push(wsframe.Text(message))
}

func (e *echo) Message(_ bool, message []byte) {
	e.note("Message")
	if e.message != nil {
		e.message(message)
	}
	e.conn.Queue().Push(wsframe.Text(message))
}

func (e *echo) Ping(int) bool { e.note("Ping"); return true }

func (e *echo) LimitHit(l Limit) {
	e.note(map[Limit]string{LimitFrames: "LimitFrames", LimitMessageBytes: "LimitMessageBytes"}[l])
}

func (e *echo) Leave() {
	e.note("Leave")
	if e.leave != nil {
		e.leave()
	}
}

func (e *echo) Closed(code protocol.CloseCode) {
	e.note(fmt.Sprint("Closed ", code))
	close(e.calls)
}

// client is the other end of a connection.
type client struct {
	*websocket.Conn
	t *testing.T
}

// dial opens a connection, over TLS where scheme says so.
func (w *site) dial(t *testing.T, scheme string) *client {
	t.Helper()
	server := w.http
	d := websocket.Dialer{}
	if scheme == "wss" {
		server = httptest.NewTLSServer(w)
		t.Cleanup(server.Close)
		d.TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig
	}
	conn, answer, err := d.DialContext(t.Context(), scheme+"://"+server.Listener.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	return &client{conn, t}
}

// connect opens a connection and sends the first message.
func (w *site) connect(t *testing.T, scheme string) *client {
	t.Helper()
	c := w.dial(t, scheme)
	c.send("first")
	c.want("first")
	return c
}

func (c *client) send(message string) {
	c.t.Helper()
	if err := c.WriteMessage(websocket.TextMessage, []byte(message)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) want(message string) {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patient))
	_, got, err := c.ReadMessage()
	if err != nil || string(got) != message {
		c.t.Fatalf("got %.100q, %v, want %.100q", got, err, message)
	}
}

// wantClose reads a close frame.
func (c *client) wantClose(code protocol.CloseCode) {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patient))
	_, message, err := c.ReadMessage()
	if !websocket.IsCloseError(err, int(code)) {
		c.t.Fatalf("got message %.100q, error %v, want close code %d", message, err, code)
	}
}

// clientFrame is a client's frame with a mask of zeros.
func clientFrame(op byte, payload string) []byte {
	f := []byte{op}
	switch n := len(payload); {
	case n < 126:
		f = append(f, 0x80|byte(n))
	case n <= 0xffff:
		f = binary.BigEndian.AppendUint16(append(f, 0x80|126), uint16(n))
	default:
		f = binary.BigEndian.AppendUint64(append(f, 0x80|127), uint64(n))
	}
	return append(append(f, 0, 0, 0, 0), payload...)
}
