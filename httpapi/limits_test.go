package httpapi

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/protocol"
)

// hopeless is a rate at which nothing comes back during a test.
const hopeless = 1e-6

func (w *site) wantLimited(t *testing.T, which limit, n uint64) {
	t.Helper()
	if got := w.limits.met[which].Load(); got != n {
		t.Errorf("the limit %s was met %d times, want %d", limitNames[which], got, n)
	}
}

func TestMessageRate(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.MessageRate, c.MessageBurst = hopeless, 3 })
	a, b := w.listener(t, "a"), w.listener(t, "b")
	for i := range 7 {
		a.send(fmt.Sprintf(`{"type":"message","data":%d}`, i))
	}
	for i := range 3 {
		want := fmt.Sprintf(`{"type":"message","user_id":"a","user_name":"N a","timestamp":"T","data":%d}`, i)
		a.sees(want)
		b.sees(want)
	}
	const told = `{"error":"Rate limit exceeded","error_detail":"more than 1e-06 messages a second: this one was dropped"}`
	a.sees(told, told, told, `{"error":"Rate limit exceeded","error_detail":"too many messages were dropped"}`)
	a.wantClose(protocol.CloseRateLimit)
	b.send(`{"type":"ping"}`)
	b.sees(`{"type":"pong"}`) // others are not held to it
	w.wantLimited(t, limitMessages, 4)
}

func TestAddressMessageRate(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.AddressMessageRate = hopeless })
	a, b := w.listener(t, "a"), w.listener(t, "b")
	a.send(`{"type":"ping"}`) // the one message of the least burst
	a.sees(`{"type":"pong"}`)
	b.send(`{"type":"ping"}`)
	b.sees(`{"error":"Rate limit exceeded","error_detail":"more than 1e-06 messages a second from your address: this one was dropped"}`)
	status, body := w.get(t, "/realtime/rooms", "X-API-Key", testKey)
	if status != http.StatusTooManyRequests || body != `{"error":"Rate limit exceeded","error_detail":"too many requests from your address"}` {
		t.Errorf("a request is answered %d %s", status, body)
	}
	w.wantLimited(t, limitAddressMessages, 2)
}

func TestConnectionLimits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*Config)
		which  limit
		detail string
	}{
		{"InAll", func(c *Config) { c.MaxConnections = 1 }, limitConnections, "the server has as many connections as it takes"},
		{"PerAddress", func(c *Config) { c.MaxConnectionsPerAddress = 1 }, limitAddressConnections, "too many connections from your address"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, tt.change)
			first := w.watch(t)
			c := w.dial(t, "/realtime/broadcast")
			c.send(hello("a", "a"))
			c.want(`{"error":"Rate limit exceeded","error_detail":"` + tt.detail + `"}`)
			c.wantClose(protocol.CloseRateLimit)

			w.limits.farewells.Add(maxFarewells)
			_, answer, err := websocket.DefaultDialer.DialContext(t.Context(), w.url("/realtime/broadcast"), nil)
			if err == nil || answer == nil || answer.StatusCode != http.StatusTooManyRequests || answer.Header.Get("Retry-After") == "" {
				t.Errorf("far beyond the limit: %v, %v", answer, err)
			} else {
				_ = answer.Body.Close()
			}
			w.limits.farewells.Add(-maxFarewells)
			w.wantLimited(t, tt.which, 2)

			_ = first.NetConn().Close()
			w.left(t, 0)
			w.listener(t, "a")
		})
	}
}

// TestPlacesAreGivenBack ends sockets in every way that a handshake can go.
func TestPlacesAreGivenBack(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.watch(t)
	w.dial(t, "/realtime/broadcast").send(`{}`)
	if _, answer, err := websocket.DefaultDialer.DialContext(t.Context(), w.url("/realtime/broadcast"), http.Header{"Origin": {"https://evil.example"}}); err == nil {
		t.Error("a wrong origin is let in")
	} else {
		_ = answer.Body.Close()
	}
	w.get(t, "/realtime/broadcast", "Connection", "upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "8")
	_ = c.NetConn().Close()
	w.Drain(t.Context())
	if n, m := w.limits.sockets.Load(), w.limits.strangers.Load(); n != 0 || m != 0 {
		t.Errorf("%d places and %d strangers' are still taken", n, m)
	}
	if n := w.limits.addresses.len(); n > 1 {
		t.Errorf("%d addresses are known", n)
	}
}

func TestUnauthenticated(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.MaxUnauthenticated = 1 })
	w.watch(t)
	silent := w.dial(t, "/realtime/broadcast")
	c := w.dial(t, "/realtime/broadcast")
	c.want(`{"error":"Rate limit exceeded","error_detail":"too many connections wait to authenticate"}`)
	c.wantClose(protocol.CloseRateLimit)
	silent.send(hello("a", "a"))
	silent.sees(`{"event":"connected","project_id":"default","user_id":"a"}`)
	w.listener(t, "b")
	w.wantLimited(t, limitUnauthenticated, 1)
}

