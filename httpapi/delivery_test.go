package httpapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tablewire/tablewire/httpapi/ws"
	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

func TestWhatWaitsLeavesTogether(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.watch(t)
	var changes []wal.Change
	var want []string
	for i := range 100 {
		changes = append(changes, created(i, "new"))
		want = append(want, createdJSON(i, "new"))
	}
	w.awaitWritten(t)
	calls, written := w.transport.Stats().Writes, w.transport.Stats().Bytes
	w.publish(t, changes...)
	c.want(want...)
	w.awaitWritten(t)
	if got := w.transport.Stats().Writes - calls; got != 1 {
		t.Errorf("100 frames left in %d writes, want 1", got)
	}
	size := 0
	for _, m := range want {
		size += len(wsframe.Text([]byte(m)))
	}
	if got := w.transport.Stats().Bytes - written; got != uint64(size) {
		t.Errorf("%d bytes counted, want %d", got, size)
	}
}

// TestEveryByteArrives sends frames of all sizes, faster than the client reads.
func TestEveryByteArrives(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.QueueBytes = 256 << 20 })
	for _, scheme := range []string{"ws", "wss"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			c := dialNarrow(t, w, scheme)
			rnd := rand.New(rand.NewPCG(1, 2))
			var sizes []int
			for i := range 400 {
				size := rnd.IntN(200)
				if i%10 == 0 {
					size = rnd.IntN(200_000)
				}
				sizes = append(sizes, size)
			}
			s := socketOf(t, w, c)
			for i, size := range sizes {
				s.Queue().Push(wsframe.Text([]byte(fmt.Sprintf("%d %s", i, strings.Repeat("x", size)))))
			}
			for i, size := range sizes {
				_ = c.SetReadDeadline(time.Now().Add(patient))
				_, got, err := c.ReadMessage()
				want := fmt.Sprintf("%d %s", i, strings.Repeat("x", size))
				if err != nil || string(got) != want {
					t.Fatalf("message %d: %d bytes, %v, want %d", i, len(got), err, len(want))
				}
			}
			c.send(`{"type":"ping"}`)
			c.want(`{"type":"pong"}`)
		})
	}
}

// dialNarrow connects a watcher with a small receive buffer, over TLS where scheme says so.
func dialNarrow(t *testing.T, w *site, scheme string) *client {
	t.Helper()
	url := w.url("/realtime/collections/users")
	d := websocket.Dialer{
		NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
			if err == nil {
				err = conn.(*net.TCPConn).SetReadBuffer(64 << 10)
			}
			return conn, err
		},
	}
	if scheme == "wss" {
		secure := httptest.NewTLSServer(w.Handler())
		t.Cleanup(secure.Close)
		url = "wss" + strings.TrimPrefix(secure.URL, "https") + "/realtime/collections/users"
		d.TLSClientConfig = &tls.Config{RootCAs: secure.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	}
	conn, answer, err := d.DialContext(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	c := &client{conn, t}
	c.send(`{"api_key":"` + testKey + `"}`)
	c.want(connectedJSON)
	return c
}

// socketOf returns the server's end of a client's connection.
func socketOf(t *testing.T, w *site, c *client) *ws.Conn {
	t.Helper()
	var found *ws.Conn
	w.transport.Each(func(s *ws.Conn) {
		if s.RemoteAddr().String() == c.LocalAddr().String() {
			found = s
		}
	})
	if found == nil {
		t.Fatal("the server has no such socket")
	}
	return found
}

// fill publishes until the queue of a client that doesn't read is closed, and returns the
// number of changes. A queue must never hold more than its limit and one frame.
func fill(t *testing.T, w *site, s *ws.Conn, each func(i int, status string)) int {
	t.Helper()
	status := strings.Repeat("x", 60<<10)
	for i := range 2000 {
		w.publish(t, created(i, status))
		if n := s.Queue().Bytes(); n > w.cfg.QueueBytes+len(status)+100 {
			t.Fatalf("%d bytes wait, the limit is %d", n, w.cfg.QueueBytes)
		}
		each(i, status)
		if code, closed := s.Queue().Closed(); closed {
			if code != protocol.CloseSlowConsumer {
				t.Fatalf("closed with %d", code)
			}
			return i
		}
	}
	t.Fatal("the queue never filled")
	return 0
}

func TestSlowConsumer(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"ws", "wss"} {
		t.Run("IsTold/"+scheme, func(t *testing.T) {
			t.Parallel()
			w := setup(t, func(c *Config) { c.QueueBytes = 256 << 10 })
			slow := dialNarrow(t, w, scheme)
			s := socketOf(t, w, slow)
			fast := w.watch(t)
			fill(t, w, s, func(i int, status string) { fast.want(createdJSON(i, status)) })

			// All that was written is whole, and then comes the close frame.
			for i := 0; ; i++ {
				_ = slow.SetReadDeadline(time.Now().Add(patient))
				_, got, err := slow.ReadMessage()
				if err != nil {
					if !websocket.IsCloseError(err, int(protocol.CloseSlowConsumer)) {
						t.Fatalf("after %d messages: %v", i, err)
					}
					break
				}
				if want := createdJSON(i, strings.Repeat("x", 60<<10)); string(got) != want {
					t.Fatalf("message %d has %d bytes, want %d", i, len(got), len(want))
				}
			}
			slow.wantGone()
			w.awaitOpen(t, 1)
			w.publish(t, created(7, "after"))
			fast.want(createdJSON(7, "after"))
			if n := w.counters.of(protocol.CloseSlowConsumer).Load(); n != 1 {
				t.Errorf("%d slow consumers counted", n)
			}
		})
		t.Run("IsCutWhenItNeverReads/"+scheme, func(t *testing.T) {
			t.Parallel()
			timeouts := ws.DefaultTimeouts
			timeouts.SlowConsumer, timeouts.Probe, timeouts.Stall = 100*time.Millisecond, 10*time.Millisecond, 300*time.Millisecond
			w := setupTimes(t, timeouts, func(c *Config) { c.QueueBytes = 256 << 10 })
			s := socketOf(t, w, dialNarrow(t, w, scheme))
			fill(t, w, s, func(int, string) {})
			w.awaitOpen(t, 0) // though nobody read
			if n := s.Queue().Bytes(); n > w.cfg.QueueBytes {
				t.Errorf("%d bytes wait for nobody", n)
			}
			if n := w.counters.of(protocol.CloseSlowConsumer).Load(); n != 1 {
				t.Errorf("%d slow consumers counted", n)
			}
		})
	}
}

