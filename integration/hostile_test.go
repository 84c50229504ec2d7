package integration

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// attack is what a hostile client does, once. It gives how that ended for it: the
// close code or the HTTP status, 0 where the connection was just closed, and the last
// text that it was sent.
type attack func(ctx context.Context, addr string) (code int, last string)

// evil is from where hostile clients connect, where the machine has more than one
// address of its own: limits of an address are theirs then, and not everybody's.
func evil() net.Dialer {
	d := net.Dialer{Timeout: patience}
	if hasSecondAddress() {
		d.LocalAddr, d.Control = &net.TCPAddr{IP: secondAddress}, anyPort
	}
	return d
}

var secondAddress = net.IPv4(127, 0, 0, 2)

var hasSecondAddress = sync.OnceValue(func() bool {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: secondAddress})
	if err == nil {
		_ = l.Close() // it was only to see whether it can be
	}
	return err == nil
})

// anyPort is a [net.Dialer]'s Control where the system can choose the port late.
var anyPort func(network, address string, c syscall.RawConn) error

// dialEvil opens a socket and sends the first message, if there is one.
func dialEvil(ctx context.Context, addr, path, hello string, header ...string) (*loadSocket, error) {
	d := evil()
	return dialLoad(ctx, &d, addr, path, hello, header...)
}

// refusal is how a handshake ended that failed.
func refusal(err error) (code int, last string) {
	if status, ok := errors.AsType[errStatus](err); ok {
		return int(status), ""
	}
	return 0, err.Error()
}

// says comes onto the broadcast and sends bytes, whatever they are.
func says(p ...[]byte) attack {
	return func(ctx context.Context, addr string) (int, string) {
		s, err := dialEvil(ctx, addr, "broadcast", chatHello)
		if err != nil {
			return refusal(err)
		}
		defer s.conn.Close()
		_, _ = s.conn.Write(bytes.Join(p, nil)) // it may be closed before the end
		return s.closed()
	}
}

// floods comes into a room and says the same as fast as it is taken, until the server
// closes.
func floods(frame []byte) attack { return floodsAfter(nil, frame) }

// floodsAfter says something else before.
func floodsAfter(first, frame []byte) attack {
	return func(ctx context.Context, addr string) (int, string) {
		s, err := dialEvil(ctx, addr, "rooms/flood", chatHello)
		if err != nil {
			return refusal(err)
		}
		defer s.conn.Close()
		stop := context.AfterFunc(ctx, func() { _ = s.conn.Close() })
		defer stop()
		var writing sync.WaitGroup
		writing.Go(func() {
			many := bytes.Repeat(frame, 1+(16<<10)/len(frame))
			for _, err := s.conn.Write(first); err == nil; {
				_, err = s.conn.Write(many)
			}
		})
		code, last := s.closed()
		_ = s.conn.Close() // which ends the writing
		writing.Wait()
		return code, last
	}
}

// dribbles sends bytes one by one, slower than the server has patience. What it is
// sent back is an HTTP answer or frames.
func dribbles(before, slow string, every time.Duration) attack {
	return func(ctx context.Context, addr string) (int, string) {
		d := evil()
		conn, err := d.DialContext(ctx, "tcp", addr)
		if err != nil {
			return 0, err.Error()
		}
		defer conn.Close()
		ended := make(chan []byte)
		go func() {
			answer, _ := io.ReadAll(conn) // how it ends is of no matter
			ended <- answer
		}()
		_, _ = io.WriteString(conn, before)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case answer := <-ended:
				return 0, string(answer)
			case <-tick.C:
				_, _ = io.WriteString(conn, slow[i%len(slow):][:1])
			case <-ctx.Done():
				_ = conn.Close()
				<-ended
				return 0, "never closed"
			}
		}
	}
}

// origin comes from a web page.
func origin(o string) attack {
	return func(ctx context.Context, addr string) (int, string) {
		s, err := dialEvil(ctx, addr, "broadcast", chatHello, "Origin: "+o)
		if err != nil {
			return refusal(err)
		}
		defer s.conn.Close()
		return 101, ""
	}
}

// deflated is a text message that would be a megabyte, compressed as permessage-deflate
// has it (RFC 7692).
func deflated() []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression) // the level is one
	_, _ = w.Write(bytes.Repeat([]byte(" "), 1<<20))
	_ = w.Flush() // into memory
	return clientFrame(0xc1, strings.TrimSuffix(b.String(), "\x00\x00\xff\xff"))
}