// TestHandshakesThatDawdle holds connections that never become sockets.
func TestHandshakesThatDawdle(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.MaxUnauthenticated = 2 })
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: w.Handler(), ConnState: w.ConnState, ReadHeaderTimeout: 200 * time.Millisecond}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	var conns []net.Conn
	for range 3 {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = conn.Write([]byte("GET /realtime/broadcast HTTP/1.1\r\nHost: x\r\n"))
		conns = append(conns, conn)
	}
	for _, conn := range conns {
		_ = conn.SetReadDeadline(time.Now().Add(patient))
		var ne net.Error
		buf := make([]byte, 512)
		for err = nil; err == nil; {
			_, err = conn.Read(buf)
		}
		if errors.As(err, &ne) && ne.Timeout() {
			t.Error("a handshake that dawdles is not given up")
		}
	}
	w.wantLimited(t, limitHandshakes, 1)
}

func TestRoomLimits(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.Rooms = fanout.NewRooms(fanout.RoomsConfig{MaxRooms: 1, MaxParticipants: 1}) })
	w.member(t, "a", 1)
	full := w.speak(t, chatPath, hello("b", "b", create))
	full.sees(`{"error":"Rate limit exceeded","error_detail":"the room is full"}`)
	full.wantClose(protocol.CloseRateLimit)
	many := w.speak(t, "/realtime/rooms/another", hello("b", "b", create))
	many.sees(`{"error":"Rate limit exceeded","error_detail":"there are too many rooms"}`)
	many.wantClose(protocol.CloseRateLimit)
	w.wantLimited(t, limitRooms, 1)
	w.wantLimited(t, limitParticipants, 1)
}

func TestAddressOf(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.TrustedProxies = []string{"10.0.0.0/8", "::1", "192.0.2.7"} })
	for _, tt := range []struct{ remote, forwarded, want string }{
		{"203.0.113.5:1", "", "203.0.113.5"},
		{"203.0.113.5:1", "198.51.100.1", "203.0.113.5"}, // not a proxy of ours
		{"10.1.2.3:1", "198.51.100.1", "198.51.100.1"},
		{"10.1.2.3:1", "6.6.6.6, 198.51.100.1", "198.51.100.1"}, // the client's own word
		{"10.1.2.3:1", "198.51.100.1, 10.9.9.9", "198.51.100.1"},
		{"10.1.2.3:1", "junk, 192.0.2.7", "192.0.2.7"},
		{"10.1.2.3:1", "junk", "10.1.2.3"},
		{"10.1.2.3:1", "", "10.1.2.3"},
		{"[::1]:1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
		{"[2001:db8::1%eth0]:1", "", "2001:db8::"},
		{"[::ffff:10.0.0.1]:1", "198.51.100.1", "198.51.100.1"},
	} {
		r := &http.Request{RemoteAddr: tt.remote, Header: http.Header{}}
		if tt.forwarded != "" {
			r.Header["X-Forwarded-For"] = strings.Split(tt.forwarded, ",")
		}
		if got := w.addressOf(r); got != netip.MustParseAddr(tt.want) {
			t.Errorf("%s for %q is %s, want %s", tt.remote, tt.forwarded, got, tt.want)
		}
	}
}

// TestAddressesAreForgotten, but not before they have their burst again.
func TestAddressesAreForgotten(t *testing.T) {
	t.Parallel()
	var a addresses
	a.init(1)
	ip := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}) }
	quiet := a.use(ip(0), true, 1)
	if a.use(ip(0), true, 1) != nil {
		t.Error("an address has two sockets, the limit is one")
	}
	a.done(quiet, true)
	if n := a.len(); n != 0 {
		t.Errorf("%d addresses are known that said nothing", n)
	}
	for i := range maxIdle + 1000 {
		f := a.use(ip(i), true, 0)
		f.spends.AllowN(time.Now(), 2)
		a.done(f, true)
	}
	if n := a.len(); n > maxIdle+1 {
		t.Errorf("%d idle addresses are known, want no more than %d", n, maxIdle)
	}
	last := a.use(ip(maxIdle+999), true, 0)
	if last.spends.Allow() {
		t.Error("an address that comes back starts afresh")
	}
	a.mu.Lock()
	a.evict(time.Now().Add(time.Minute))
	a.mu.Unlock()
	if n := a.len(); n != 1 {
		t.Errorf("%d addresses are known, want the one that has a socket", n)
	}
	a.done(last, true)
}
