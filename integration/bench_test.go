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

// lavish lifts the limits that loads would meet: of rates, and of one address.
var lavish = []string{"--message-rate=-1", "--address-message-rate=-1", "--address-connection-rate=-1", "--max-connections-per-address=-1"}

func benchServer(b *testing.B, slot string, flags ...string) *harness.Server {
	b.Helper()
	return harness.Serve(b, pgtest.Start(b).NewDatabase(b), slot, append(slices.Clone(lavish), flags...)...)
}

// sameUser is a first message with which all connections are one user's: nobody is told that
// others join.
const sameUser = `{"api_key":"` + harness.APIKey + `","user_id":"one","action":"create"}`

// BenchmarkDeliver measures messages of 256 bytes from a socket to 1,000, of which it
// is one: on the broadcast, and in rooms.
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

// BenchmarkRooms compares 2,000 rooms of 2 with one of 4,000, each with one message
// from SQL: so the cost is that of delivering alone. What it costs to hold them is
// measured as well.
func BenchmarkRooms(b *testing.B) {
	const sockets = 4000
	for _, people := range []int{2, sockets} {
		b.Run(fmt.Sprintf("rooms=%d/people=%d", sockets/people, people), func(b *testing.B) {
			db := harness.Connect(b, pgtest.Start(b).NewDatabase(b))
			s, l := harness.Serve(b, db.URL, fmt.Sprintf("rooms_of_%d", people), lavish...), harness.StartLoad(b)
			l.Open(harness.Sockets{N: 64, Addr: s.Addr, Path: "rooms/first", Hello: harness.CreateHello, Frames: 64 * 65 / 2}) // what is needed once is not a room's cost
			held := s.ResidentBytes(b)
			path, hello := "rooms/load%h", harness.CreateHello
			if people == sockets {
				path, hello = "rooms/load0", sameUser // or else each hears of each
			}
			frames := sockets
			if people == 2 {
				frames += sockets / 2 // who comes first hears of the second
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

// BenchmarkHeld measures what clients cost in memory that do nothing: before their
// request, before their first message, and in a room of two.
func BenchmarkHeld(b *testing.B) {
	const each = 2000
	for _, tt := range []struct {
		name string
		open func(s *harness.Server, i int) (io.Closer, error)
	}{
		{"connection", func(s *harness.Server, _ int) (io.Closer, error) {
			conn, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", s.Addr)
			if err == nil {
				_, err = io.WriteString(conn, "GET /") // or else the kernel may keep it to itself
			}
			return conn, err
		}},
		{"stranger", func(s *harness.Server, _ int) (io.Closer, error) {
			return harness.DialRaw(b.Context(), &net.Dialer{}, s.Addr, "broadcast", "")
		}},
		{"member", func(s *harness.Server, i int) (io.Closer, error) {
			k, err := harness.DialRaw(b.Context(), &net.Dialer{}, s.Addr, fmt.Sprintf("rooms/held%d", i/2), fmt.Sprintf(harness.CreateHello, i))
			if err == nil {
				_, err = k.ReadText() // "joined"
			}
			return k, err
		}},
	} {
		b.Run(tt.name, func(b *testing.B) {
			s := benchServer(b, "held_"+tt.name, "--max-unauthenticated=-1", "--auth-timeout=1m")
			open := func(n int) {
				for i := range n {
					k, err := tt.open(s, i)
					if err != nil {
						b.Fatal(err)
					}
					b.Cleanup(func() { _ = k.Close() })
				}
			}
			open(64) // what is needed once is not theirs
			s.HeapBytes(b)
			before := s.ResidentBytes(b)
			for b.Loop() { // costly, and exact: it is measured once
			}
			open(each)
			b.ReportMetric(float64(s.ResidentBytes(b)-before)/each, "rss-B/each")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkChurn measures how long a message takes in a room of two, while nothing
// else happens and while 1,000 times a second somebody joins one of 1,000 other rooms
// and leaves it.
func BenchmarkChurn(b *testing.B) {
	disturb(b, benchServer(b, "churn"), "churn", time.Millisecond)
}

// BenchmarkHostile measures the same under attacks on a server with its own limits.
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

// disturb measures the latency of messages without a nuisance, with it, and, as the
// control, while it is aimed at a sink in place of the server: what the machine itself
// takes for so many connections and bytes is in both. The three take turns in short
// windows, so that what else the machine does meets them alike, and the median of the
// windows' ratios tells of the nuisance when that is much. The nuisance's own process
// lets others go first, so that it takes little time from what is measured but what it
// takes of the server. An iteration is a window of each kind: -benchtime 40x is enough
// for a 99th percentile.
func disturb(b *testing.B, s *harness.Server, nuisance string, every time.Duration) {
	const samples = 150
	probing, disturbing, sink := harness.StartLoad(b), harness.StartIdleLoad(b), harness.StartLoad(b)
	aims := []string{s.Addr, sink.Sink()}
	peak := s.WatchResident(b)
	var quiet figures
	var busy [2]figures // by aim
	acts := int64(0)
	for b.Loop() {
		quiet.measure(b, s, probing, samples)
		for i, addr := range aims {
			disturbing.Disturb(addr, nuisance, every)
			busy[i].measure(b, s, probing, samples)
			done := disturbing.Rest()
			if addr == s.Addr {
				acts += done
			}
		}
	}
	hostile, control := &busy[0], &busy[1]
	for _, q := range []float64{0.5, 0.99} {
		name := fmt.Sprintf("p%d", int(q*100))
		b.ReportMetric(micros(quiet.all(), q), "quiet-"+name+"-µs")
		b.ReportMetric(micros(control.all(), q), "control-"+name+"-µs")
		b.ReportMetric(micros(hostile.all(), q), "busy-"+name+"-µs")
		b.ReportMetric(hostile.ratio(&quiet, q), name+"-ratio")
		b.ReportMetric(hostile.ratio(control, q), name+"-ratio-to-control")
	}
	b.ReportMetric(float64(acts)/hostile.took.Seconds(), "acts/s")
	extra := hostile.used.Seconds() - quiet.used.Seconds()*hostile.took.Seconds()/quiet.took.Seconds()
	b.ReportMetric(1e6*extra/float64(acts), "cpu-µs/act")
	b.ReportMetric(float64(peak())/(1<<20), "peak-MiB")
	b.ReportMetric(0, "ns/op")
}

// figures are what was seen in all windows of a kind.
type figures struct {
	windows    [][]time.Duration // latencies
	used, took time.Duration     // by the server, and in all
}

func (f *figures) measure(b *testing.B, s *harness.Server, l *harness.Load, samples int) {
	b.Helper()
	began, before := time.Now(), s.CPUTime(b)
	f.windows = append(f.windows, l.Probe(harness.Probe{
		Addr: s.Addr, Path: "rooms/quiet", Hello: harness.CreateHello, N: samples, Every: 2 * time.Millisecond,
		Text: `{"type":"message","content":"` + strings.Repeat("x", 240) + `"}`,
	}))
	f.used, f.took = f.used+s.CPUTime(b)-before, f.took+time.Since(began)
}

// ratio is the median of the windows' ratios to another's, at a quantile.
func (f *figures) ratio(to *figures, q float64) float64 {
	var ratios []float64
	for i := range f.windows {
		ratios = append(ratios, micros(f.windows[i], q)/micros(to.windows[i], q))
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}

func (f *figures) all() []time.Duration { return slices.Concat(f.windows...) }

// micros is a quantile, in µs.
func micros(d []time.Duration, q float64) float64 {
	d = slices.Sorted(slices.Values(d))
	return float64(d[int(float64(len(d))*q)]) / 1e3
}