func bomb(ctx context.Context, addr string) (int, string) {
	s, err := dialEvil(ctx, addr, "broadcast", chatHello, "Sec-WebSocket-Extensions: permessage-deflate")
	if err != nil {
		return refusal(err)
	}
	defer s.conn.Close()
	for range 100 {
		_, _ = s.conn.Write(deflated())
	}
	return s.closed()
}

// stalls never reads, and has much to be sent: what it says itself.
func stalls(ctx context.Context, addr string) (int, string) {
	s, err := dialEvil(ctx, addr, "rooms/stall", chatHello)
	if err != nil {
		return refusal(err)
	}
	defer s.conn.Close()
	if tcp, ok := s.conn.(*net.TCPConn); ok {
		_ = tcp.SetReadBuffer(4 << 10) // the kernel's to heed
	}
	message := clientFrame(0x81, `{"type":"message","content":"`+strings.Repeat("x", 60<<10)+`"}`)
	_ = s.conn.SetWriteDeadline(time.Now().Add(patience))
	for err = nil; err == nil; { // until the server has closed: it reads no more then
		_, err = s.conn.Write(message)
	}
	return 0, ""
}

func deep(open, closing string) string {
	const depth = 100_000
	return strings.Repeat(open, depth) + "1" + strings.Repeat(closing, depth)
}