func TestStalledConnectionIsCut(t *testing.T) {
	t.Parallel()
	timeouts := ws.DefaultTimeouts
	timeouts.Probe, timeouts.Stall = 10*time.Millisecond, 200*time.Millisecond
	w := setupTimes(t, timeouts, func(c *Config) { c.QueueBytes = 64 << 20 })
	s := socketOf(t, w, dialNarrow(t, w, "ws"))
	s.Queue().Push(wsframe.Text(make([]byte, 32<<20))) // no more than fits into the queue: it isn't slow yet
	w.awaitOpen(t, 0)
	if n := w.counters.of(protocol.CloseAbnormal).Load(); n != 1 {
		t.Errorf("%d abnormal ends counted, want 1", n)
	}
}

// TestClientThatFloods: a flooding client gets its answers in order, and its changes.
func TestClientThatFloods(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.MessageRate, c.AddressMessageRate = -1, -1 })
	c := w.watch(t)
	const n = 5000
	go func() {
		flood := bytes.Repeat(masked(0x81, `{"type":"ping"}`), n)
		_, _ = c.NetConn().Write(flood)
	}()
	pongs := 0
	for i := 0; i < 100 || pongs < n; {
		if i < 100 {
			w.publish(t, created(i, "new"))
		}
		_ = c.SetReadDeadline(time.Now().Add(patient))
		_, got, err := c.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		switch string(got) {
		case `{"type":"pong"}`:
			pongs++
		default:
			i++
		}
		i = min(i, 100)
	}
}

// TestOneGoroutineEach is not parallel, because it counts goroutines.
func TestOneGoroutineEach(t *testing.T) {
	w := setup(t)
	const n = 50
	for range n {
		w.watch(t)
	}
	count := func() (reading, serving int) {
		var b strings.Builder
		_ = pprof.Lookup("goroutine").WriteTo(&b, 2)
		return strings.Count(b.String(), "ws.(*Conn).read("), strings.Count(b.String(), "net/http.(*conn).serve(")
	}
	deadline := time.Now().Add(patient)
	for {
		reading, serving := count()
		if reading == n && serving == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d sockets have %d goroutines that read and %d of net/http", n, reading, serving)
		}
		runtime.Gosched() // the last handlers are just returning
	}
}
