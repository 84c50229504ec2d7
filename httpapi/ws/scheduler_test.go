package ws

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
)

// TestReadAhead sends messages of all lengths, cut into pieces of all lengths: each comes
// back whole and in order, whatever was read ahead.
func TestReadAhead(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	w := setup(t)
	c := w.connect(t, "ws")
	const count = 300
	var sent bytes.Buffer
	var want []string
	for i := range count {
		length := []int{1, 100, 250, 4000, 16_200, 60_000}[r.IntN(6)]
		text := fmt.Sprintf("%d %s", i, strings.Repeat("x", r.IntN(length)))
		sent.Write(clientFrame(0x81, text))
		want = append(want, text)
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
	for _, text := range want {
		c.want(text)
	}
	writing.Wait()
}

// TestTurns has many connections that are sent messages without end: all of them are
// served, and another one is answered all the while. setup checks that none
// has a turn when they are gone.
func TestTurns(t *testing.T) {
	t.Parallel()
	for name, rate := range map[string]float64{"CoolsDown": 2000, "Unlimited": -1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, func(c *Config) { c.MessageRate = rate })
			if cools := w.cfg.coolsDown(); cools != (rate > 0) {
				t.Errorf("coolsDown is %v", cools)
			}
			other := w.connect(t, "ws")
			flood := bytes.Repeat(clientFrame(0x81, "["), 1000)
			var floods sync.WaitGroup
			var heard [10]atomic.Int64
			for i := range heard {
				c := w.connect(t, "ws")
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
				for deadline := time.Now().Add(patient); heard[i].Load() < 4<<10; {
					if time.Now().After(deadline) {
						t.Fatalf("a connection has been sent %d bytes, and waits", heard[i].Load())
					}
					other.send("x")
					other.want("x")
				}
			}
			w.Each((*Conn).Abort)
			floods.Wait()
		})
	}
}

// takeTurns takes all turns until the test ends, or until release is called.
func (w *site) takeTurns(t *testing.T) (release func()) {
	t.Helper()
	for range cap(w.turns) {
		w.turns <- struct{}{}
	}
	release = sync.OnceFunc(func() {
		for range cap(w.turns) {
			<-w.turns
		}
	})
	t.Cleanup(release)
	return release
}

// TestTurnsAreForFloods: a client that waits for an answer before it goes on needs no turn,
// however long it does so; one that sends more than is read waits for one.
func TestTurnsAreForFloods(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"ws", "wss"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			c := w.connect(t, scheme)
			release := w.takeTurns(t)
			for range burst + 2*quantum {
				time.Sleep(2 * cooldown)
				c.send("ping")
				c.want("ping")
			}
			const flood = burst + 20*quantum
			if _, err := c.NetConn().Write(bytes.Repeat(clientFrame(0x81, "ping"), flood)); err != nil {
				t.Fatal(err)
			}
			size := len(wsframe.Text([]byte("ping")))
			answers := make([]byte, flood*size)
			_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
			n, err := io.ReadFull(c.NetConn(), answers)
			if err == nil || n > (burst+2*quantum)*size {
				t.Errorf("%d answers while others have the turns", n/size)
			}
			release()
			_ = c.SetReadDeadline(time.Now().Add(patient))
			if _, err := io.ReadFull(c.NetConn(), answers[n:]); err != nil {
				t.Errorf("reading the other answers: %v", err)
			}
		})
	}
}

// TestDiscardNeedsNoTurn: so little is read of a client that goes on after our close frame
// that others need not go first, and it needs not wait for them.
func TestDiscardNeedsNoTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &site{Transport: New(testConfig())}
		for range cap(w.turns) {
			w.turns <- struct{}{}
		}
		peer, conn := net.Pipe()
		var c Conn
		c.Init(w.Transport, nil)
		c.attach(conn)
		c.queue.Abandon()
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
			c.discard()
			_ = conn.Close()
		})
		closeAnswer := w.cfg.Timeouts.CloseAnswer
		time.Sleep(2 * closeAnswer)
		w.cancel() // nobody waits for a turn any more
		running.Wait()
		if want := int(closeAnswer/discardEvery) * discardAtOnce * spareBuffer; sent < want/2 || sent > want {
			t.Errorf("%d bytes were read, want about %d", sent, want)
		}
	})
}

// TestLeavingEndsTheTurn: what a handler does at its end may take long.
func TestLeavingEndsTheTurn(t *testing.T) {
	t.Parallel()
	w := setup(t)
	held := make(chan int, 1)
	w.change = func(e *echo) { e.leave = func() { held <- w.Stats().Turns } }
	c := w.connect(t, "ws")
	all := append(bytes.Repeat(clientFrame(0x81, "x"), burst+quantum), clientFrame(0x88, "\x03\xe8")...)
	if _, err := c.NetConn().Write(all); err != nil {
		t.Fatal(err)
	}
	if n := <-held; n > 0 {
		t.Errorf("%d connections have a turn", n)
	}
	for range burst + quantum {
		c.want("x")
	}
	c.wantClose(protocol.CloseNormal)
}
