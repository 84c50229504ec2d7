package integration

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
	"github.com/jackc/pgx/v5"
)

// watcher is a client of a collection.
type watcher struct {
	conn     *websocket.Conn
	messages chan string
	closed   chan int // the close code
}

// watch connects, authenticates and waits for "connected".
func watch(t testing.TB, s *server, collection string, filters any) *watcher {
	t.Helper()
	w := dial(t, s, collection)
	hello := map[string]any{"api_key": apiKey}
	if filters != nil {
		hello["filters"] = filters
	}
	w.send(t, hello)
	if m := w.next(t); !strings.HasPrefix(m, `{"event":"connected",`) {
		t.Fatalf("the first message is %s", m)
	}
	return w
}

func dial(t testing.TB, s *server, collection string) *watcher {
	t.Helper()
	conn, resp, err := websocket.DefaultDialer.DialContext(background(t), "ws://"+s.addr+"/realtime/collections/"+collection, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	w := &watcher{conn: conn, messages: make(chan string, 1<<20), closed: make(chan int, 1)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.read()
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-done
	})
	return w
}

func (w *watcher) read() {
	for {
		_, m, err := w.conn.ReadMessage()
		if err != nil {
			code := -1
			if closed, ok := errors.AsType[*websocket.CloseError](err); ok {
				code = closed.Code
			}
			w.closed <- code
			return
		}
		w.messages <- string(m)
	}
}

func (w *watcher) send(t testing.TB, message any) {
	t.Helper()
	b, err := json.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.conn.WriteMessage(websocket.TextMessage, b); err != nil {
		t.Fatal(err)
	}
}

func (w *watcher) next(t testing.TB) string {
	t.Helper()
	select {
	case m := <-w.messages:
		return m
	case <-time.After(patience):
		t.Fatal("no message came")
		return ""
	}
}

func (w *watcher) want(t testing.TB, messages ...string) {
	t.Helper()
	for _, want := range messages {
		if diff := cmp.Diff(want, w.next(t)); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}
}

func (w *watcher) wantClosed(t testing.TB, code int) {
	t.Helper()
	select {
	case got := <-w.closed:
		if got != code {
			t.Errorf("closed with %d, want %d", got, code)
		}
	case <-time.After(patience):
		t.Fatal("the socket was not closed")
	}
}

// database is a connection for the test's own statements.
type database struct {
	*pgx.Conn
	url string
}

func connect(t testing.TB, url string) *database {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(background(t)) })
	return &database{conn, url}
}

func (d *database) run(t testing.TB, statements string, args ...any) {
	t.Helper()
	if _, err := d.Exec(background(t), statements, args...); err != nil {
		t.Fatal(err)
	}
}

func query[T any](t testing.TB, d *database, statement string, args ...any) []T {
	t.Helper()
	rows, err := d.Query(background(t), statement, args...)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// eventually asks again until the condition holds: for what only the database or
// the system can tell, and does not announce.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s: still not so", what)
		}
	}
}

// dialRaw connects, authenticates and then reads nothing.
func dialRaw(t testing.TB, s *server, collection string) *websocket.Conn {
	t.Helper()
	conn, resp, err := websocket.DefaultDialer.DialContext(background(t), "ws://"+s.addr+"/realtime/collections/"+collection, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.WriteJSON(map[string]string{"api_key": apiKey}); err != nil {
		t.Fatal(err)
	}
	if _, m, err := conn.ReadMessage(); err != nil || !strings.HasPrefix(string(m), `{"event":"connected"`) {
		t.Fatalf("%s, %v", m, err)
	}
	return conn
}
