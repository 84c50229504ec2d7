package integration

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// Every attack at once, while two clients go on talking: each attack ends as it must,
// the two hear each other all the time, and the server's memory stays bounded and
// comes back.
func TestHostileClients(t *testing.T) { //nolint:tparallel // the group waits for the parallel ones in it
	t.Parallel()
	s := harness.Serve(t, pgtest.Start(t).NewDatabase(t), "hostile",
		"--max-message-bytes=256KiB", "--auth-timeout=2s", "--ping-interval=6s", "--queue-bytes=512KiB",
		"--message-rate=200", "--message-burst=300", "--max-rooms=200", "--room-linger=1s", "--address-connection-rate=500", "--max-connections-per-address=600")
	ada, _ := harness.Join(t, s, "rooms/good", map[string]string{"api_key": harness.APIKey, "user_id": "ada", "action": "create"})
	bob, _ := harness.Join(t, s, "rooms/good", map[string]string{"api_key": harness.APIKey, "user_id": "bob"})
	if f := ada.Next(t); !strings.Contains(f, `"user_joined"`) {
		t.Fatal(f)
	}
	before := s.HeapBytes(t)
	peak := s.WatchResident(t)
	talking := make(chan error, 1)
	enough, stop := context.WithCancel(background(t))
	go func() { talking <- talkOn(enough, ada.Conn, bob.Conn) }()

	t.Run("Attacks", func(t *testing.T) {
		for name, a := range harness.Attacks {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithTimeout(background(t), harness.Patience)
				defer cancel()
				code, last := a.Run(ctx, s.Addr)
				if got := fmt.Sprint(code, " ", last); !regexp.MustCompile(a.Want).MatchString(got) {
					t.Errorf("it ended with %.300q, want %s", got, a.Want)
				}
			})
		}
	})
	makeRooms(t, s, 200) // after the others, who need a room
	stop()
	if err := <-talking; err != nil {
		t.Errorf("two who had nothing to do with it: %v", err)
	}
	harness.Eventually(t, "only the two sockets are left", func() bool { return s.Metric(t, "tablewire_connections") == 2 })
	harness.Eventually(t, "only their room is left", func() bool { return s.Metric(t, "tablewire_rooms") == 1 })
	after := s.HeapBytes(t)
	t.Logf("heap %d KiB before, %d KiB after; the resident memory was %d MiB at most", before>>10, after>>10, peak()>>20)
	if after > before+8<<20 {
		t.Errorf("%d KiB of heap were in use before and %d are after", before>>10, after>>10)
	}
	if most := int64(128 << 20); !harness.RaceEnabled && peak() > most {
		t.Errorf("%d MiB of memory were resident, want %d at most", peak()>>20, most>>20)
	}
	if s.CountLines(" ERR ") > 0 || s.CountLines("panic") > 0 {
		t.Error("the server complains")
	}
	s.Stop(t)
}

// talkOn has two say something to each other in turn, until ctx ends.
func talkOn(ctx context.Context, a, b *harness.Conn) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := a.Send(map[string]any{"type": "message", "content": i}); err != nil {
			return err
		}
		for _, k := range []*harness.Conn{a, b} {
			f, err := k.Next()
			if err != nil {
				return fmt.Errorf("after %d messages: %w", i, err)
			}
			if !strings.Contains(f, fmt.Sprintf(`"content":%d,`, i)) {
				return fmt.Errorf("message %d is %s", i, f)
			}
		}
		a, b = b, a
	}
}

