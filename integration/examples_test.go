package integration

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// exampleKey is the key in the API's documentation.
const exampleKey = "your-api-key"

// example returns one of the documentation's examples with the address of the server. The
// rest of it is unchanged.
func example(t testing.TB, name, addr string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "realtime", name))
	if err != nil {
		t.Fatal(err)
	}
	const documented = "://api.cocobase.buzz/"
	if !strings.Contains(string(text), documented) && !strings.Contains(name, "Reconnecting") {
		t.Fatalf("%s has no address to replace", name)
	}
	return strings.NewReplacer(
		"wss"+documented, "ws://"+addr+"/",
		"https"+documented, "http://"+addr+"/",
	).Replace(string(text))
}

// examplePage is a page that keeps what scripts write to the console in its body, a line
// each, where a test can wait for it.
const examplePage = `<!doctype html><meta charset="utf-8"><title>examples</title><ol id="log"></ol>
<script>
'use strict';
const write = (level) => (...words) => {
	const line = document.createElement('li');
	line.dataset.level = level;
	line.textContent = words.map((w) => typeof w === 'string' ? w : JSON.stringify(w)).join(' ');
	document.querySelector('#log').append(line);
};
console.log = write('log');
addEventListener('error', (e) => write('error')('uncaught: ' + e.message));
addEventListener('unhandledrejection', (e) => write('error')('unhandled: ' + e.reason));
const lines = (...prefixes) => [...document.querySelectorAll('#log li')].map((l) => l.textContent)
	.filter((l) => !prefixes.length || prefixes.some((p) => l.startsWith(p)));
const count = (line) => lines().filter((l) => l === line).length;
</script>`

// exampleSite serves the page and the examples.
func exampleSite(t *testing.T, addr string) http.Handler {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, examplePage)
	})
	for _, name := range []string{"CollectionWatcher.js", "ProjectBroadcast.js", "RoomChat.js", "list_rooms.js", "ReconnectingWebSocket.js"} {
		script := example(t, name, addr)
		mux.HandleFunc("/"+name, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = io.WriteString(w, script)
		})
	}
	return mux
}

