package httpapi

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/httpapi/ws"
	"github.com/tablewire/tablewire/protocol"
)

// discardRate is how many bytes a second package ws reads of a client behind its close
// frame.
const discardRate = 50 * 4 * 16 << 10

// TestFloods sends frames without end: such as never become a message, and such as go on
// after the server has closed. The server must end each connection by itself.
func TestFloods(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.MaxMessageBytes = 1 << 10 })
	other := w.listener(t, "other")
	for name, f := range map[string][]byte{
		"Pings":          clientFrame(0x89, ""),
		"Pongs":          clientFrame(0x8a, "x"),
		"EmptyFragments": clientFrame(0x00, ""),
		"Messages":       clientFrame(0x81, `{"type":"message","data":0}`),
		"NoJSON":         clientFrame(0x81, "["),
		"Oversized":      clientFrame(0x81, strings.Repeat("x", 2<<10)),
		"NotUTF8":        clientFrame(0x81, "\xff"),
	} {
		c := w.speak(t, "/realtime/rooms/"+name, hello("a", "a", create))
		c.read()
		if name == "EmptyFragments" {
			_, _ = c.NetConn().Write(clientFrame(0x01, ""))
		}
		go func() { _, _ = new(bytes.Buffer).ReadFrom(c.NetConn()) }() // it does read
		flood := bytes.Repeat(f, 1+(64<<10)/len(f))
		_ = c.NetConn().SetWriteDeadline(time.Now().Add(patient))
		sent := 0
		for {
			n, err := c.NetConn().Write(flood)
			if sent += n; err != nil {
				if ne, ok := err.(interface{ Timeout() bool }); ok && ne.Timeout() {
					t.Errorf("%s: the server never ends it", name)
				}
				break
			}
		}
		// What the kernel holds comes on top of what the server read.
		if most := int(ws.DefaultTimeouts.CloseAnswer.Seconds())*discardRate + 32<<20; sent > most {
			t.Errorf("%s: %d bytes were taken of a flood, want no more than %d", name, sent, most)
		}
		w.awaitOpen(t, 1)
	}
	other.send(`{"type":"ping"}`)
	other.sees(`{"type":"pong"}`)
}

// TestDeepJSON nests so deep that a decoder that recurses would run out of stack.
func TestDeepJSON(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.MaxMessageBytes = 1 << 20 })
	deep := strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)
	first := w.speak(t, "/realtime/broadcast", `{"api_key":`+deep+`}`)
	if got := first.read(); !strings.HasPrefix(got, `{"error":"Invalid JSON"`) {
		t.Errorf("as a first message: %s", got)
	}
	c := w.listener(t, "a")
	for _, m := range []string{deep, `{"type":"message","data":` + deep + `}`, `{"type":"message","data":` + strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000) + `}`} {
		c.send(m)
		if got := c.read(); !strings.HasPrefix(got, `{"error":"Invalid message"`) {
			t.Errorf("as a later message: %s", got)
		}
	}
	c.send(`{"type":"ping"}`)
	c.sees(`{"type":"pong"}`)
}

// TestNeverReading fills the queues of clients that don't read: their queues stay bounded,
// and the other clients get everything.
func TestNeverReading(t *testing.T) {
	t.Parallel()
	const limit, size, deaf = 64 << 10, 4 << 10, 20
	w := setup(t, func(c *Config) { c.QueueBytes, c.MessageRate, c.AddressMessageRate = limit, -1, -1 })
	a := w.listener(t, "a")
	for i := range deaf {
		w.listener(t, fmt.Sprint("deaf", i))
	}
	text := `"` + strings.Repeat("x", size) + `"`
	closed := func() (n int) {
		w.transport.Each(func(s *ws.Conn) {
			if waits := s.Queue().Bytes(); waits > limit+size+200 {
				t.Errorf("%d bytes wait for a socket, the limit is %d", waits, limit)
			}
			if code, ok := s.Queue().Closed(); ok && code == protocol.CloseSlowConsumer {
				n++
			}
		})
		return n
	}
	for deadline := time.Now().Add(patient); w.transport.Stats().Open-closed() > 1; {
		a.send(`{"type":"message","data":` + text + `}`)
		a.sees(`{"type":"message","user_id":"a","user_name":"N a","timestamp":"T","data":` + text + `}`)
		if time.Now().After(deadline) {
			t.Fatal("the deaf are never closed")
		}
	}
	w.transport.Each((*ws.Conn).Abort)
	w.awaitOpen(t, 0)
	if log := w.log.String(); !strings.Contains(log, `level=INFO msg="a client was closed because it read too slowly: its queue was full" queue_bytes=65536 address=127.0.0.1 count=1`) {
		t.Errorf("the log does not say that clients were slow:\n%s", log)
	}
}

// TestThousandsOfRooms creates as many rooms as may exist, and leaves all at once.
func TestThousandsOfRooms(t *testing.T) {
	t.Parallel()
	const rooms = 1000
	w := setup(t, func(c *Config) {
		c.Rooms = fanout.NewRooms(fanout.RoomsConfig{MaxRooms: rooms, EmptyTTL: time.Millisecond})
	})
	var all []*client
	for i := range rooms {
		c := w.speak(t, fmt.Sprint("/realtime/rooms/", i), hello("a", "a", create))
		c.read()
		all = append(all, c)
	}
	more := w.speak(t, "/realtime/rooms/more", hello("a", "a", create))
	more.sees(`{"error":"Rate limit exceeded","error_detail":"there are too many rooms"}`)
	more.wantClose(protocol.CloseRateLimit)
	for _, c := range all {
		_ = c.NetConn().Close()
	}
	for deadline := time.Now().Add(patient); w.cfg.Rooms.Stats().Rooms > 0; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d rooms are never forgotten", w.cfg.Rooms.Stats().Rooms)
		}
	}
}