// makeRooms makes more rooms than there may be, and leaves them all.
func makeRooms(t *testing.T, s *harness.Server, most int) {
	made, refused := 0, 0
	var sockets []*harness.RawConn
	defer func() {
		for _, k := range sockets {
			_ = k.Close()
		}
	}()
	for i := range 2 * most {
		k, err := harness.DialHostile(t.Context(), s.Addr, fmt.Sprintf("rooms/many%d", i), harness.CreateHello)
		if err != nil {
			t.Error(err)
			return
		}
		sockets = append(sockets, k)
		switch f, err := k.ReadText(); {
		case err != nil:
			t.Error(err)
		case strings.HasPrefix(f, `{"event":"joined"`):
			made++
		case f == `{"error":"Rate limit exceeded","error_detail":"there are too many rooms"}`:
			refused++
		default:
			t.Error(f)
		}
	}
	if made > most || refused < most || made < most-4 { // some rooms of others may linger
		t.Errorf("%d rooms were made and %d refused, want no more than %d", made, refused, most)
	}
}

// Clients on IPv6: the first 64 bits of it are one address.
func TestIPv6(t *testing.T) {
	t.Parallel()
	host := "[::1]"
	if l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", host+":0"); err == nil {
		_ = l.Close() // it was only to see whether it can be
	} else {
		t.Logf("the machine has no IPv6, so the clients come through a proxy on IPv4: %v", err)
		host = "127.0.0.1"
	}
	s := harness.Serve(t, pgtest.Start(t).NewDatabase(t), "ipv6", "--listen="+host+":0", "--max-connections-per-address=2", "--trusted-proxies=::1,127.0.0.1")
	if !strings.HasPrefix(s.Addr, host+":") {
		t.Fatalf("it listens on %s", s.Addr)
	}
	from := func(ip string) (*harness.RawConn, string) {
		t.Helper()
		k, err := harness.DialRaw(t.Context(), &net.Dialer{}, s.Addr, "broadcast", harness.CreateHello, "X-Forwarded-For: "+ip)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = k.Close() })
		f, err := k.ReadText()
		if err != nil {
			t.Fatal(err)
		}
		return k, f
	}
	for _, tt := range []struct{ ip, want string }{
		{"2001:db8::1", `{"event":"connected"`},
		{"2001:db8::2", `{"event":"connected"`},
		{"2001:db8::ffff:ffff:ffff:3", `{"error":"Rate limit exceeded","error_detail":"too many connections from your address"}`},
		{"2001:db8:0:1::1", `{"event":"connected"`},
	} {
		if _, f := from(tt.ip); !strings.HasPrefix(f, tt.want) {
			t.Errorf("%s is told %s", tt.ip, f)
		}
	}
}

// Behind a proxy that speaks TLS with the browsers: pages of the proxy's host may
// connect, and limits are those of the clients and not of the proxy.
func TestBehindProxy(t *testing.T) {
	t.Parallel()
	db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
	db.Run(t, `CREATE TABLE t (id int PRIMARY KEY)`)
	s := harness.Serve(t, db.URL, "proxy", "--trusted-proxies=127.0.0.0/8", "--max-connections-per-address=1")
	target := &url.URL{Scheme: "http", Host: s.Addr}
	var client atomic.Pointer[string] // as whom the proxy takes who comes next
	proxy := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
		r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
		r.Out.Header.Add("X-Forwarded-For", *client.Load())
	}})
	t.Cleanup(proxy.Close)
	dialer := websocket.Dialer{TLSClientConfig: proxy.Client().Transport.(*http.Transport).TLSClientConfig}
	from := func(ip string, header http.Header) (*websocket.Conn, string) {
		t.Helper()
		client.Store(&ip)
		conn, resp, err := dialer.DialContext(t.Context(), "wss://"+proxy.Listener.Addr().String()+"/realtime/collections/t", header)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		t.Cleanup(func() { _ = conn.Close() })
		if err := conn.WriteJSON(map[string]string{"api_key": harness.APIKey}); err != nil {
			t.Fatal(err)
		}
		_, f, err := conn.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		return conn, string(f)
	}
	page := http.Header{"Origin": {proxy.URL}}
	conn, f := from("198.51.100.1", page)
	if !strings.HasPrefix(f, `{"event":"connected"`) {
		t.Errorf("the first client is told %s", f)
	}
	if _, f := from("198.51.100.2", nil); !strings.HasPrefix(f, `{"event":"connected"`) {
		t.Errorf("another client is told %s", f)
	}
	for _, own := range []http.Header{nil, {"X-Forwarded-For": {"203.0.113.9"}}} { // its own word counts for nothing
		if _, f := from("198.51.100.1", own); f != `{"error":"Rate limit exceeded","error_detail":"too many connections from your address"}` {
			t.Errorf("the first client, again, is told %s", f)
		}
	}
	db.Run(t, `INSERT INTO t VALUES (1)`)
	if _, f, err := conn.ReadMessage(); err != nil || string(f) != `{"event":"create","collection_id":"t","data":{"id":1}}` {
		t.Errorf("through the proxy comes %s, %v", f, err)
	}
	if _, resp, err := dialer.DialContext(t.Context(), "wss://"+proxy.Listener.Addr().String()+"/realtime/collections/t", http.Header{"Origin": {"https://evil.example"}}); err == nil || resp == nil || resp.StatusCode != http.StatusForbidden {
		t.Errorf("a page of another site: %v", err)
	} else {
		_ = resp.Body.Close()
	}
}

