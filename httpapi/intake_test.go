package httpapi

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
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
