package harness

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
)

// Client is a [Conn] whose methods fail the test that they are given.
type Client struct {
	*Conn
}

// NewClient opens a connection below /realtime/ and sends hello as JSON, unless it is nil.
// The connection is reset when the test ends.
func NewClient(t testing.TB, s *Server, path string, hello any) Client {
	t.Helper()
	c, err := Open(background(t), s, path, hello)
	if c != nil {
		t.Cleanup(c.Reset)
	}
	if err != nil {
		t.Fatal(err)
	}
	return Client{c}
}

// Subscribe follows a collection, whose name is part of a URL, and waits for "connected".
// Filters may be nil.
func Subscribe(t testing.TB, s *Server, collection string, filters any) Client {
	t.Helper()
	hello := map[string]any{}
	if filters != nil {
		hello["filters"] = filters
	}
	return SubscribeWith(t, s, collection, hello)
}

// SubscribeWith is [Subscribe] with a first message of the test's own, to which it adds
// the API key.
func SubscribeWith(t testing.TB, s *Server, collection string, hello map[string]any) Client {
	t.Helper()
	hello = maps.Clone(hello)
	hello["api_key"] = APIKey
	c := NewClient(t, s, "collections/"+collection, hello)
	if m := c.Next(t); !strings.HasPrefix(m, `{"event":"connected",`) {
		t.Fatalf("the first message is %s", m)
	}
	return c
}

// SubscribeUnread is [Subscribe] without a goroutine that reads: after "connected" nobody
// takes what the server sends, until the caller does.
func SubscribeUnread(t testing.TB, s *Server, collection string) *websocket.Conn {
	t.Helper()
	conn, err := dial(background(t), s, "collections/"+collection)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.WriteJSON(map[string]string{"api_key": APIKey}); err != nil {
		t.Fatal(err)
	}
	if _, m, err := conn.ReadMessage(); err != nil || !strings.HasPrefix(string(m), `{"event":"connected"`) {
		t.Fatalf("the first message is %s (error %v)", m, err)
	}
	return conn
}

// Join connects to the broadcast or to a room, and returns the first message that came.
func Join(t testing.TB, s *Server, path string, hello map[string]string) (c Client, first string) {
	t.Helper()
	c = NewClient(t, s, path, hello)
	return c, c.Next(t)
}

// Send sends a message as JSON.
func (c Client) Send(t testing.TB, message any) {
	t.Helper()
	if err := c.Conn.Send(message); err != nil {
		t.Fatal(err)
	}
}

// Next waits for a message.
func (c Client) Next(t testing.TB) string {
	t.Helper()
	m, err := c.Conn.Next()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Want waits for messages, which must be the next ones.
func (c Client) Want(t testing.TB, messages ...string) {
	t.Helper()
	for _, want := range messages {
		if diff := cmp.Diff(want, c.Next(t)); diff != "" {
			t.Errorf("message (-want +got):\n%s", diff)
		}
	}
}

// WantClosed waits until the connection has ended, which must be with this code.
func (c Client) WantClosed(t testing.TB, code int) {
	t.Helper()
	if got, err := c.WaitClosed(); err != nil || got != code {
		t.Errorf("closed with %d (error %v), want %d", got, err, code)
	}
}

// WantChat waits for messages of the broadcast or of a room, which must be the next ones. Each
// is a line as [Client.NextChat] returns it.
func (c Client) WantChat(t testing.TB, lines ...string) {
	t.Helper()
	for _, want := range lines {
		if got := c.NextChat(t); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// NextChat waits for a message of the broadcast or of a room. It returns a line, such as
// u1/Ada: "hello", of the user's id, the user's name and the content.
func (c Client) NextChat(t testing.TB) string {
	t.Helper()
	var m ChatMessage
	text := c.Next(t)
	if err := json.Unmarshal([]byte(text), &m); err != nil || m.Type != "message" {
		t.Fatalf("want a message, got %s (error %v)", text, err)
	}
	return fmt.Sprintf("%s/%s: %s%s", m.UserID, m.UserName, m.Data, m.Content)
}
