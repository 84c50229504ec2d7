package httpapi

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/httpapi/auth"
	"github.com/tablewire/tablewire/protocol"
)

// TestIntake sends messages of all lengths, cut into pieces of all lengths: each comes
// back whole and in order, whatever was read ahead.
func TestIntake(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	w := setup(t, func(c *Config) { c.QueueBytes, c.MessageRate, c.AddressMessageRate = 64<<20, -1, -1 })
	c := w.listener(t, "a")
	const messages = 300
	var sent bytes.Buffer
	var want []string
	for i := range messages {
		length := []int{1, 100, 250, 4000, 16_200, 60_000}[r.IntN(6)]
		data := fmt.Sprintf(`"%d %s"`, i, strings.Repeat("x", r.IntN(length)))
		sent.Write(clientFrame(0x81, `{"type":"message","data":`+data+`}`))
		want = append(want, `{"type":"message","user_id":"a","user_name":"N a","timestamp":"T","data":`+data+`}`)
	}
	var writing sync.WaitGroup
	writing.Go(func() {
		for sent.Len() > 0 {
			piece := sent.Next(1 + r.IntN([]int{3, 300, 40_000, 400_000}[r.IntN(4)]))
			if _, err := c.NetConn().Write(piece); err != nil {
				t.Error(err)
				return
			}
		}
	})
	c.sees(want...)
	writing.Wait()
}

// TestLanes has many sockets that are sent messages without end: all of them are
// served, and another socket is answered all the while. That their lanes are free when
// they are gone, setup looks at.
func TestLanes(t *testing.T) {
	t.Parallel()
	for name, rate := range map[string]float64{"Paced": 2000, "Unlimited": -1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, func(c *Config) {
				c.MessageRate, c.MessageBurst, c.AddressMessageRate = rate, 1<<30, -1
			})
			if paced := w.cfg.paced(); paced != (rate > 0) {
				t.Errorf("paced is %v", paced)
			}
			other := w.listener(t, "other")
			flood := bytes.Repeat(clientFrame(0x81, "["), 1000)
			var floods sync.WaitGroup
			var heard [10]atomic.Int64
			for i := range heard {
				c := w.speak(t, "/realtime/rooms/flood"+strconv.Itoa(i), hello("a", "a", create))
				c.read()
				floods.Go(func() {
					buf := make([]byte, 64<<10)
					for { // until it is closed
						n, err := c.NetConn().Read(buf)
						if err != nil {
							return
						}
						heard[i].Add(int64(n))
					}
				})
				floods.Go(func() {
					for {
						if _, err := c.NetConn().Write(flood); err != nil {
							return // closed
						}
					}
				})
			}
			for i := range heard {
				for deadline := time.Now().Add(patient); heard[i].Load() < 64<<10; {
					if time.Now().After(deadline) {
						t.Fatalf("a socket has been told of %d bytes of errors, and waits", heard[i].Load())
					}
					other.send(`{"type":"message","data":1}`)
					other.read()
				}
			}
			w.registry.each((*socket).cut)
			floods.Wait()
		})
	}
}

// TestFloodOfOneTooMany: a socket that is opened only to be told that there are too
// many gives its lane back as well.
func TestFloodOfOneTooMany(t *testing.T) {
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
	for w.limits.farewells.Load() > 0 || len(w.lanes) > 0 {
		if time.Now().After(deadline) {
			t.Fatalf("%d are still being told, %d lanes are held", w.limits.farewells.Load(), len(w.lanes))
		}
		runtime.Gosched()
	}
}

// holdLanes takes all lanes until the test ends, or until what it gives is called.
func (w *site) holdLanes(t *testing.T) (release func()) {
	t.Helper()
	for range cap(w.lanes) {
		w.lanes <- struct{}{}
	}
	release = sync.OnceFunc(func() {
		for range cap(w.lanes) {
			<-w.lanes
		}
	})
	t.Cleanup(release)
	return release
}

// TestLanesAreForFloods: who waits for an answer before it goes on needs no lane, however
// long it does so; who sends more than is taken waits for one.
func TestLanesAreForFloods(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"ws", "wss"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			c := dialNarrow(t, w, scheme)
			release := w.holdLanes(t)
			const ping, pong = `{"type":"ping","n":1}`, `{"type":"pong"}`
			for range atOnce + 2*turn {
				time.Sleep(2 * pause)
				c.send(ping)
				c.want(pong)
			}
			const flood = atOnce + 20*turn
			if _, err := c.NetConn().Write(bytes.Repeat(clientFrame(0x81, ping), flood)); err != nil {
				t.Fatal(err)
			}
			answers := make([]byte, flood*len(pongFrame))
			_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
			n, err := io.ReadFull(c.NetConn(), answers)
			if err == nil || n > (atOnce+2*turn)*len(pongFrame) {
				t.Errorf("%d answers while others have the lanes", n/len(pongFrame))
			}
			release()
			_ = c.SetReadDeadline(time.Now().Add(patient))
			if _, err := io.ReadFull(c.NetConn(), answers[n:]); err != nil {
				t.Errorf("reading the other answers: %v", err)
			}
		})
	}
}

// TestDiscardNeedsNoLane: of one that goes on after our close frame so little is read that
// others need not go first, nor wait for it.
func TestDiscardNeedsNoLane(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Config{Hub: fanout.New(fanout.Config{}), Collections: resolveFunc(onlyUsers), APIKey: testKey})
		if err != nil {
			t.Fatal(err)
		}
		for range cap(s.lanes) {
			s.lanes <- struct{}{}
		}
		peer, conn := net.Pipe()
		n := newSession(s, nil)
		n.attach(conn)
		n.queue.Abandon()
		var running sync.WaitGroup
		sent := 0
		running.Go(func() {
			for b := make([]byte, 64<<10); ; {
				n, err := peer.Write(b)
				if sent += n; err != nil {
					return
				}
			}
		})
		running.Go(func() {
			n.discard()
			_ = conn.Close()
		})
		time.Sleep(2 * s.times.closeWait)
		s.end() // who still waits for a lane does no longer
		running.Wait()
		if want := int(s.times.closeWait/discardEvery) * discardAtOnce * spareBuffer; sent < want/2 || sent > want {
			t.Errorf("%d bytes were read, want about %d", sent, want)
		}
	})
}

// TestLeavingHoldsNoLane: what a session does at its end may take long.
func TestLeavingHoldsNoLane(t *testing.T) {
	t.Parallel()
	w := setup(t)
	held := make(chan int, 1)
	k := leaver(func() { held <- len(w.lanes) })
	other := httptest.NewServer(w.socket(func(*Server, *http.Request) kind { return k }))
	defer other.Close()
	conn, answer, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(other.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	defer conn.Close()
	c := &client{conn, t}
	c.send(hello("a", "a"))
	all := append(bytes.Repeat(clientFrame(0x81, `{"type":"message"}`), atOnce+turn), closing(1000, "")...)
	if _, err := c.NetConn().Write(all); err != nil {
		t.Fatal(err)
	}
	if n := <-held; n > 0 {
		t.Errorf("%d lanes are held", n)
	}
	c.wantClose(protocol.CloseNormal)
}

// leaver is a kind of socket of which only the end matters.
type leaver func()

func (leaver) join(context.Context, *socket, auth.Principal, *protocol.Hello) error { return nil }
func (leaver) command(protocol.Command, []byte) *protocol.Error                     { return nil }
func (k leaver) leave()                                                             { k() }
func (leaver) path() string                                                         { return "" }
