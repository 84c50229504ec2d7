package pgtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/internal/pgserver"
)

// The longest times for a server to start, downloads included, and to stop.
const (
	startTimeout = 8 * time.Minute
	stopTimeout  = time.Minute
)

// Server is a PostgreSQL server. Its methods are safe for concurrent use. Stop, Crash, Resume
// and Restart disturb all tests that share the server.
type Server struct {
	instance instance
	version  string

	mu   sync.Mutex // held while the instance starts or stops
	down bool       // between Stop or Crash and Resume
}

// Start returns the server that the tests of this binary share. The first call starts it.
func Start(t testing.TB) *Server {
	t.Helper()
	return start(t, 0)
}

// StartVersion is Start for a server of one major version. Tests that ask for the same version
// share a server.
func StartVersion(t testing.TB, major int) *Server {
	t.Helper()
	return start(t, major)
}

// start returns the shared server of a major version, or of any if major is 0.
func start(t testing.TB, major int) *Server {
	t.Helper()
	skipIfShort(t)
	s := sharedOf(major)
	s.Lock()
	defer s.Unlock()
	if s.server == nil {
		s.server = launch(t, major, nil)
	}
	t.Logf("PostgreSQL %s from %s", s.server.version, s.server.instance)
	return s.server
}

// Versions returns the major versions of PostgreSQL that a test of all versions runs on, oldest
// first: those that Tablewire supports, or the one that TABLEWIRE_TEST_POSTGRES names.
func Versions() []int {
	if major, err := strconv.Atoi(os.Getenv(environment)); err == nil {
		return []int{major}
	}
	var all []int
	for major := pgserver.MinMajor; major <= Newest; major++ {
		all = append(all, major)
	}
	return all
}

// Newest is the newest major version that Tablewire is tested with.
const Newest = 19

// Separate starts a server for this test alone; it ends with the test. The settings are
// parameters as in postgresql.conf; they override those of the package's documentation.
func Separate(t testing.TB, settings map[string]string) *Server {
	t.Helper()
	return SeparateVersion(t, 0, settings)
}

// SeparateVersion is Separate for a server of one major version.
func SeparateVersion(t testing.TB, major int, settings map[string]string) *Server {
	t.Helper()
	skipIfShort(t)
	s := launch(t, major, settings)
	s.ownedBy(t)
	return s
}

// ownedBy makes the server end with the test.
func (s *Server) ownedBy(t testing.TB) {
	t.Helper()
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Errorf("end the test's PostgreSQL server: %v", err)
		}
	})
	t.Logf("PostgreSQL %s of its own from %s", s.version, s.instance)
}

// skipIfShort skips a test that needs PostgreSQL if -short is set.
func skipIfShort(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs PostgreSQL, which -short leaves out")
	}
}

// launch starts a server with the settings of the package's documentation and the given ones. The
// caller must close it.
func launch(t testing.TB, major int, settings map[string]string) *Server {
	t.Helper()
	all := map[string]string{
		"wal_level":                 "logical",
		"max_wal_senders":           "20",
		"max_replication_slots":     "20",
		"fsync":                     "off",
		"max_prepared_transactions": "20",
	}
	maps.Copy(all, settings)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), startTimeout)
	defer cancel()
	b, err := newInstance(ctx, t, major, all)
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	s := &Server{instance: b}
	if s.version, err = queryVersion(ctx, s.URL("postgres")); err != nil {
		t.Fatal(errors.Join(fmt.Errorf("ask PostgreSQL for its version: %w", err), b.close()))
	}
	if major != 0 && s.Major() != major {
		t.Fatal(errors.Join(fmt.Errorf("PostgreSQL %s started from %s: want version %d", s.version, b, major), b.close()))
	}
	return s
}

// queryVersion asks a server for its version, such as "17.5".
func queryVersion(ctx context.Context, url string) (version string, err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	err = conn.QueryRow(ctx, "SHOW server_version").Scan(&version)
	version, _, _ = strings.Cut(version, " ") // "17.5 (Debian 17.5-1)"
	return version, err
}

// URL returns the address of one of the server's databases, for its superuser.
func (s *Server) URL(database string) string { return s.instance.url(database) }

// Version returns the server's version, such as "17.5".
func (s *Server) Version() string { return s.version }

// Major returns the server's major version, such as 17.
func (s *Server) Major() int {
	digits := strings.IndexFunc(s.version, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(s.version)
	}
	major, _ := strconv.Atoi(s.version[:digits]) // digits only
	return major
}

// Restart stops the server by a fast shutdown and starts it again. Take a server of [Separate]
// for this.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.Stop(t)
	s.Resume(t)
}

// Stop stops the server by a fast shutdown, which disconnects its clients.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	s.stop(t, false)
}

// Crash ends the server by an immediate shutdown. The server recovers when Resume starts it.
func (s *Server) Crash(t testing.TB) {
	t.Helper()
	s.stop(t, true)
}

func (s *Server) stop(t testing.TB, crash bool) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, cancel := cleanupContext(t)
	defer cancel()
	if err := s.instance.stop(ctx, crash); err != nil {
		t.Fatalf("stop PostgreSQL: %v", err)
	}
	s.down = true
}

// Resume starts the server again after Stop or Crash, at the same address.
func (s *Server) Resume(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, cancel := cleanupContext(t)
	defer cancel()
	if err := s.instance.start(ctx); err != nil {
		t.Fatalf("start PostgreSQL again: %v", err)
	}
	s.down = false
}

// isDown reports whether the server is stopped.
func (s *Server) isDown() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.down
}

// close ends the server and removes its data.
func (s *Server) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = true
	return s.instance.close()
}

// cleanupContext returns a context for cleaning up, which outlives the test's own.
func cleanupContext(t testing.TB) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(t.Context()), stopTimeout)
}
