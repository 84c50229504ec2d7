package httpapi

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/httpapi/ws"
	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
)

// stamp and createdAt match the times that the server writes in messages and in the list of rooms.
var (
	stamp     = regexp.MustCompile(`"timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"`)
	createdAt = regexp.MustCompile(`"created_at":\d{10}\b`)
)

// read reads a message and returns it with T in place of its time.
func (c *client) read() string {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patient))
	_, got, err := c.ReadMessage()
	if err != nil {
		c.t.Fatalf("reading a message: %v", err)
	}
	return stamp.ReplaceAllString(string(got), `"timestamp":"T"`)
}

// sees reads messages, which must be the given ones, with T in place of their times.
func (c *client) sees(messages ...string) {
	c.t.Helper()
	for _, want := range messages {
		if got := c.read(); got != want {
			c.t.Fatalf("message\n got %s\nwant %s", got, want)
		}
	}
}

// hello returns a first message with more members.
func hello(id, name string, more ...string) string {
	return `{"api_key":"` + testKey + `","user_id":"` + id + `","user_name":"` + name + `"` + strings.Join(append([]string{""}, more...), ",") + `}`
}

const create = `"action":"create","room_title":"General Chat"`

// speak opens a socket and sends the first message.
func (w *site) speak(t testing.TB, path, hello string) *client {
	t.Helper()
	c := w.dial(t, path)
	c.send(hello)
	return c
}

func (w *site) listener(t testing.TB, id string) *client {
	t.Helper()
	c := w.speak(t, "/realtime/broadcast", hello(id, "N "+id))
	c.sees(`{"event":"connected","project_id":"default","user_id":"` + id + `"}`)
	return c
}

func joined(id string, participants int) string {
	return fmt.Sprintf(`{"event":"joined","room_id":"general-chat","room_title":"General Chat","participants":%d,"user_id":%q}`, participants, id)
}

func presence(event, id string, participants int) string {
	return fmt.Sprintf(`{"type":%q,"user_id":%q,"user_name":"N %s","timestamp":"T","room_info":{"id":"general-chat","title":"General Chat","participants":%d}}`, event, id, id, participants)
}

func roomMessage(id, content string) string {
	return fmt.Sprintf(`{"type":"message","user_id":%q,"user_name":"N %s","content":%s,"timestamp":"T","room_info":{"id":"general-chat","title":"General Chat"}}`, id, id, content)
}

const chatPath = "/realtime/rooms/general-chat"

// member joins the room, which it creates if it does not exist.
func (w *site) member(t testing.TB, id string, participants int) *client {
	t.Helper()
	c := w.speak(t, chatPath, hello(id, "N "+id, create))
	c.sees(joined(id, participants))
	return c
}

// TestDocumentedFrames goes through the API's pages, frame for frame.
func TestDocumentedFrames(t *testing.T) {
	t.Parallel()
	t.Run("Broadcast", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		john := w.speak(t, "/realtime/broadcast", `{"api_key":"`+testKey+`","user_id":"user_123","user_name":"John Doe"}`)
		john.sees(`{"event":"connected","project_id":"default","user_id":"user_123"}`)
		jane := w.speak(t, "/realtime/broadcast", `{"api_key":"`+testKey+`","user_id":"user_456"}`)
		jane.sees(`{"event":"connected","project_id":"default","user_id":"user_456"}`)
		const data = `{"text":"Hello everyone!","custom_field":"any JSON data"}`
		john.send(`{"type":"message","data":` + data + `}`)
		want := `{"type":"message","user_id":"user_123","user_name":"John Doe","timestamp":"T","data":` + data + `}`
		john.sees(want)
		jane.sees(want)
		jane.send(`{"type":"message","data":1}`)
		want = `{"type":"message","user_id":"user_456","user_name":"user_456","timestamp":"T","data":1}`
		john.sees(want)
		jane.sees(want)
		john.send(`{"type":"ping"}`)
		john.sees(`{"type":"pong"}`)
	})
	t.Run("Room", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		john := w.speak(t, chatPath, `{"api_key":"`+testKey+`","user_id":"user_123","user_name":"N user_123","action":"create","room_title":"General Chat"}`)
		john.sees(joined("user_123", 1))
		jane := w.speak(t, chatPath, hello("user_456", "N user_456", `"action":"join"`))
		jane.sees(joined("user_456", 2))
		john.sees(presence("user_joined", "user_456", 2))
		john.send(`{"type":"message","content":"Hello everyone!"}`)
		john.sees(roomMessage("user_123", `"Hello everyone!"`))
		jane.sees(roomMessage("user_123", `"Hello everyone!"`))
		john.send(`{"type":"ping"}`)
		john.sees(`{"type":"pong"}`)
		status, body := w.get(t, "/realtime/rooms", "X-API-Key", testKey)
		body = createdAt.ReplaceAllString(body, `"created_at":0`)
		if want := `{"rooms":[{"id":"general-chat","title":"General Chat","created_by":"user_123","participants":2,"participant_list":[` +
			`{"id":"user_123","name":"N user_123"},{"id":"user_456","name":"N user_456"}],"created_at":0}],"total":1}`; status != 200 || body != want {
			t.Errorf("the list is %d %s\nwant %s", status, body, want)
		}
		_ = john.NetConn().Close()
		jane.sees(presence("user_left", "user_123", 1))
	})
}

