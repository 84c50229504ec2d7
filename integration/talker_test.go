package integration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// talker is a client of a broadcast or a room. Its methods are for one goroutine and
// may be called in a property's run, which has no testing.TB.
type talker struct {
	conn   *websocket.Conn
	frames chan string // closed when the socket has ended
	closed int         // the close code, once it has
}

// talk connects to a broadcast or a room and sends the first message.
func talk(ctx context.Context, s *server, path string, hello any) (*talker, error) {
	conn, resp, err := websocket.DefaultDialer.DialContext(ctx, "ws://"+s.addr+"/realtime/"+path, nil)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", path, err)
	}
	_ = resp.Body.Close()
	k := &talker{conn: conn, frames: make(chan string, 4096)}
	go k.read()
	return k, k.send(hello)
}

func (k *talker) read() {
	defer close(k.frames)
	k.closed = websocket.CloseAbnormalClosure
	for {
		_, m, err := k.conn.ReadMessage()
		if err != nil {
			if closed := (*websocket.CloseError)(nil); errors.As(err, &closed) {
				k.closed = closed.Code
			}
			return
		}
		k.frames <- string(m)
	}
}

func (k *talker) send(message any) error { return k.conn.WriteJSON(message) }

// next waits for a frame.
func (k *talker) next() (string, error) {
	select {
	case f, ok := <-k.frames:
		if !ok {
			return "", fmt.Errorf("the socket was closed with %d", k.closed)
		}
		return f, nil
	case <-time.After(patience):
		return "", fmt.Errorf("no frame came in %s", patience)
	}
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

// leave closes the socket as a browser does and waits for the server's answer.
func (k *talker) leave() error {
	farewell := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	if err := k.conn.WriteControl(websocket.CloseMessage, farewell, time.Now().Add(patience)); err != nil {
		return err
	}
	for {
		if _, err := k.next(); err != nil {
			_ = k.conn.Close()
			if k.closed != websocket.CloseNormalClosure {
				return err
			}
			return nil
		}
	}
}

// drop cuts the connection: the server gets a reset instead of a farewell.
func (k *talker) drop() {
	if tcp, ok := k.conn.NetConn().(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = k.conn.Close()
	for range k.frames { // until it is read to its end
	}
}

// conversation is a talker of a test, which ends with it.
type conversation struct {
	*talker
	t testing.TB
}

// converse joins a broadcast or a room, and gives the first frame that came.
func converse(t testing.TB, s *server, path string, hello map[string]string) (c conversation, first string) {
	t.Helper()
	k, err := talk(background(t), s, path, hello)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.drop)
	c = conversation{k, t}
	return c, c.heard()
}

func (c conversation) heard() string {
	c.t.Helper()
	f, err := c.next()
	if err != nil {
		c.t.Fatal(err)
	}
	return f
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

// short is a message in one line: who said what.
func (c conversation) short() string {
	c.t.Helper()
	var m said
	f := c.heard()
	if err := json.Unmarshal([]byte(f), &m); err != nil || m.Type != "message" {
		c.t.Fatalf("want a message, got %s, %v", f, err)
	}
	return fmt.Sprintf("%s/%s: %s%s", m.UserID, m.UserName, m.Data, m.Content)
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

// logged counts a log's lines that hold a text.
func (p *process) logged(text string) (n int) {
	for line := range strings.Lines(p.output()) {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}