// The classes of the API's documentation, and the lines that show their use, run in a real
// browser on a page of another origin.
func TestExamples(t *testing.T) {
	t.Parallel()
	browser := findBrowser(t)
	db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
	db.Run(t, usersTable)

	site := httptest.NewUnstartedServer(nil)
	flags := []string{"--api-key", exampleKey, "--allowed-origins", "http://" + site.Listener.Addr().String()}
	s := harness.Serve(t, db.URL, "examples", flags...)
	site.Config.Handler = exampleSite(t, s.Addr)
	site.Start()
	t.Cleanup(site.Close)

	p := openPage(t, browser, site.URL)
	wantCount := func(line string, n int) {
		t.Helper()
		p.want(t, fmt.Sprintf("%d times: %s", n, line), fmt.Sprintf(`count(%q) === %d`, line, n))
	}

	const john = `{"id":"doc_1","name":"%s","email":"john@example.com","status":"active","age":30,"created_at":"2024-01-15T10:30:00Z"}`
	p.load(t, "CollectionWatcher.js")
	wantCount(`Connected: {"event":"connected","collection_id":"users","filters":{"status":"active","age_gte":"18"}}`, 1)
	db.Run(t, `INSERT INTO users VALUES ('doc_1', 'John', 'john@example.com', 'active', 30)`)
	db.Run(t, `INSERT INTO users VALUES ('doc_2', 'Young', 'young@example.com', 'active', 17), ('doc_3', 'Idle', 'idle@example.com', 'inactive', 30)`)
	db.Run(t, `UPDATE users SET name = 'John Doe' WHERE id = 'doc_1'`)
	db.Run(t, `UPDATE users SET name = 'Nobody' WHERE id <> 'doc_1'`)
	db.Run(t, `DELETE FROM users WHERE id <> 'doc_1'`)
	db.Run(t, `DELETE FROM users`)
	wantCount("User deleted: doc_1", 1)
	p.wantLines(t, []string{"New user:", "User "},
		"New user: "+fmt.Sprintf(john, "John"),
		"User updated: "+fmt.Sprintf(john, "John Doe"),
		"User deleted: doc_1")

	p.load(t, "ProjectBroadcast.js")
	wantCount("Connected to broadcast", 1)
	p.do(t, `window.jane = new ProjectBroadcast('your-api-key', 'user_456', 'Jane Smith');
		jane.onMessage((m) => console.log('jane received ' + m.user_name + ': ', m.data));
		jane.connect()`)
	wantCount("Connected to broadcast", 2)
	p.do(t, `broadcast.send({ type: 'notification', title: 'New feature released!', description: null })`)
	const news = `{"type":"notification","title":"New feature released!","description":null}`
	wantCount("jane received John Doe:  "+news, 1)
	wantCount("John Doe (user_123):  "+news, 1) // the sender gets its own message
	p.do(t, `jane.ping(); jane.send(['ünïcode', 1.50, {}])`)
	wantCount(`Jane Smith (user_456):  ["ünïcode",1.5,{}]`, 1)

	p.load(t, "RoomChat.js")
	wantCount("Joined room: General Chat", 1)
	wantCount("Participants: 1", 1)
	wantCount("John Doe: Hello everyone!", 1) // the example waits a second before it sends
	p.do(t, `window.guest = new RoomChat('general-chat', 'your-api-key', 'user_456', 'Jane Smith');
		for (const e of ['joined', 'user_joined', 'user_left', 'message'])
			guest.on(e, (m) => console.log('guest: ' + e + ' ' + m.user_id + ' ' + (m.content ?? m.participants ?? m.room_info.participants)));
		guest.join()`)
	wantCount("guest: joined user_456 2", 1)
	wantCount("Jane Smith joined", 1)
	p.do(t, `guest.sendMessage('Hello room!')`)
	wantCount("Jane Smith: Hello room!", 1)
	wantCount("guest: message user_456 Hello room!", 1)

	// The creator leaves, and creates the room again.
	p.do(t, `room.leave()`)
	wantCount("Left room", 1)
	wantCount("guest: user_left user_123 1", 1)
	p.do(t, `room.create('General Chat')`)
	wantCount("guest: user_joined user_123 2", 1)
	wantCount("Joined room: General Chat", 2)
	p.do(t, `room.sendMessage('I am back')`)
	wantCount("guest: message user_123 I am back", 1)
	p.do(t, `guest.leave()`)
	wantCount("Jane Smith left", 1)

	// The request goes to another origin and has a header of the API's: CORS has to allow it.
	p.load(t, "list_rooms.js")
	p.want(t, "the list has come, or the request has failed", `lines('Total rooms:', 'uncaught:').length`)
	p.wantLines(t, []string{"Total rooms:", "General Chat -", "uncaught:"}, "Total rooms: 1", "General Chat - 1 participants")

	// The reconnecting socket works with all three kinds of endpoint.
	p.load(t, "ReconnectingWebSocket.js")
	p.do(t, fmt.Sprintf(`const again = (path, auth) => new ReconnectingWebSocket('ws://%s/realtime/' + path, { api_key: 'your-api-key', ...auth });
		again('collections/users', { filters: { status: 'active' } });
		again('broadcast', { user_id: 'again', user_name: 'Again' });
		window.creator = again('rooms/again', { user_id: 'again', user_name: 'Again', action: 'create', room_title: 'Again' })`, s.Addr))
	wantCount("Connected", 3)
	p.do(t, `creator.ws.addEventListener('message', (e) => console.log('creator: ' + e.data))`)
	witness, first := harness.Join(t, s, "rooms/again", map[string]string{"api_key": exampleKey, "user_id": "w", "action": "create", "room_title": "Again"})
	if !strings.HasSuffix(first, `"participants":2,"user_id":"w"}`) {
		first = witness.Next(t) // the witness was there first
		if !strings.HasPrefix(first, `{"type":"user_joined","user_id":"again"`) {
			t.Errorf("the witness gets %s", first)
		}
	}

	// All of them survive a restart of the server.
	s.Stop(t)
	wantCount("Left room", 3)
	wantCount("WebSocket closed", 1)
	p.want(t, "the sockets are about to reconnect", `lines('Reconnecting in').length >= 3`)
	s = harness.Serve(t, db.URL, "examples", append(flags, "--listen", s.Addr)...)
	p.do(t, `room.create('General Chat')`)
	wantCount("Joined room: General Chat", 3)
	wantCount("Connected", 6)
	_, first = harness.Join(t, s, "rooms/again", map[string]string{"api_key": exampleKey, "user_id": "w", "action": "create", "room_title": "Again"})
	if !strings.Contains(first, `"room_title":"Again","participants":`) {
		t.Errorf("after the restart, the witness gets %s", first)
	}
	wantCount(`Connected: {"event":"connected","collection_id":"users","filters":{"status":"active","age_gte":"18"}}`, 2)
	wantCount("Connected to broadcast", 4)
	db.Run(t, `INSERT INTO users VALUES ('doc_4', 'Back', 'john@example.com', 'active', 30)`)
	p.want(t, "the watcher gets events again", `lines('New user:').length === 2`)
	p.do(t, `jane.send('back')`)
	wantCount(`Jane Smith (user_456):  back`, 1)

	if uncaught := p.lines(t, "uncaught:", "unhandled:"); len(uncaught) > 0 {
		t.Errorf("the examples failed: %s", uncaught)
	}
	for _, m := range p.complaints() {
		if !strings.Contains(m, "WebSocket") { // while the server was away
			t.Errorf("the browser's console has: %s", m)
		}
	}
}

// load runs one of the examples as a script of the page.
func (p *page) load(t *testing.T, name string) {
	t.Helper()
	p.do(t, fmt.Sprintf(`{
		const script = document.createElement('script');
		script.type = %[2]q;
		script.onload = () => console.log('loaded ' + %[1]q);
		script.src = '/' + %[1]q;
		document.head.append(script);
	}`, name, scriptType(name)))
	p.want(t, name+" has run", fmt.Sprintf(`count('loaded ' + %q) === 1`, name))
}

// scriptType is "module" for the one example that waits at its top level.
func scriptType(name string) string {
	if name == "list_rooms.js" {
		return "module"
	}
	return "text/javascript"
}

// do runs JavaScript on the page.
func (p *page) do(t *testing.T, script string) {
	t.Helper()
	if err := chromedp.Do(p.ctx, chromedp.Evaluate[chromedp.Void](script+"; undefined")); err != nil {
		t.Fatalf("%s: %v", script, err)
	}
}

// lines returns the console's lines that begin with one of the prefixes.
func (p *page) lines(t *testing.T, prefixes ...string) []string {
	t.Helper()
	got, err := chromedp.Run(p.ctx, chromedp.Evaluate[[]string](fmt.Sprintf(`lines(...%s)`, jsonOf(t, prefixes))))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// wantLines holds that the console's lines with one of the prefixes are these.
func (p *page) wantLines(t *testing.T, prefixes []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, p.lines(t, prefixes...)); diff != "" {
		t.Errorf("lines of the console (-want +got):\n%s", diff)
	}
}

func jsonOf(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