func TestAnonymous(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := regexp.MustCompile(`"user_id":"(anon_[0-9a-f]{16})"`)
	seen := map[string]bool{}
	for _, path := range []string{"/realtime/broadcast", "/realtime/broadcast", "/realtime/rooms/x"} {
		c := w.speak(t, path, `{"api_key":"`+testKey+`","user_name":"","action":"create"}`)
		found := id.FindStringSubmatch(c.read())
		if found == nil || seen[found[1]] {
			t.Fatalf("the id is %q", found)
		}
		seen[found[1]] = true
		c.send(`{"type":"message","data":0,"content":0}`)
		if got := c.read(); !strings.Contains(got, `"user_id":"`+found[1]+`","user_name":"`+found[1]+`"`) && !strings.Contains(got, "user_joined") {
			t.Errorf("its message is %s", got)
		}
	}
}

// TestChatFirstMessage goes through the contract's table for the broadcast and for rooms.
func TestChatFirstMessage(t *testing.T) {
	t.Parallel()
	w := setup(t)
	long := strings.Repeat("x", protocol.MaxID+1)
	for _, tt := range []struct {
		name, path, message, answer string
		code                        protocol.CloseCode
	}{
		{"BroadcastKey", "broadcast", `{"api_key":"no"}`, `{"error":"Invalid API key","error_detail":"Project not found"}`, 4401},
		{"BroadcastNoKey", "broadcast", `{}`, `{"error":"API key is required"}`, 4401},
		{"NoRoom", "rooms/none", hello("a", "a"), `{"error":"Room not found","room_id":"none"}`, 4404},
		{"JoinNoRoom", "rooms/none", hello("a", "a", `"action":"join"`), `{"error":"Room not found","room_id":"none"}`, 4404},
		{"KeyBeforeRoom", "rooms/none", `{"api_key":"no"}`, `{"error":"Invalid API key","error_detail":"Project not found"}`, 4401},
		{"Action", "rooms/x", hello("a", "a", `"action":"destroy"`), `{"error":"Invalid JSON","error_detail":"action: want \"create\" or \"join\""}`, 4400},
		{"ActionNoString", "rooms/x", hello("a", "a", `"action":1`), `{"error":"Invalid JSON","error_detail":"action: want a string"}`, 4400},
		{"LongUser", "broadcast", hello(long, "a"), `{"error":"Invalid JSON","error_detail":"user_id: longer than 256 bytes"}`, 4400},
		{"ControlInName", "broadcast", hello("a", `a\u0000`), `{"error":"Invalid JSON","error_detail":"user_name: control characters are not allowed"}`, 4400},
		{"EmptyRoom", "rooms/", hello("a", "a", create), `{"error":"Invalid room id","error_detail":"the path has none"}`, 4400},
		{"LongRoom", "rooms/" + long, hello("a", "a", create), `{"error":"Invalid room id","error_detail":"longer than 256 bytes"}`, 4400},
		{"RoomNotUTF8", "rooms/%ff", hello("a", "a", create), `{"error":"Invalid room id","error_detail":"not UTF-8"}`, 4400},
		{"RoomWithControl", "rooms/a%0ab", hello("a", "a", create), `{"error":"Invalid room id","error_detail":"control characters are not allowed"}`, 4400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := w.speak(t, "/realtime/"+tt.path, tt.message)
			c.sees(tt.answer)
			c.wantClose(tt.code)
		})
	}
	for escaped, id := range map[string]string{"a/b": "a/b", "a%2Fb%20c": "a/b c", "a+b": "a+b", "%E7%94%A8": "用"} {
		c := w.speak(t, "/realtime/rooms/"+escaped, hello("a", "a", `"action":"create"`))
		c.sees(`{"event":"joined","room_id":"` + id + `","room_title":"` + id + `","participants":1,"user_id":"a"}`)
		_ = c.NetConn().Close()
		w.awaitOpen(t, 0)
	}
}

