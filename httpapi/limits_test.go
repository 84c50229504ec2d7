package httpapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/httpapi/limit"
	"github.com/tablewire/tablewire/protocol"
)

// hopeless is a rate so low that a limiter gets nothing back during a test.
const hopeless = 1e-6

func (w *site) wantLimited(t *testing.T, which limit.Kind, n uint64) {
	t.Helper()
	if got := w.limits.Hits(which); got != n {
		t.Errorf("the limit %s was hit %d times, want %d", which, got, n)
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
	const dropped = `{"error":"Rate limit exceeded","error_detail":"more than 1e-06 messages a second: this one was dropped"}`
	a.sees(dropped, dropped, dropped, `{"error":"Rate limit exceeded","error_detail":"too many messages were dropped"}`)
	a.wantClose(protocol.CloseRateLimit)
	b.send(`{"type":"ping"}`)
	b.sees(`{"type":"pong"}`) // the limit is a's alone
	w.wantLimited(t, limit.Messages, 4)
}

// TestLongMessagesCountMore: they do, but even the longest fits into the burst.
func TestLongMessagesCountMore(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.MessageRate, c.MessageBurst = hopeless, 5 })
	const dropped = `{"error":"Rate limit exceeded","error_detail":"more than 1e-06 messages a second: this one was dropped"}`
	for name, tt := range map[string]struct{ size, more int }{"four": {3 * limit.MessageUnit, 1}, "longest": {60 << 10, 0}} {
		a := w.listener(t, name)
		long := fmt.Sprintf(`{"type":"message","data":"%s"}`, strings.Repeat("x", tt.size-30))
		a.send(long + strings.Repeat(" ", tt.size-len(long)))
		a.read()
		for range tt.more {
			a.send(`{}`)
			a.sees(`{"error":"Invalid message","error_detail":"\"type\" is missing: want {\"type\":\"ping\"}"}`)
		}
		a.send(`{}`)
		a.sees(dropped)
	}
}

func TestAddressMessageRate(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.AddressMessageRate = hopeless })
	a, b := w.listener(t, "a"), w.listener(t, "b")
	a.send(`{}`) // the one message of the least burst
	a.read()
	b.send(`{}`)
	b.sees(`{"error":"Rate limit exceeded","error_detail":"more than 1e-06 messages a second from your address: this one was dropped"}`)
	w.wantLimited(t, limit.AddressMessages, 1)
}

func TestConnectionLimits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*Config)
		which  limit.Kind
		detail string
	}{
		{"InAll", func(c *Config) { c.MaxConnections = 1 }, limit.Connections, "the server has as many connections as it takes"},
		{"PerAddress", func(c *Config) { c.MaxConnectionsPerAddress = 1 }, limit.AddressConnections, "too many connections from your address"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, tt.change)
			first := w.watch(t)
			c := w.dial(t, "/realtime/broadcast")
			c.send(hello("a", "a"))
			c.want(`{"error":"Rate limit exceeded","error_detail":"` + tt.detail + `"}`)
			c.wantClose(protocol.CloseRateLimit)

			for range limit.MaxRejections {
				w.limits.AcquireRejection()
			}
			_, answer, err := websocket.DefaultDialer.DialContext(t.Context(), w.url("/realtime/broadcast"), nil)
			if err == nil || answer == nil || answer.StatusCode != http.StatusTooManyRequests || answer.Header.Get("Retry-After") == "" {
				t.Errorf("far beyond the limit: %v, %v", answer, err)
			} else {
				_ = answer.Body.Close()
			}
			for range limit.MaxRejections {
				w.limits.ReleaseRejection()
			}
			w.wantLimited(t, tt.which, 2)

			_ = first.NetConn().Close()
			w.awaitOpen(t, 0)
			w.listener(t, "a")
		})
	}
}

// TestEveryConnectionIsReleased ends connections in every way that a handshake can go.
func TestEveryConnectionIsReleased(t *testing.T) {
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
	if n, m := w.limits.Usage().Connections, w.limits.Usage().Unauthenticated; n != 0 || m != 0 {
		t.Errorf("%d connections and %d unauthenticated ones are still counted", n, m)
	}
	if n := w.limits.Usage().Addresses; n > 1 {
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
	w.wantLimited(t, limit.Unauthenticated, 1)
}

// TestSlowHandshakes opens connections that are never upgraded. One address may have a
// quarter of the limit; a trusted proxy may have all of it.
func TestSlowHandshakes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		proxies []string
		refused uint64
	}{
		{"AddressHasAQuarter", nil, 10},
		{"TrustedProxyHasAll", []string{"127.0.0.1"}, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, func(c *Config) { c.MaxUnauthenticated, c.TrustedProxies = 8, tt.proxies })
			l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			server := &http.Server{Handler: w.Handler(), ConnState: w.ConnState, ReadHeaderTimeout: 500 * time.Millisecond}
			go func() { _ = server.Serve(l) }()
			t.Cleanup(func() { _ = server.Close() })
			var conns []net.Conn
			for range 12 {
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
					t.Error("a slow handshake is not given up")
				}
			}
			w.wantLimited(t, limit.Handshakes, tt.refused)
			for deadline := time.Now().Add(patient); w.limits.Usage().Handshakes > 0 || w.limits.Usage().Addresses > 0; runtime.Gosched() {
				if time.Now().After(deadline) {
					t.Fatalf("%d handshakes and %d addresses are still counted", w.limits.Usage().Handshakes, w.limits.Usage().Addresses)
				}
			}
		})
	}
}

