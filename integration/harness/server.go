package harness

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// APIKey is the key of every server that the harness starts.
const APIKey = "test-key"

// Server is a process of "tablewire serve".
type Server struct {
	*Process
	Addr, AdminAddr string // host:port
}

// Serve starts a server on a database and waits until it is ready. The slot's name must be
// free in the whole PostgreSQL server. The publication's name is the slot's with "wire_" in
// front: if the program took one name for the other, tests would fail. Flags come last, so
// they override what Serve sets.
func Serve(t testing.TB, databaseURL, slot string, flags ...string) *Server {
	t.Helper()
	return ServeNamed(t, databaseURL, append([]string{"--slot", slot, "--publication", "wire_" + slot}, flags...)...)
}

// ServeNamed is [Serve] without a name for the slot and the publication: either flags have
// them, or the program's defaults hold.
func ServeNamed(t testing.TB, databaseURL string, flags ...string) *Server {
	t.Helper()
	p := Start(t, Env(databaseURL), append([]string{"serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"}, flags...)...)
	m := p.WaitLine(t, `ready .*url=http://(\S+) .*admin=http://(\S+)`)
	return &Server{Process: p, Addr: m[1], AdminAddr: m[2]}
}

// Env returns the environment that gives the program the database and [APIKey].
func Env(databaseURL string) []string {
	return []string{"TABLEWIRE_DATABASE_URL=" + databaseURL, "TABLEWIRE_API_KEY=" + APIKey}
}

// ServeArgs returns the arguments with which [Serve] starts the program.
func ServeArgs(slot string) []string {
	return []string{"serve", "--slot", slot, "--publication", "wire_" + slot, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"}
}

// Stop sends SIGTERM and waits until the server has ended. It fails the test if the server
// ends with an error or takes longer than ten seconds.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	s.Signal(t, syscall.SIGTERM)
	if code := s.WaitExit(t, 10*time.Second); code != 0 {
		t.Errorf("after SIGTERM the server ended with exit code %d:\n%s", code, s.Output())
	}
}

// Metrics returns the server's metrics in Prometheus's text format.
func (s *Server) Metrics(t testing.TB) string {
	t.Helper()
	return Get(t, "http://"+s.AdminAddr+"/metrics")
}

// Metric returns the value of one metric. The name includes its labels, if it has some.
func (s *Server) Metric(t testing.TB, name string) float64 {
	t.Helper()
	for line := range strings.Lines(s.Metrics(t)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+" "); ok {
			v, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	t.Fatalf("the server has no metric %s", name)
	return 0
}

// HeapBytes makes the server collect its garbage and returns how much heap is in use then.
func (s *Server) HeapBytes(t testing.TB) int64 {
	t.Helper()
	Get(t, "http://"+s.AdminAddr+"/debug/pprof/heap?gc=1")
	return int64(s.Metric(t, "go_memstats_heap_alloc_bytes"))
}

// Get requests a URL and returns the response's body, whatever its status is.
func Get(t testing.TB, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
