//go:build unix

package httpapi

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/protocol"
)

// BenchmarkDeliver measures a change's way from Publish to clients in another
// process, over loopback. Each iteration is one batch of burst changes that all
// subscribers get.
func BenchmarkDeliver(b *testing.B) {
	const subs = 1000
	for _, burst := range []int{1, 16} {
		b.Run(fmt.Sprintf("subs=%d/burst=%d", subs, burst), func(b *testing.B) {
			w, l := setup(b), startLoad(b)
			l.open(w.http.URL, subs)
			var changes []protocol.Change
			for i := range burst {
				changes = append(changes, created(i, "active"))
			}
			calls, cpu := w.writers.calls.Load(), cpuTime()
			b.ReportAllocs()
			for b.Loop() {
				w.publish(b, changes...)
				l.expect(subs * burst)
			}
			deliveries := float64(b.N) * subs * float64(burst)
			b.ReportMetric(float64(b.Elapsed())/deliveries, "ns/delivery")
			b.ReportMetric(float64(cpuTime()-cpu)/deliveries, "cpu-ns/delivery")
			b.ReportMetric(float64(w.writers.calls.Load()-calls)/(float64(b.N)*subs), "writes/socket")
		})
	}
}

// BenchmarkBroadcastDeliver measures messages of 256 bytes to all of a project.
func BenchmarkBroadcastDeliver(b *testing.B) {
	benchmarkChat(b, (*load).listen, func(w *site, data []byte) {
		w.cfg.Broadcast.Send(ProjectID, protocol.System, data)
	})
}

// BenchmarkRoomDeliver measures the same in a room.
func BenchmarkRoomDeliver(b *testing.B) {
	benchmarkChat(b, (*load).enter, func(w *site, data []byte) {
		_ = w.cfg.Rooms.Send(ProjectID, "load", protocol.System, data) // the room is there
	})
}

func benchmarkChat(b *testing.B, open func(l *load, server string, n int), send func(w *site, data []byte)) {
	const subs = 1000
	data := []byte(`"` + strings.Repeat("x", 254) + `"`)
	for _, burst := range []int{1, 16} {
		b.Run(fmt.Sprintf("subs=%d/burst=%d", subs, burst), func(b *testing.B) {
			w, l := setup(b), startLoad(b)
			open(l, w.http.URL, subs)
			cpu := cpuTime()
			b.ReportAllocs()
			for b.Loop() {
				for range burst {
					send(w, data)
				}
				l.expect(subs * burst)
			}
			deliveries := float64(b.N) * subs * float64(burst)
			b.ReportMetric(float64(b.Elapsed())/deliveries, "ns/delivery")
			b.ReportMetric(float64(cpuTime()-cpu)/deliveries, "cpu-ns/delivery")
		})
	}
}

// BenchmarkRoomChurn measures how long a message in a quiet room takes to its
// reader in the server's process, without and with 1,000 joins and leaves a second
// in 1,000 other rooms. The two take turns, so that whatever else the machine does
// meets both alike.
func BenchmarkRoomChurn(b *testing.B) {
	const rooms, samples, rounds = 1000, 200, 10
	w := setup(b)
	c := w.member(b, "a", 1)
	measure := func(into []time.Duration) []time.Duration {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for range samples {
			<-tick.C
			began := time.Now()
			_ = w.cfg.Rooms.Send(ProjectID, "general-chat", protocol.System, []byte("1")) // the room is there
			c.read()
			into = append(into, time.Since(began))
		}
		return into
	}
	churn := func(stop <-chan struct{}, done chan<- int) {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		n := 0
		for ; ; n++ {
			select {
			case <-stop:
				done <- n
				return
			case <-tick.C:
			}
			var q fanout.Queue
			q.Init(1<<20, dozing{})
			seat, err := w.cfg.Rooms.Enter(fanout.Entry{Project: ProjectID, Room: protocol.Room{ID: strconv.Itoa(n % rooms)}, Create: true, User: protocol.System, Queue: &q})
			if err == nil {
				w.cfg.Rooms.Leave(seat)
			}
		}
	}
	p99 := func(d []time.Duration) float64 {
		slices.Sort(d)
		return float64(d[len(d)*99/100])
	}
	var quiet, busy []time.Duration
	churned := 0
	for b.Loop() { // costly: it is measured as often as it is asked for
		for range rounds {
			quiet = measure(quiet)
			stop, done := make(chan struct{}), make(chan int)
			go churn(stop, done)
			busy = measure(busy)
			close(stop)
			churned += <-done
		}
	}
	b.ReportMetric(p99(quiet)/1e3, "quiet-p99-us")
	b.ReportMetric(p99(busy)/1e3, "churn-p99-us")
	b.ReportMetric(p99(busy)/p99(quiet), "p99-ratio")
	b.ReportMetric(float64(churned)/float64(b.N), "churns/op")
}

// BenchmarkIdleSocket measures what a socket that has one filter and nothing to
// do costs: resident memory of this process, in which only the server is. Both as
// it is after all have connected, and after a garbage collection.
func BenchmarkIdleSocket(b *testing.B) {
	const sockets = 5000
	w, l := setup(b), startLoad(b)
	l.open(w.http.URL, 64) // what is needed once is not a socket's cost
	runtime.GC()
	debug.FreeOSMemory()
	before := usage()
	for b.Loop() { // costly, and exact: it is measured once
	}
	l.open(w.http.URL, sockets)
	now := usage()
	runtime.GC()
	collected := usage()
	debug.FreeOSMemory()
	freed := usage()
	per := func(u, v uint64) float64 { return (float64(v) - float64(u)) / float64(sockets) }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(per(before.rss, now.rss), "rss-B/socket")
	b.ReportMetric(per(before.rss, collected.rss), "rss-gc-B/socket")
	b.ReportMetric(per(before.rss, freed.rss), "rss-freed-B/socket")
	b.ReportMetric(per(before.stacks, freed.stacks), "stack-B/socket")
	b.ReportMetric(per(before.heap, freed.heap), "heap-B/socket")
	b.ReportMetric(float64(runtime.NumGoroutine())/float64(sockets+64), "goroutines/socket")
}

type memory struct{ rss, stacks, heap uint64 }

func usage() memory {
	statm, _ := os.ReadFile("/proc/self/statm")
	var m memory
	if f := strings.Fields(string(statm)); len(f) > 1 {
		pages, _ := strconv.ParseUint(f[1], 10, 64)
		m.rss = pages * uint64(os.Getpagesize())
	}
	samples := []metrics.Sample{{Name: "/memory/classes/heap/stacks:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(samples)
	m.stacks, m.heap = samples[0].Value.Uint64(), samples[1].Value.Uint64()
	return m
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