// The limits that the tests above don't meet, by their flags.
func TestLimitFlags(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	told := func(s *harness.Server, path, hello string, header ...string) string {
		t.Helper()
		k, err := harness.DialRaw(t.Context(), &net.Dialer{}, s.Addr, path, hello, header...)
		if err != nil {
			return err.Error()
		}
		t.Cleanup(func() { _ = k.Close() })
		f, err := k.ReadText()
		if err != nil {
			return err.Error()
		}
		return f
	}
	want := func(got, prefix string) {
		t.Helper()
		if !strings.HasPrefix(got, prefix) {
			t.Errorf("told %s, want %s", got, prefix)
		}
	}
	s := harness.Serve(t, pg.NewDatabase(t), "limits", "--max-connections=3", "--max-room-participants=2", "--allowed-origins=https://app.example.com,http://localhost:3000")
	want(told(s, "rooms/r", harness.CreateHello, "Origin: https://app.example.com"), `{"event":"joined"`)
	want(told(s, "rooms/r", harness.CreateHello, "Origin: http://localhost:3000"), `{"event":"joined"`)
	want(told(s, "rooms/r", harness.CreateHello, "Origin: http://localhost:3001"), `the server refused the upgrade with HTTP status 403`)
	want(told(s, "rooms/r", harness.CreateHello), `{"error":"Rate limit exceeded","error_detail":"the room is full"}`)
	harness.Eventually(t, "the place is given back", func() bool { return s.Metric(t, "tablewire_connections") == 2 })
	want(told(s, "broadcast", harness.CreateHello), `{"event":"connected"`)
	want(told(s, "broadcast", harness.CreateHello), `{"error":"Rate limit exceeded","error_detail":"the server has as many connections as it takes"}`)

	s = harness.Serve(t, pg.NewDatabase(t), "address_rate", "--address-message-rate=0.001", "--address-connection-rate=0.001")
	k, _ := harness.Join(t, s, "broadcast", map[string]string{"api_key": harness.APIKey})
	other, _ := harness.Join(t, s, "broadcast", map[string]string{"api_key": harness.APIKey})
	k.Send(t, map[string]any{"type": "message", "data": 1})
	k.Next(t)
	other.Next(t)
	other.Send(t, map[string]any{"type": "message", "data": 1})
	other.Want(t, `{"error":"Rate limit exceeded","error_detail":"more than 0.001 messages a second from your address: this one was dropped"}`)
	if _, err := harness.ListRooms(t.Context(), s); err != nil {
		t.Errorf("the first list of rooms: %v", err)
	}
	if _, err := harness.ListRooms(t.Context(), s); err == nil || !strings.Contains(err.Error(), "429") {
		t.Errorf("the list of rooms: %v", err)
	}
}
