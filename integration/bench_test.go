package integration

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// withoutLimits lifts the limits that a load would reach: those of rates, and of one address.
var withoutLimits = []string{"--message-rate=-1", "--address-message-rate=-1", "--address-connection-rate=-1", "--max-connections-per-address=-1"}

func benchServer(b *testing.B, slot string, flags ...string) *harness.Server {
	b.Helper()
	return harness.Serve(b, pgtest.Start(b).NewDatabase(b), slot, append(slices.Clone(withoutLimits), flags...)...)
}

// sameUser is a first message that makes all connections one user's, so that nobody gets
// "user_joined".
const sameUser = `{"api_key":"` + harness.APIKey + `","user_id":"one","action":"create"}`

// BenchmarkDeliver measures messages of 256 bytes that one of 1,000 clients sends to all of
// them, itself included: on the broadcast, and in a room.
func BenchmarkDeliver(b *testing.B) {
	const message = `"` + "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" +
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd" + `"`
	for _, kind := range []struct{ name, path, field string }{{"broadcast", "broadcast", "data"}, {"room", "rooms/load", "content"}} {
		for _, burst := range []int{1, 16} {
			b.Run(fmt.Sprintf("%s/sockets=1000/burst=%d", kind.name, burst), func(b *testing.B) {
				const sockets = 1000
				s, l := benchServer(b, fmt.Sprintf("deliver_%s_%d", kind.name, burst)), harness.StartLoad(b)
				l.Open(harness.Sockets{N: sockets, Addr: s.Addr, Path: kind.path, Hello: sameUser})
				text := `{"type":"message","` + kind.field + `":` + message + `}`
				before := s.CPUTime(b)
				for b.Loop() {
					l.Burst(text, burst, sockets*burst)
				}
				deliveries := float64(b.N) * sockets * float64(burst)
				b.ReportMetric(float64(s.CPUTime(b)-before)/1e3/deliveries, "cpu-µs/delivery")
				b.ReportMetric(float64(b.Elapsed())/1e3/deliveries, "µs/delivery")
			})
		}
	}
}

// BenchmarkRooms compares 2,000 rooms of 2 clients with one room of 4,000. SQL sends each
// room one message, so the cost is that of delivery alone. It also measures the memory of a
// connection in such a room.
func BenchmarkRooms(b *testing.B) {
	const sockets = 4000
	for _, people := range []int{2, sockets} {
		b.Run(fmt.Sprintf("rooms=%d/people=%d", sockets/people, people), func(b *testing.B) {
			db := harness.Connect(b, pgtest.Start(b).NewDatabase(b))
			s, l := harness.Serve(b, db.URL, fmt.Sprintf("rooms_of_%d", people), withoutLimits...), harness.StartLoad(b)
			l.Open(harness.Sockets{N: 64, Addr: s.Addr, Path: "rooms/first", Hello: harness.CreateHello, Frames: 64 * 65 / 2}) // what the server needs once is not a room's cost
			held := s.ResidentBytes(b)
			path, hello := "rooms/load%h", harness.CreateHello
			if people == sockets {
				path, hello = "rooms/load0", sameUser // with different users, everybody would get everybody's "user_joined"
			}
			frames := sockets
			if people == 2 {
				frames += sockets / 2 // the first in a room also gets "user_joined"
			}
			l.Open(harness.Sockets{N: sockets, Addr: s.Addr, Path: path, Hello: hello, Frames: frames})
			b.ReportMetric(float64(s.ResidentBytes(b)-held)/sockets, "rss-B/socket")
			before := s.CPUTime(b)
			for b.Loop() {
				db.Run(b, `SELECT pg_logical_emit_message(true, 'tablewire:room:load' || i, $1) FROM generate_series(0, $2::int - 1) i`,
					`{"content":"`+strings.Repeat("x", 240)+`"}`, sockets/people)
				l.Await(sockets)
			}
			deliveries := float64(b.N) * sockets
			b.ReportMetric(float64(s.CPUTime(b)-before)/1e3/deliveries, "cpu-µs/delivery")
			b.ReportMetric(float64(b.Elapsed())/1e3/deliveries, "µs/delivery")
		})
	}
}

// BenchmarkIdleClient measures how much memory a client costs that does nothing: before its
// request, before its first message, and in a room of two.
func BenchmarkIdleClient(b *testing.B) {
	const each = 2000
	for _, tt := range []struct {
		name string
		open func(s *harness.Server, i int) (io.Closer, error)
	}{
		{"connection", func(s *harness.Server, _ int) (io.Closer, error) {
			conn, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", s.Addr)
			if err == nil {
				_, err = io.WriteString(conn, "GET /") // without it, the kernel may not accept the connection yet
			}
			return conn, err
		}},
		{"unauthenticated", func(s *harness.Server, _ int) (io.Closer, error) {
			return harness.DialRaw(b.Context(), &net.Dialer{}, s.Addr, "broadcast", "")
		}},
		{"member", func(s *harness.Server, i int) (io.Closer, error) {
			c, err := harness.DialRaw(b.Context(), &net.Dialer{}, s.Addr, fmt.Sprintf("rooms/idle%d", i/2), fmt.Sprintf(harness.CreateHello, i))
			if err == nil {
				_, err = c.ReadText() // "joined"
			}
			return c, err
		}},
	} {
		b.Run(tt.name, func(b *testing.B) {
			s := benchServer(b, "idle_"+tt.name, "--max-unauthenticated=-1", "--auth-timeout=1m")
			open := func(n int) {
				for i := range n {
					c, err := tt.open(s, i)
					if err != nil {
						b.Fatal(err)
					}
					b.Cleanup(func() { _ = c.Close() })
				}
			}
			open(64) // what the server needs once is not a client's cost
			s.HeapBytes(b)
			before := s.ResidentBytes(b)
			for b.Loop() { // the measurement takes long and is exact: once is enough
			}
			open(each)
			b.ReportMetric(float64(s.ResidentBytes(b)-before)/each, "rss-B/each")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkChurn measures how long a message takes in a room of two: on an idle server, and
// while 1,000 times a second a client joins one of 1,000 other rooms and leaves it.
func BenchmarkChurn(b *testing.B) {
	disturb(b, benchServer(b, "churn"), "churn", time.Millisecond)
}

// BenchmarkHostile measures the same under attacks, on a server with its default limits.
func BenchmarkHostile(b *testing.B) {
	s := harness.Serve(b, pgtest.Start(b).NewDatabase(b), "hostile_bench")
	for _, n := range []struct {
		name  string
		every time.Duration
	}{
		{"connects", 500 * time.Microsecond},
		{"requests", 20 * time.Millisecond},
		{"malformed", 2 * time.Millisecond},
		{"oversized", 10 * time.Millisecond},
		{"nested", 10 * time.Millisecond},
		{"messages", 50 * time.Millisecond},
		{"pings", 50 * time.Millisecond},
		{"fragments", 50 * time.Millisecond},
		{"slow", 2 * time.Millisecond},
		{"stalled", 100 * time.Millisecond},
	} {
		b.Run(fmt.Sprintf("%s/every=%s", n.name, n.every), func(b *testing.B) {
			disturb(b, s, n.name, n.every)
		})
	}
}

// disturb measures the latency of messages in three kinds of window: quiet, without a
// nuisance; busy, with the nuisance aimed at the server; and control, with the nuisance aimed
// at a sink. Busy and control both contain what the machine itself takes for so many
// connections and bytes. The windows are short and take turns, so that other work on the
// machine affects all kinds alike; the metrics "ratio" are medians over the windows' ratios.
// The nuisance's process has idle priority, so that it takes time only from the server. An
// iteration is one window of each kind: -benchtime 40x is enough for a 99th percentile.
func disturb(b *testing.B, s *harness.Server, nuisance string, every time.Duration) {
	const samples = 150
	probing, disturbing, sink := harness.StartLoad(b), harness.StartIdleLoad(b), harness.StartLoad(b)
	targets := []string{s.Addr, sink.Sink()}
	peak := s.WatchResident(b)
	var quiet latencies
	var disturbed [2]latencies // by target
	times := int64(0)
	for b.Loop() {
		quiet.measure(b, s, probing, samples)
		for i, addr := range targets {
			disturbing.Disturb(addr, nuisance, every)
			disturbed[i].measure(b, s, probing, samples)
			done := disturbing.Rest()
			if addr == s.Addr {
				times += done
			}
		}
	}
	busy, control := &disturbed[0], &disturbed[1]
	for _, q := range []float64{0.5, 0.99} {
		name := fmt.Sprintf("p%d", int(q*100))
		b.ReportMetric(micros(quiet.all(), q), "quiet-"+name+"-µs")
		b.ReportMetric(micros(control.all(), q), "control-"+name+"-µs")
		b.ReportMetric(micros(busy.all(), q), "busy-"+name+"-µs")
		b.ReportMetric(busy.ratio(&quiet, q), name+"-ratio")
		b.ReportMetric(busy.ratio(control, q), name+"-ratio-to-control")
	}
	b.ReportMetric(float64(times)/busy.took.Seconds(), "acts/s")
	extra := busy.cpu.Seconds() - quiet.cpu.Seconds()*busy.took.Seconds()/quiet.took.Seconds()
	b.ReportMetric(1e6*extra/float64(times), "cpu-µs/act")
	b.ReportMetric(float64(peak())/(1<<20), "peak-MiB")
	b.ReportMetric(0, "ns/op")
}

// latencies are the measurements of all windows of a kind.
type latencies struct {
	windows [][]time.Duration
	cpu     time.Duration // of the server, in all windows
	took    time.Duration // all windows
}

func (l *latencies) measure(b *testing.B, s *harness.Server, load *harness.Load, samples int) {
	b.Helper()
	began, before := time.Now(), s.CPUTime(b)
	l.windows = append(l.windows, load.Probe(harness.Probe{
		Addr: s.Addr, Path: "rooms/quiet", Hello: harness.CreateHello, N: samples, Every: 2 * time.Millisecond,
		Text: `{"type":"message","content":"` + strings.Repeat("x", 240) + `"}`,
	}))
	l.cpu, l.took = l.cpu+s.CPUTime(b)-before, l.took+time.Since(began)
}

// ratio returns the median of the ratios between a window's quantile and that of the other
// kind's window of the same turn.
func (l *latencies) ratio(to *latencies, q float64) float64 {
	var ratios []float64
	for i := range l.windows {
		ratios = append(ratios, micros(l.windows[i], q)/micros(to.windows[i], q))
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}

func (l *latencies) all() []time.Duration { return slices.Concat(l.windows...) }

// micros returns a quantile in µs.
func micros(d []time.Duration, q float64) float64 {
	d = slices.Sorted(slices.Values(d))
	return float64(d[int(float64(len(d))*q)]) / 1e3
}
