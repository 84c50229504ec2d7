package integration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
)

// talker is a socket with all that came on it. Its methods are for one goroutine and
// may be called in a property's run, which has no testing.TB.
type talker struct {
	conn *websocket.Conn

	mu     sync.Mutex
	frames []string      // that were not asked for yet
	closed int           // the close code; 0 while the socket is open
	more   chan struct{} // told when there is more of either
	done   chan struct{} // closed when the socket has ended
}

// talk opens a socket and sends the first message, unless there is none.
func talk(ctx context.Context, s *server, path string, hello any) (*talker, error) {
	conn, err := open(ctx, s, path)
	if err != nil {
		return nil, err
	}
	k := &talker{conn: conn, more: make(chan struct{}, 1), done: make(chan struct{})}
	go k.read()
	if hello == nil {
		return k, nil
	}
	return k, k.send(hello)
}

// open opens a socket that nobody reads.
func open(ctx context.Context, s *server, path string) (*websocket.Conn, error) {
	conn, resp, err := websocket.DefaultDialer.DialContext(ctx, "ws://"+s.addr+"/realtime/"+path, nil)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", path, err)
	}
	_ = resp.Body.Close() // a switch of protocols has none
	return conn, nil
}

func (k *talker) read() {
	defer close(k.done)
	for ended := false; !ended; {
		_, m, err := k.conn.ReadMessage()
		ended = err != nil
		k.mu.Lock()
		if ended {
			k.closed = websocket.CloseAbnormalClosure
			if closed, ok := errors.AsType[*websocket.CloseError](err); ok {
				k.closed = closed.Code
			}
		} else {
			k.frames = append(k.frames, string(m))
		}
		k.mu.Unlock()
		select {
		case k.more <- struct{}{}:
		default:
		}
	}
}

func (k *talker) send(message any) error { return k.conn.WriteJSON(message) }

// errClosed is that a socket has ended, with this code.
type errClosed int

func (e errClosed) Error() string { return fmt.Sprintf("the socket was closed with %d", int(e)) }

// next waits for a frame. The error is an errClosed when the socket ended before.
func (k *talker) next() (string, error) {
	for {
		if f, ok, err := k.take(); ok {
			return f, err
		}
		select {
		case <-k.more:
		case <-time.After(patience):
			return "", fmt.Errorf("no frame came in %s", patience)
		}
	}
}

// take gives what next gives, if it is there.
func (k *talker) take() (frame string, ok bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.frames) > 0 {
		frame, k.frames = k.frames[0], k.frames[1:]
		return frame, true, nil
	}
	return "", k.closed != 0, errClosed(k.closed)
}

const pong = `{"type":"pong"}`

// ping gives the frames that came before the answer to a ping: all that the server
// had queued when it took the ping.
func (k *talker) ping() ([]string, error) {
	if err := k.send(map[string]string{"type": "ping"}); err != nil {
		return nil, err
	}
	var before []string
	for {
		f, err := k.next()
		switch {
		case f == pong:
			return before, nil
		case err != nil:
			return nil, fmt.Errorf("%w, after %q", err, before)
		case strings.HasPrefix(f, `{"error":`):
			return nil, fmt.Errorf("a ping is answered %s", f)
		}
		before = append(before, f)
	}
}

// end waits for the end of the socket, whatever comes before it, and gives the close
// code.
func (k *talker) end() (int, error) {
	for {
		if _, err := k.next(); err != nil {
			if closed, ok := errors.AsType[errClosed](err); ok {
				return int(closed), nil
			}
			return 0, err
		}
	}
}

// leave closes the socket as a browser does and waits for the server's answer.
func (k *talker) leave() error {
	farewell := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	if err := k.conn.WriteControl(websocket.CloseMessage, farewell, time.Now().Add(patience)); err != nil {
		return err
	}
	code, err := k.end()
	_ = k.conn.Close() // it has been closed by the server
	if err == nil && code != websocket.CloseNormalClosure {
		err = errClosed(code)
	}
	return err
}

// drop cuts the connection: the server gets a reset instead of a farewell.
func (k *talker) drop() {
	if tcp, ok := k.conn.NetConn().(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // it may have ended
	}
	_ = k.conn.Close() // as above
	<-k.done
}

// client is a talker of a test, with which it ends.
type client struct {
	*talker
}

// meet opens a socket and sends the first message, unless there is none.
func meet(t testing.TB, s *server, path string, hello any) client {
	t.Helper()
	k, err := talk(background(t), s, path, hello)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.drop)
	return client{k}
}