// TestUnauthenticatedPerAddress: one address may have a quarter of the connections that wait
// for their first message.
func TestUnauthenticatedPerAddress(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.MaxUnauthenticated, c.TrustedProxies = 8, []string{"127.0.0.1"} })
	from := func(ip string) *client {
		conn, answer, err := websocket.DefaultDialer.DialContext(t.Context(), w.url("/realtime/broadcast"), http.Header{"X-Forwarded-For": {ip}})
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		t.Cleanup(func() { _ = conn.Close() })
		return &client{conn, t}
	}
	first := from("198.51.100.1")
	from("198.51.100.1")
	third := from("198.51.100.1")
	third.want(`{"error":"Rate limit exceeded","error_detail":"too many connections wait to authenticate"}`)
	third.wantClose(protocol.CloseRateLimit)
	other := from("198.51.100.2")
	for _, c := range []*client{first, other} {
		c.send(hello("a", "a"))
		c.sees(`{"event":"connected","project_id":"default","user_id":"a"}`)
	}
	again := from("198.51.100.1") // there is room again
	again.send(hello("a", "a"))
	again.sees(`{"event":"connected","project_id":"default","user_id":"a"}`)
}

// TestConnectionRate opens and closes one connection after the other.
func TestConnectionRate(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.AddressConnectionRate, c.MaxConnectionsPerAddress = hopeless, 5 })
	for range 5 {
		_ = w.watch(t).NetConn().Close()
		w.awaitOpen(t, 0)
	}
	c := w.dial(t, "/realtime/broadcast")
	c.want(`{"error":"Rate limit exceeded","error_detail":"your address connects too often"}`)
	c.wantClose(protocol.CloseRateLimit)
	w.wantLimited(t, limit.Connects, 1)
}

// TestPings: pings do not use up the message budget, nor messages that of pings. A ping
// over its budget counts as a message.
func TestPings(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.MessageRate, c.MessageBurst = hopeless, 3 })
	const dropped = `{"error":"Rate limit exceeded","error_detail":"more than 1e-06 messages a second: this one was dropped"}`
	const heard = `{"type":"message","user_id":"a","user_name":"N a","timestamp":"T","data":1}`

	a := w.listener(t, "a")
	pings := [...]string{`{"type":"ping"}`, " {\t\"type\" :\n\"ping\"\r}"}
	for i := range limit.PingBurst - 1 {
		a.send(pings[i%2])
		a.sees(`{"type":"pong"}`)
	}
	for range 3 { // the whole burst is left
		a.send(`{"type":"message","data":1}`)
		a.sees(heard)
	}
	a.send(`{"type":"message","data":1}`)
	a.sees(dropped)
	a.send(`{"type":"ping"}`) // one ping is left
	a.sees(`{"type":"pong"}`)

	for name, ping := range map[string][]byte{"JSON": clientFrame(0x81, `{"type":"ping"}`), "Protocol": clientFrame(0x89, "")} {
		b := w.listener(t, name)
		if _, err := b.NetConn().Write(bytes.Repeat(ping, limit.PingBurst+3+2)); err != nil {
			t.Fatal(err)
		}
		pongs := 0
		b.SetPongHandler(func(string) error { pongs++; return nil })
		if name == "JSON" {
			for ; pongs < limit.PingBurst+3; pongs++ {
				b.sees(`{"type":"pong"}`)
			}
		}
		b.sees(dropped, dropped)
		if pongs != limit.PingBurst+3 {
			t.Errorf("%s: %d pings are answered, want the %d that are free and 3 for messages", name, pongs, limit.PingBurst)
		}
		b.send(`{"type":"ping"}`)
		b.sees(dropped)
		b.send(`{"type":"ping"}`)
		b.sees(`{"error":"Rate limit exceeded","error_detail":"too many messages were dropped"}`)
		b.wantClose(protocol.CloseRateLimit)
	}
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
	w.wantLimited(t, limit.Rooms, 1)
	w.wantLimited(t, limit.Participants, 1)
}