func TestChatLaterMessages(t *testing.T) {
	t.Parallel()
	w := setup(t)
	on, in := w.listener(t, "a"), w.member(t, "a", 1)
	for _, tt := range []struct{ message, broadcast, room string }{
		{`{"type":"message"}`, `"\"data\" is missing: want {\"type\":\"message\",\"data\":...}"`, `"\"content\" is missing: want {\"type\":\"message\",\"content\":...}"`},
		{`{"type":"shout"}`, `"\"type\" is \"shout\": want \"message\" or \"ping\""`, `"\"type\" is \"shout\": want \"message\" or \"ping\""`},
		{`[]`, `"want a JSON object"`, `"want a JSON object"`},
	} {
		on.send(tt.message)
		on.sees(`{"error":"Invalid message","error_detail":` + tt.broadcast + `}`)
		in.send(tt.message)
		in.sees(`{"error":"Invalid message","error_detail":` + tt.room + `}`)
	}
}

// TestPayloadsPassUnchanged sends JSON that a decoder and an encoder would change.
func TestPayloadsPassUnchanged(t *testing.T) {
	t.Parallel()
	w := setup(t)
	on, in := w.listener(t, "a"), w.member(t, "a", 1)
	for _, p := range []string{
		`null`, `true`, `""`, `0`, `-0.0`, `1e400`, `1.000000000000000000000000000001`, `12345678901234567890123`,
		`{"a":1,"a":2}`, `{"b":1,"a":2}`, `"\u0041\ud83d\ude00\/\ud800"`, `"<&>"`, `"\u2028` + "\u2028" + `"`, `[ 1 ,	2 , { } ]`, "{\r\n\"x\" : [ ]\n}",
		strings.Repeat("[", 999) + strings.Repeat("]", 999), `{"type":"message","user_id":"b","data":{"api_key":"x"}}`, `"😀"`, `"` + strings.Repeat("x", 60_000) + `"`,
	} {
		on.send(`{"type":"message","data":` + p + `}`)
		on.sees(`{"type":"message","user_id":"a","user_name":"N a","timestamp":"T","data":` + p + `}`)
		in.send(`{ "content" : ` + p + ` , "type":"message"}`)
		in.sees(roomMessage("a", p))
	}
	for _, p := range []string{`01`, `{"a"}`, `nul`, `"\x"`, `"` + "\n" + `"`, strings.Repeat("[", 1000) + strings.Repeat("]", 1000)} {
		on.send(`{"type":"message","data":` + p + `}`)
		if got := on.read(); !strings.HasPrefix(got, `{"error":"Invalid message","error_detail":"at byte `) {
			t.Errorf("%.20s is answered %s", p, got)
		}
	}
}

func TestTabsAndRejoining(t *testing.T) {
	t.Parallel()
	w := setup(t)
	a := w.member(t, "a", 1)
	first := w.member(t, "b", 2)
	a.sees(presence("user_joined", "b", 2))
	second := w.member(t, "b", 2)
	first.send(`{"type":"message","content":1}`)
	for _, c := range []*client{a, first, second} {
		c.sees(roomMessage("b", "1"))
	}
	_ = first.NetConn().Close()
	w.awaitOpen(t, 2)
	second.send(`{"type":"message","content":2}`)
	a.sees(roomMessage("b", "2")) // nobody has left
	second.sees(roomMessage("b", "2"))
	_ = second.NetConn().Close()
	a.sees(presence("user_left", "b", 1))

	// The creator drops and repeats its first message; the title of anybody else is ignored.
	_ = a.NetConn().Close()
	w.awaitOpen(t, 0)
	again := w.speak(t, chatPath, hello("a", "N a", `"action":"create","room_title":"Another"`))
	again.sees(joined("a", 1))
	back := w.member(t, "b", 2)
	again.sees(presence("user_joined", "b", 2))
	back.send(`{"type":"ping"}`)
	back.sees(`{"type":"pong"}`)
}