// dial opens a socket on a collection and says nothing.
func dial(t testing.TB, s *server, collection string) client {
	t.Helper()
	return meet(t, s, "collections/"+collection, nil)
}

// watch follows a collection and waits for "connected".
func watch(t testing.TB, s *server, collection string, filters any) client {
	t.Helper()
	hello := map[string]any{}
	if filters != nil {
		hello["filters"] = filters
	}
	return greet(t, s, collection, hello)
}

// greet does so with a first message, to which it adds the key.
func greet(t testing.TB, s *server, collection string, hello map[string]any) client {
	t.Helper()
	hello = maps.Clone(hello)
	hello["api_key"] = apiKey
	w := meet(t, s, "collections/"+collection, hello)
	if m := w.next(t); !strings.HasPrefix(m, `{"event":"connected",`) {
		t.Fatalf("the first message is %s", m)
	}
	return w
}

// converse joins a broadcast or a room, and gives the first frame that came.
func converse(t testing.TB, s *server, path string, hello map[string]string) (c client, first string) {
	t.Helper()
	c = meet(t, s, path, hello)
	return c, c.next(t)
}

// dialRaw follows a collection and then reads nothing.
func dialRaw(t testing.TB, s *server, collection string) *websocket.Conn {
	t.Helper()
	conn, err := open(background(t), s, "collections/"+collection)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.WriteJSON(map[string]string{"api_key": apiKey}); err != nil {
		t.Fatal(err)
	}
	if _, m, err := conn.ReadMessage(); err != nil || !strings.HasPrefix(string(m), `{"event":"connected"`) {
		t.Fatalf("%s, %v", m, err)
	}
	return conn
}

func (c client) send(t testing.TB, message any) {
	t.Helper()
	if err := c.talker.send(message); err != nil {
		t.Fatal(err)
	}
}

func (c client) next(t testing.TB) string {
	t.Helper()
	f, err := c.talker.next()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// want waits for frames, in this order and with none between them.
func (c client) want(t testing.TB, frames ...string) {
	t.Helper()
	for _, want := range frames {
		if diff := cmp.Diff(want, c.next(t)); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}
}

func (c client) wantClosed(t testing.TB, code int) {
	t.Helper()
	if got, err := c.end(); err != nil || got != code {
		t.Errorf("closed with %d, %v, want %d", got, err, code)
	}
}

// wantSaid waits for messages of a broadcast or a room, in this order and with none
// between them: each in one line, who said what.
func (c client) wantSaid(t testing.TB, want ...string) {
	t.Helper()
	for _, w := range want {
		if got := c.short(t); got != w {
			t.Errorf("heard %s, want %s", got, w)
		}
	}
}

func (c client) short(t testing.TB) string {
	t.Helper()
	var m said
	f := c.next(t)
	if err := json.Unmarshal([]byte(f), &m); err != nil || m.Type != "message" {
		t.Fatalf("want a message, got %s, %v", f, err)
	}
	return fmt.Sprintf("%s/%s: %s%s", m.UserID, m.UserName, m.Data, m.Content)
}

// said is what a broadcast's or a room's frame tells, but for its time.
type said struct {
	Event        string          `json:"event"`
	Type         string          `json:"type"`
	UserID       string          `json:"user_id"`
	UserName     string          `json:"user_name"`
	Timestamp    string          `json:"timestamp"`
	Data         json.RawMessage `json:"data"`
	Content      json.RawMessage `json:"content"`
	RoomID       string          `json:"room_id"`
	RoomTitle    string          `json:"room_title"`
	Participants int             `json:"participants"`
	Error        string          `json:"error"`
	RoomInfo     struct {
		ID           string `json:"id"`
		Title        string `json:"title"`
		Participants int    `json:"participants"`
	} `json:"room_info"`
}

// listedRoom is a room in the list of rooms.
type listedRoom struct {
	ID              string `json:"id"`
	Title           string `json:"title"`
	CreatedBy       string `json:"created_by"`
	Participants    int    `json:"participants"`
	ParticipantList []struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"participant_list"`
	CreatedAt int64 `json:"created_at"`
}

// listRooms asks for the list of rooms.
func listRooms(ctx context.Context, s *server) ([]listedRoom, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.addr+"/realtime/rooms", nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-API-Key", apiKey)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var list struct {
		Rooms []listedRoom `json:"rooms"`
		Total int          `json:"total"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil || resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("list rooms: status %d, %w", resp.StatusCode, err)
	}
	if list.Total != len(list.Rooms) {
		return nil, fmt.Errorf("list rooms: total is %d, with %d rooms", list.Total, len(list.Rooms))
	}
	return list.Rooms, nil
}
