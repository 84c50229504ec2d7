package httpapi

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/httpapi/ws"
	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/jsonstring"
	"github.com/tablewire/tablewire/protocol/wal"
)

func TestMain(m *testing.M) {
	harness.LoadMain() // the benchmarks' clients, in a process of their own
	gin.SetMode(gin.TestMode)
	goleak.VerifyTestMain(m)
}

const (
	testKey = "secret"
	patient = 20 * time.Second // for what must happen; only a failure waits for it
)

// resolveFunc is a fake of Collections.
type resolveFunc func(ctx context.Context, name string) (*wal.Relation, error)

func (f resolveFunc) Resolve(ctx context.Context, name string) (*wal.Relation, error) {
	return f(ctx, name)
}

func (resolveFunc) Exposed(*wal.Relation) bool { return true }

func (resolveFunc) Unsent(context.Context, *wal.Relation) ([]wal.UnsentColumn, error) {
	return []wal.UnsentColumn{{Name: "total", Why: "it is generated"}}, nil
}

func (resolveFunc) Why(context.Context, string) string { return "it was never made" }

var users = newUsers()

func newUsers() *wal.Relation {
	quoted := jsonstring.Append[[]byte]
	text := wal.Type{OID: 25, Base: 25, Name: "text", Kind: wal.KindText}
	integer := wal.Type{OID: 23, Base: 23, Name: "integer", Kind: wal.KindInt, Bits: 32}
	plain := func(dst, text []byte) []byte { return append(dst, text...) }
	return &wal.Relation{OID: 1, Schema: "public", Name: "users", Columns: []wal.Column{
		wal.NewColumn("id", integer, true, plain),
		wal.NewColumn("status", text, false, quoted),
	}}
}

func onlyUsers(_ context.Context, name string) (*wal.Relation, error) {
	if name == "users" || name == "public.users" {
		return users, nil
	}
	return nil, protocol.ErrCollectionNotFound
}

// created is the change of a new user.
func created(id int, status string) wal.Change {
	return wal.Change{Op: wal.Create, Relation: users, New: []wal.Value{
		{State: wal.Text, Text: fmt.Append(nil, id)},
		{State: wal.Text, Text: []byte(status)},
	}}
}

func createdJSON(id int, status string) string {
	return fmt.Sprintf(`{"event":"create","collection_id":"users","data":{"id":%d,"status":%q}}`, id, status)
}

const connectedJSON = `{"event":"connected","collection_id":"users","filters":{}}`

// site is a server under test with its hub.
type site struct {
	*Server
	hub  *fanout.Hub
	http *httptest.Server
	log  *lockedBuffer
	stop func() // ends Run and waits for it
}

// setup serves over loopback until the test ends. change may alter the configuration.
func setup(t testing.TB, change ...func(*Config)) *site {
	return setupTimes(t, ws.DefaultTimeouts, change...)
}

func setupTimes(t testing.TB, timeouts ws.Timeouts, change ...func(*Config)) *site {
	t.Helper()
	w := &site{hub: fanout.New(fanout.Config{}), log: &lockedBuffer{}}
	cfg := Config{
		Hub: w.hub, Collections: resolveFunc(onlyUsers), APIKey: testKey,
		Logger: slog.New(slog.NewTextHandler(w.log, nil)), timeouts: timeouts,
	}
	for _, c := range change {
		c(&cfg)
	}
	var err error
	if w.Server, err = New(cfg); err != nil {
		t.Fatal(err)
	}

	var running sync.WaitGroup
	hubCtx, stopHub := context.WithCancel(context.Background())
	running.Go(func() { _ = w.hub.Run(hubCtx) })
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = w.Run(ctx)
	}()
	w.stop = func() { cancel(); <-ended }
	w.http = httptest.NewServer(w.Handler())
	t.Cleanup(func() {
		w.http.Close()
		w.stop()
		for deadline := time.Now().Add(patient); w.transport.Stats().Turns > 0; runtime.Gosched() {
			if time.Now().After(deadline) {
				t.Error("a connection that has ended still has a turn")
				break
			}
		}
		stopHub()
		running.Wait()
	})
	return w
}

func (w *site) publish(t testing.TB, changes ...wal.Change) {
	t.Helper()
	if err := w.hub.Publish(&wal.Batch{Changes: changes}); err != nil {
		t.Fatal(err)
	}
}

// awaitWritten waits until all that was queued has been written and counted: a client may
// have it a moment before.
func (w *site) awaitWritten(t testing.TB) {
	t.Helper()
	for deadline := time.Now().Add(patient); ; runtime.Gosched() {
		waiting := 0
		w.transport.Each(func(s *ws.Conn) { waiting += s.Queue().Bytes() })
		if waiting == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d bytes still wait", waiting)
		}
	}
}

// awaitOpen waits until so many connections are open. The server counts the end of one
// before it forgets the connection, but the client may see the end earlier.
func (w *site) awaitOpen(t testing.TB, sockets int) {
	t.Helper()
	for deadline := time.Now().Add(patient); w.transport.Stats().Open != sockets; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d sockets are open, want %d", w.transport.Stats().Open, sockets)
		}
	}
}

// client is a browser's stand-in.
type client struct {
	*websocket.Conn
	t testing.TB
}

func (w *site) url(path string) string { return "ws" + strings.TrimPrefix(w.http.URL, "http") + path }

// dial opens a socket and sends nothing.
func (w *site) dial(t testing.TB, path string) *client {
	t.Helper()
	conn, answer, err := websocket.DefaultDialer.Dial(w.url(path), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	return &client{conn, t}
}

// watch opens a socket on users and waits until it is connected.
func (w *site) watch(t testing.TB) *client {
	t.Helper()
	c := w.dial(t, "/realtime/collections/users")
	c.send(`{"api_key":"` + testKey + `"}`)
	c.want(connectedJSON)
	return c
}

func (c *client) send(message string) {
	c.t.Helper()
	if err := c.WriteMessage(websocket.TextMessage, []byte(message)); err != nil {
		c.t.Fatal(err)
	}
}

// want reads messages, which must be the given ones.
func (c *client) want(messages ...string) {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patient))
	for _, want := range messages {
		typ, got, err := c.ReadMessage()
		if err != nil {
			c.t.Fatalf("reading a message: %v, want %s", err, want)
		}
		if typ != websocket.TextMessage || string(got) != want {
			c.t.Fatalf("message of type %d\n got %s\nwant %s", typ, got, want)
		}
	}
}

// wantClose reads a close frame, after which the server must close the connection.
func (c *client) wantClose(code protocol.CloseCode) {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patient))
	_, message, err := c.ReadMessage()
	if !websocket.IsCloseError(err, int(code)) {
		c.t.Fatalf("got message %q, error %v, want close code %d", message, err, code)
	}
	c.wantGone()
}

// wantGone reads the connection to its end.
func (c *client) wantGone() {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patient))
	buf := make([]byte, 64<<10)
	for {
		if _, err := c.NetConn().Read(buf); err != nil {
			if ne, ok := err.(interface{ Timeout() bool }); ok && ne.Timeout() {
				c.t.Fatal("the server did not close the connection")
			}
			return
		}
	}
}

// get makes a plain request.
func (w *site) get(t testing.TB, path string, header ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.http.URL+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return do(t, w.http.Client(), r)
}

func do(t testing.TB, c *http.Client, r *http.Request) (int, string) {
	t.Helper()
	answer, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(answer.Body); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, body.String()
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