// TestUserLeftHoweverTheSocketEnds: the others get "user_left" exactly once.
func TestUserLeftHoweverTheSocketEnds(t *testing.T) {
	t.Parallel()
	timeouts := ws.DefaultTimeouts
	timeouts.SlowConsumer, timeouts.Probe, timeouts.Stall, timeouts.CloseAnswer = 100*time.Millisecond, 10*time.Millisecond, 300*time.Millisecond, 50*time.Millisecond
	w := setupTimes(t, timeouts, func(c *Config) {
		c.PingInterval, c.QueueBytes = 200*time.Millisecond, 256<<10
	})
	a := w.member(t, "a", 1)
	end := map[string]func(c *client, s *ws.Conn){
		"closes":  func(c *client, _ *ws.Conn) { _, _ = c.NetConn().Write(masked(0x88, "\x03\xe8")) },
		"vanish":  func(*client, *ws.Conn) {}, // it never answers a ping
		"broken":  func(c *client, _ *ws.Conn) { _, _ = c.NetConn().Write(masked(0x83, "")) },
		"cut":     func(_ *client, s *ws.Conn) { s.Abort() },
		"badutf8": func(c *client, _ *ws.Conn) { c.send("\xff") },
		"slow": func(_ *client, s *ws.Conn) {
			for f := wsframe.Text(make([]byte, 60<<10)); s.Queue().Push(f); {
				runtime.Gosched()
			}
		},
	}
	for id, end := range end {
		b := w.member(t, id, 2)
		a.sees(presence("user_joined", id, 2))
		end(b, socketOf(t, w, b))
		a.sees(presence("user_left", id, 1))
	}
	a.send(`{"type":"ping"}`)
	a.sees(`{"type":"pong"}`)
}

func TestRoomLingers(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.Rooms = fanout.NewRooms(fanout.RoomsConfig{EmptyTTL: 30 * time.Millisecond}) })
	_ = w.member(t, "a", 1).NetConn().Close()
	w.awaitOpen(t, 0)
	if status, body := w.get(t, "/realtime/rooms", "X-API-Key", testKey); status != 200 || body != `{"rooms":[],"total":0}` {
		t.Errorf("an empty room is listed: %d %s", status, body)
	}
	for deadline := time.Now().Add(patient); w.cfg.Rooms.Stats().Rooms > 0; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("the room is never forgotten")
		}
	}
	c := w.speak(t, chatPath, hello("a", "a"))
	c.sees(`{"error":"Room not found","room_id":"general-chat"}`)
	c.wantClose(protocol.CloseNotFound)
}

func TestAnotherProjectsRoom(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var other fanout.Queue
	other.Init(1<<20, dozing{})
	_, err := w.cfg.Rooms.Join(fanout.JoinRequest{Project: "other", Room: protocol.Room{ID: "general-chat"}, Create: true, User: protocol.System, Queue: &other})
	if err != nil {
		t.Fatal(err)
	}
	for _, action := range []string{"create", "join"} {
		c := w.speak(t, chatPath, hello("a", "a", `"action":"`+action+`"`))
		c.sees(`{"error":"Room belongs to different project"}`)
		c.wantClose(protocol.CloseForbidden)
	}
	if _, body := w.get(t, "/realtime/rooms", "X-API-Key", testKey); body != `{"rooms":[],"total":0}` {
		t.Errorf("the list has it: %s", body)
	}
}

// dozing is a Waker of a queue that nobody reads.
type dozing struct{}

func (dozing) Wake(*fanout.Queue) {}

func TestListRoomsKey(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for key, want := range map[string]string{
		"":   `{"error":"API key is required"}`,
		"no": `{"error":"Invalid API key","error_detail":"Project not found"}`,
	} {
		if status, body := w.get(t, "/realtime/rooms", "X-API-Key", key); status != 401 || body != want {
			t.Errorf("key %q: %d %s", key, status, body)
		}
	}
}