// attacks are all of them, with how each must end: "code last".
var attacks = map[string]struct {
	attack
	want string // a pattern
}{
	"frame that is not masked":        {says([]byte{0x81, 2, '{', '}'}), `^1002 `},
	"frame with a reserved bit":       {says(clientFrame(0xa1, "{}")), `^1002 `},
	"frame of an unknown kind":        {says(clientFrame(0x83, "")), `^1002 `},
	"ping in fragments":               {says(clientFrame(0x09, "")), `^1002 `},
	"ping of 126 bytes":               {says(clientFrame(0x89, strings.Repeat("x", 126))), `^1002 `},
	"continuation of nothing":         {says(clientFrame(0x80, "{}")), `^1002 `},
	"close of one byte":               {says(clientFrame(0x88, "x")), `^1002 `},
	"no frames but HTTP":              {says([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")), `^1002 `},
	"length of 2^63 bytes":            {says([]byte{0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}), `^1009 {"error":"Message too long","error_detail":"want at most 262144 bytes"}`},
	"message of 2^40 bytes":           {says([]byte{0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}), `^1009 {"error":"Message too long"`},
	"message that is too long":        {says(clientFrame(0x81, strings.Repeat("x", 256<<10+1))), `^1009 {"error":"Message too long"`},
	"fragments that are too long":     {says(clientFrame(0x01, strings.Repeat("x", 200<<10)), clientFrame(0x80, strings.Repeat("x", 200<<10))), `^1009 {"error":"Message too long"`},
	"first message that is too long":  {first(strings.Repeat("x", 300<<10)), `^4400 {"error":"Invalid JSON","error_detail":"the message is longer than 262144 bytes"}`},
	"compressed message":              {bomb, `^1002 `},
	"text that is not UTF-8":          {says(clientFrame(0x81, `{"type":"message","data":"`+"\xff"+`"}`)), `^1007 `},
	"fragment that is not UTF-8":      {says(clientFrame(0x01, "\xed\xa0\x80")), `^1007 `},
	"first message of 100,000 arrays": {first(`{"api_key":` + deep("[", "]") + `}`), `^4400 {"error":"Invalid JSON"`},
	"message of 100,000 arrays":       {says(clientFrame(0x81, `{"type":"message","data":`+deep("[", "]")+`}`), clientFrame(0x88, "")), `^1005 {"error":"Invalid message"`},
	"message of 100,000 objects":      {says(clientFrame(0x81, `{"type":"message","data":`+deep(`{"":`, "}")[:260_000]), clientFrame(0x88, "")), `^1005 {"error":"Invalid message"`},
	"page of another site":            {origin("https://evil.example"), `^403 `},
	"page of a like name":             {origin("https://127.0.0.1.evil.example"), `^403 `},
	"page with no name":               {origin("null"), `^403 `},
	"header that dawdles":             {dribbles("GET /realtime/broadcast HTTP/1.1\r\nHost: x\r\n", "X", time.Second), `^0 HTTP/1.1 400 `},
	"header that does not end":        {dribbles("GET /realtime/broadcast HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 64<<10), "X", time.Second), `^0 HTTP/1.1 431 `},
	"body that dawdles":               {dribbles("GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", "x", time.Second), `^0 HTTP/1.1 200 `},
	"first message that dawdles":      {dribbles(upgradeRequest("x", "broadcast"), string(clientFrame(0x81, strings.Repeat(" ", 100))), 50*time.Millisecond), `"Authentication timeout"`},
	"silence":                         {first(""), `^4408 {"error":"Authentication timeout"}`},
	"flood of messages":               {floods(clientFrame(0x81, `{"type":"message","content":1}`)), `^4429 {"error":"Rate limit exceeded","error_detail":"too many messages were dropped"}`},
	"flood of pings":                  {floods(clientFrame(0x81, `{"type":"ping"}`)), `^4429 {"error":"Rate limit exceeded","error_detail":"too many messages were dropped"}`},
	"flood of the protocol's pings":   {floods(clientFrame(0x89, "")), `^4429 {"error":"Rate limit exceeded","error_detail":"too many`},
	"flood of pongs":                  {floods(clientFrame(0x8a, "")), `^4429 {"error":"Rate limit exceeded","error_detail":"too many frames"}`},
	"flood of empty fragments":        {floodsAfter(clientFrame(0x01, ""), clientFrame(0x00, "")), `^4429 {"error":"Rate limit exceeded","error_detail":"too many frames"}`},
	"flood of nonsense":               {floods(clientFrame(0x81, `[`)), `^4429 {"error":"Rate limit exceeded","error_detail":"too many messages were dropped"}`},
	"reader that stalls":              {stalls, `^0 $`},
}

// first opens a socket and sends a first message, or none.
func first(message string) attack {
	return func(ctx context.Context, addr string) (int, string) {
		s, err := dialEvil(ctx, addr, "broadcast", message)
		if err != nil {
			return refusal(err)
		}
		defer s.conn.Close()
		return s.closed()
	}
}

// Every attack at once, while two clients go on talking: each attack ends as it must,
// the two hear each other all the time, and the server's memory stays bounded and
// comes back.
func TestHostileClients(t *testing.T) { //nolint:tparallel // the group waits for the parallel ones in it
	t.Parallel()
	s := serve(t, pgtest.Start(t).NewDatabase(t), "hostile",
		"--max-message-bytes=256KiB", "--auth-timeout=2s", "--ping-interval=6s", "--queue-bytes=512KiB",
		"--message-rate=200", "--message-burst=300", "--max-rooms=200", "--room-linger=1s", "--address-connection-rate=500", "--max-connections-per-address=600")
	ada, _ := converse(t, s, "rooms/good", map[string]string{"api_key": apiKey, "user_id": "ada", "action": "create"})
	bob, _ := converse(t, s, "rooms/good", map[string]string{"api_key": apiKey, "user_id": "bob"})
	if f := ada.next(t); !strings.Contains(f, `"user_joined"`) {
		t.Fatal(f)
	}
	before := s.heap(t)
	peak := s.watchMemory(t)
	talking := make(chan error, 1)
	enough, stop := context.WithCancel(background(t))
	go func() { talking <- talkOn(enough, ada.talker, bob.talker) }()

	t.Run("Attacks", func(t *testing.T) {
		for name, a := range attacks {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithTimeout(background(t), patience)
				defer cancel()
				code, last := a.attack(ctx, s.addr)
				if got := fmt.Sprint(code, " ", last); !regexp.MustCompile(a.want).MatchString(got) {
					t.Errorf("it ended with %.300q, want %s", got, a.want)
				}
			})
		}
	})
	s.makeRooms(t, 200) // after the others, who need a room
	stop()
	if err := <-talking; err != nil {
		t.Errorf("two who had nothing to do with it: %v", err)
	}
	eventually(t, "only the two sockets are left", func() bool { return s.metric(t, "tablewire_connections") == 2 })
	eventually(t, "only their room is left", func() bool { return s.metric(t, "tablewire_rooms") == 1 })
	after := s.heap(t)
	t.Logf("heap %d KiB before, %d KiB after; the resident memory was %d MiB at most", before>>10, after>>10, peak()>>20)
	if after > before+8<<20 {
		t.Errorf("%d KiB of heap were in use before and %d are after", before>>10, after>>10)
	}
	if most := int64(128 << 20); !raceEnabled && peak() > most {
		t.Errorf("%d MiB of memory were resident, want %d at most", peak()>>20, most>>20)
	}
	if s.logged(" ERR ") > 0 || s.logged("panic") > 0 {
		t.Error("the server complains")
	}
	s.stop(t)
}

// talkOn has two say something to each other in turn, until ctx ends.
func talkOn(ctx context.Context, a, b *talker) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := a.send(map[string]any{"type": "message", "content": i}); err != nil {
			return err
		}
		for _, k := range []*talker{a, b} {
			f, err := k.next()
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
func (s *server) makeRooms(t *testing.T, most int) {
	made, refused := 0, 0
	var sockets []*loadSocket
	defer func() {
		for _, k := range sockets {
			_ = k.conn.Close()
		}
	}()
	for i := range 2 * most {
		k, err := dialEvil(t.Context(), s.addr, numbered("rooms/many%d", i), chatHello)
		if err != nil {
			t.Error(err)
			return
		}
		sockets = append(sockets, k)
		switch f, err := k.text(); {
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

// heap is the memory in use after a collection.
func (s *server) heap(t testing.TB) int64 {
	t.Helper()
	get(t, "http://"+s.admin+"/debug/pprof/heap?gc=1")
	return int64(s.metric(t, "go_memstats_heap_alloc_bytes"))
}

// metric reads a metric that has no labels, or with them.
func (s *server) metric(t testing.TB, name string) float64 {
	t.Helper()
	for line := range strings.Lines(get(t, "http://"+s.admin+"/metrics")) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+" "); ok {
			v, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

// watchMemory looks at the server's resident memory until the test ends; peak gives
// the most that it was so far.
func (s *server) watchMemory(t testing.TB) (peak func() int64) {
	t.Helper()
	var most atomic.Int64
	most.Store(s.rss(t))
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-s.exited:
				return
			case <-tick.C:
				if now, err := residentMemory(s.cmd.Process.Pid); err == nil {
					most.Store(max(most.Load(), now))
				}
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		<-stopped
	})
	return most.Load
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
	s := serve(t, pgtest.Start(t).NewDatabase(t), "ipv6", "--listen="+host+":0", "--max-connections-per-address=2", "--trusted-proxies=::1,127.0.0.1")
	if !strings.HasPrefix(s.addr, host+":") {
		t.Fatalf("it listens on %s", s.addr)
	}
	from := func(ip string) (*loadSocket, string) {
		t.Helper()
		k, err := dialLoad(t.Context(), &net.Dialer{}, s.addr, "broadcast", chatHello, "X-Forwarded-For: "+ip)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = k.conn.Close() })
		f, err := k.text()
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
	db := connect(t, pgtest.Start(t).NewDatabase(t))
	db.run(t, `CREATE TABLE t (id int PRIMARY KEY)`)
	s := serve(t, db.url, "proxy", "--trusted-proxies=127.0.0.0/8", "--max-connections-per-address=1")
	target := &url.URL{Scheme: "http", Host: s.addr}
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
		if err := conn.WriteJSON(map[string]string{"api_key": apiKey}); err != nil {
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
	db.run(t, `INSERT INTO t VALUES (1)`)
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
	told := func(s *server, path, hello string, header ...string) string {
		t.Helper()
		k, err := dialLoad(t.Context(), &net.Dialer{}, s.addr, path, hello, header...)
		if err != nil {
			return err.Error()
		}
		t.Cleanup(func() { _ = k.conn.Close() })
		f, err := k.text()
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
	s := serve(t, pg.NewDatabase(t), "limits", "--max-connections=3", "--max-room-participants=2", "--allowed-origins=https://app.example.com,http://localhost:3000")
	want(told(s, "rooms/r", chatHello, "Origin: https://app.example.com"), `{"event":"joined"`)
	want(told(s, "rooms/r", chatHello, "Origin: http://localhost:3000"), `{"event":"joined"`)
	want(told(s, "rooms/r", chatHello, "Origin: http://localhost:3001"), `the handshake is answered 403`)
	want(told(s, "rooms/r", chatHello), `{"error":"Rate limit exceeded","error_detail":"the room is full"}`)
	eventually(t, "the place is given back", func() bool { return s.metric(t, "tablewire_connections") == 2 })
	want(told(s, "broadcast", chatHello), `{"event":"connected"`)
	want(told(s, "broadcast", chatHello), `{"error":"Rate limit exceeded","error_detail":"the server has as many connections as it takes"}`)

	s = serve(t, pg.NewDatabase(t), "address_rate", "--address-message-rate=0.001", "--address-connection-rate=0.001")
	k, _ := converse(t, s, "broadcast", map[string]string{"api_key": apiKey})
	other, _ := converse(t, s, "broadcast", map[string]string{"api_key": apiKey})
	k.send(t, map[string]any{"type": "message", "data": 1})
	k.next(t)
	other.next(t)
	other.send(t, map[string]any{"type": "message", "data": 1})
	other.want(t, `{"error":"Rate limit exceeded","error_detail":"more than 0.001 messages a second from your address: this one was dropped"}`)
	if _, err := listRooms(t.Context(), s); err != nil {
		t.Errorf("the first list of rooms: %v", err)
	}
	if _, err := listRooms(t.Context(), s); err == nil || !strings.Contains(err.Error(), "429") {
		t.Errorf("the list of rooms: %v", err)
	}
}
