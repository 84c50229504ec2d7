//go:build unix

package httpapi

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/protocol/wal"
)

// BenchmarkDeliver measures a change's way from Publish to clients in another process, over
// the loopback interface. An iteration publishes one batch of burst changes. All subscribers
// get all of them.
func BenchmarkDeliver(b *testing.B) {
	const subs = 1000
	for _, burst := range []int{1, 16} {
		b.Run(fmt.Sprintf("subs=%d/burst=%d", subs, burst), func(b *testing.B) {
			w, l := setup(b), harness.StartLoad(b)
			l.Open(w.sockets(subs, sameFilter))
			var changes []wal.Change
			for i := range burst {
				changes = append(changes, created(i, "active"))
			}
			calls, cpu := w.transport.Stats().Writes, cpuTime()
			b.ReportAllocs()
			for b.Loop() {
				w.publish(b, changes...)
				l.Await(subs * burst)
			}
			deliveries := float64(b.N) * subs * float64(burst)
			b.ReportMetric(float64(b.Elapsed())/deliveries, "ns/delivery")
			b.ReportMetric(float64(cpuTime()-cpu)/deliveries, "cpu-ns/delivery")
			b.ReportMetric(float64(w.transport.Stats().Writes-calls)/(float64(b.N)*subs), "writes/socket")
		})
	}
}

// BenchmarkIdleSocket measures how much memory a socket with one filter costs while nothing is
// sent to it. This process has only the server, so its resident memory counts: after all
// clients have connected (rss), after a garbage collection (rss-gc), and after the runtime has
// returned free memory (rss-freed). Memory that one benchmark leaves is used by the next one,
// which then seems to need less: run one at a time.
func BenchmarkIdleSocket(b *testing.B) {
	b.Run("filters=same", func(b *testing.B) { benchmarkIdleSocket(b, sameFilter) })
	b.Run("filters=distinct", func(b *testing.B) { benchmarkIdleSocket(b, `{"status":"active","id_gt":%d}`) })
}

const sameFilter = `{"status":"active"}`

// sockets are clients of the server that follow users by a filter, in which %d is the
// client's number.
func (w *site) sockets(n int, filter string) harness.Sockets {
	return harness.Sockets{
		N: n, Addr: strings.TrimPrefix(w.http.URL, "http://"), Path: "collections/users",
		Hello: `{"api_key":"` + testKey + `","filters":` + filter + `}`,
	}
}

func benchmarkIdleSocket(b *testing.B, filter string) {
	const sockets = 5000
	w, l := setup(b), harness.StartLoad(b)
	l.Open(w.sockets(64, sameFilter)) // what the server needs once is not a socket's cost
	runtime.GC()
	debug.FreeOSMemory()
	before := usage()
	for b.Loop() { // the measurement takes long and is exact: once is enough
	}
	l.Open(w.sockets(sockets, filter))
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