// A long list of rooms has a Content-Length, too: a client can tell a list that broke off,
// and a proxy that speaks HTTP/1.0 keeps its connection.
func TestLongListOfRooms(t *testing.T) {
	t.Parallel()
	w := setup(t)
	title := strings.Repeat("x", protocol.MaxTitle)
	for i := range 10 {
		w.speak(t, fmt.Sprintf("/realtime/rooms/%d", i), hello("a", "a", `"action":"create","room_title":"`+title+`"`)).read()
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.http.URL+"/realtime/rooms", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(keyHeader, testKey)
	answer, err := w.http.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || len(body) < 10*protocol.MaxTitle || answer.ContentLength != int64(len(body)) {
		t.Errorf("a list of %d bytes has the Content-Length %d: %v", len(body), answer.ContentLength, err)
	}
}

// TestOrderIsAgreed has members talk all at once, while others come and go.
func TestOrderIsAgreed(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.MessageRate, c.AddressMessageRate = -1, -1 })
	const members, each = 6, 40
	var all []*client
	for i := range members {
		all = append(all, w.member(t, fmt.Sprint("m", i), i+1))
		for j := range i {
			all[j].sees(presence("user_joined", fmt.Sprint("m", i), i+1))
		}
	}
	heard := make([][]string, members)
	var running sync.WaitGroup
	for i, c := range all {
		running.Go(func() {
			for n := range each {
				c.send(fmt.Sprintf(`{"type":"message","content":%d}`, n))
			}
		})
		running.Go(func() {
			for range members*each + 2*each {
				heard[i] = append(heard[i], c.read())
			}
		})
	}
	for range each { // a client that joins and leaves: two more frames each time
		b := w.speak(t, chatPath, hello("b", "N b"))
		b.read()
		_ = b.NetConn().Close()
		w.awaitOpen(t, members)
	}
	running.Wait()
	for i := range heard {
		if diff := cmp.Diff(heard[0], heard[i]); diff != "" {
			t.Fatalf("members disagree:\n%s", diff)
		}
	}
	if n := len(slices.DeleteFunc(heard[0], func(m string) bool { return !strings.Contains(m, "user_left") })); n != each {
		t.Errorf("%d leaves were heard, want %d", n, each)
	}
}

func TestBackend(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.MaxMessageBytes = 100 })
	on, in := w.listener(t, "a"), w.member(t, "a", 1)
	admin := httptest.NewServer(w.Admin())
	t.Cleanup(admin.Close)
	post := func(path, body string, header ...string) (int, string) {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, admin.URL+"/realtime/"+path, strings.NewReader(body))
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return do(t, admin.Client(), r)
	}
	for _, tt := range []struct {
		path, body string
		header     []string
		status     int
		answer     string
	}{
		{"broadcast", `{"data":{"n":1}}`, nil, 202, `{"status":"sent"}`},
		{"broadcast", `[1e400]`, []string{"X-API-Key", testKey}, 202, `{"status":"sent"}`},
		{"rooms/general-chat/messages", `{"content":"x","user_id":"bot"}`, nil, 202, `{"status":"sent"}`},
		{"broadcast", `1`, []string{"X-API-Key", "no"}, 401, `{"error":"Invalid API key","error_detail":"Project not found"}`},
		{"broadcast", `{`, nil, 400, `{"error":"Invalid JSON","error_detail":"the message is not JSON"}`},
		{"broadcast", `1`, []string{"Sec-Fetch-Site", "cross-site"}, 403, `{"error":"Origin not allowed"}`},
		{"broadcast", strings.Repeat("1", 101), nil, 413, `{"error":"Invalid JSON","error_detail":"the message is longer than 100 bytes"}`},
		{"rooms/none/messages", `1`, nil, 404, `{"error":"Room not found","room_id":"none"}`},
		{"rooms/general%2Dchat/messages", `x`, nil, 400, `{"error":"Invalid JSON","error_detail":"the message is not JSON"}`},
		{"rooms/%00/messages", `1`, nil, 400, `{"error":"Invalid room id","error_detail":"control characters are not allowed"}`},
	} {
		if status, answer := post(tt.path, tt.body, tt.header...); status != tt.status || answer != tt.answer {
			t.Errorf("%s %s\n got %d %s\nwant %d %s", tt.path, tt.body, status, answer, tt.status, tt.answer)
		}
	}
	on.sees(`{"type":"message","user_id":"system","user_name":"system","timestamp":"T","data":{"n":1}}`,
		`{"type":"message","user_id":"system","user_name":"system","timestamp":"T","data":[1e400]}`)
	in.sees(`{"type":"message","user_id":"bot","user_name":"bot","content":"x","timestamp":"T","room_info":{"id":"general-chat","title":"General Chat"}}`)
	on.send(`{"type":"ping"}`)
	on.sees(`{"type":"pong"}`)
}