// TestRequests: an address may make plain requests at the rate at which it may open
// connections, and they don't use up the allowance for those.
func TestRequests(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.AddressConnectionRate = hopeless })
	if status, _ := w.get(t, "/livez"); status != http.StatusOK {
		t.Errorf("the one request of the least burst is answered %d", status)
	}
	for i, path := range []string{"/livez", "/readyz", "/", "/nothing", "/realtime/rooms"} {
		status, body := w.get(t, path, keyHeader, testKey)
		if status != http.StatusTooManyRequests || body != `{"error":"Rate limit exceeded","error_detail":"too many requests from your address"}` {
			t.Errorf("%s is answered %d %s", path, status, body)
		}
		w.wantLimited(t, limit.Requests, uint64(i+1))
	}
	w.watch(t)
}

// TestErrorsEndConnections sends several requests at once: an error is the last answer on a
// connection. A page that may not connect costs its address nothing.
func TestErrorsEndConnections(t *testing.T) {
	t.Parallel()
	w := setup(t)
	const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
	for request, want := range map[string]string{
		"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n":                                                           "404",
		"POST /realtime/rooms HTTP/1.1\r\nHost: x\r\n\r\n":                                                   "405",
		"GET /realtime/broadcast HTTP/1.1\r\nHost: x\r\n\r\n":                                                "426",
		"GET /realtime/rooms HTTP/1.1\r\nHost: x\r\n\r\n":                                                    "401",
		"GET /realtime/broadcast HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\n" + upgrade + "\r\n": "403",
		"GET /realtime/broadcast HTTP/1.1\r\nHost: x\r\n" + strings.Replace(upgrade, "13", "12", 1) + "\r\n": "400",
	} {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", w.http.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(patient))
		_, _ = io.WriteString(conn, strings.Repeat(request, 3))
		answers, _ := io.ReadAll(conn) // it may be reset: not all was read
		_ = conn.Close()
		if got := string(answers); !strings.HasPrefix(got, "HTTP/1.1 "+want) || strings.Count(got, "HTTP/1.1 ") != 1 {
			t.Errorf("%.60q is answered %q, want %s, once", request, got, want)
		}
	}
	w.wantLimited(t, limit.Origins, 1)
	w.wantLimited(t, limit.Connects, 0)
}

// TestLengthsAreCounted: messages and texts that are too long are in the metrics.
func TestLengthsAreCounted(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.MaxMessageBytes = 1 << 10 })
	long := strings.Repeat("x", protocol.MaxTitle+1)
	for path, first := range map[string]string{
		"/realtime/broadcast":                        `{"api_key":"` + testKey + `","user_id":"` + long + `"}`,
		"/realtime/rooms/a":                          `{"api_key":"` + testKey + `","action":"create","room_title":"` + long + `"}`,
		"/realtime/rooms/" + long[:protocol.MaxID+1]: `{"api_key":"` + testKey + `","action":"create"}`,
	} {
		c := w.dial(t, path)
		c.send(first)
		c.read()
		c.wantClose(protocol.CloseBadRequest)
	}
	w.wantLimited(t, limit.TextBytes, 3)
	c := w.dial(t, "/realtime/broadcast")
	c.send(strings.Repeat("x", 2<<10))
	c.read()
	c.wantClose(protocol.CloseBadRequest)
	w.wantLimited(t, limit.MessageBytes, 1)
	c = w.listener(t, "a")
	c.send(strings.Repeat("x", 2<<10))
	c.read()
	c.wantClose(protocol.CloseTooBig)
	w.wantLimited(t, limit.MessageBytes, 2)
}

// TestFloodWhileRejected: a connection that is upgraded only to be rejected ends its turn
// as well.
func TestFloodWhileRejected(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.MaxConnections = 1 })
	w.watch(t)
	c := w.dial(t, "/realtime/broadcast")
	flood := bytes.Repeat(clientFrame(0x81, strings.Repeat("x", 100)), 1000)
	_ = c.NetConn().SetWriteDeadline(time.Now().Add(patient))
	for {
		if _, err := c.NetConn().Write(flood); err != nil {
			break
		}
	}
	deadline := time.Now().Add(patient)
	for w.limits.Usage().Rejections > 0 || w.transport.Stats().Turns > 0 {
		if time.Now().After(deadline) {
			t.Fatalf("%d are still being rejected, %d have a turn", w.limits.Usage().Rejections, w.transport.Stats().Turns)
		}
		runtime.Gosched()
	}
}
