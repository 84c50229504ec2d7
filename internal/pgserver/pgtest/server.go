package pgtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/internal/pgserver"
)

// How long a server may take to start, fetching included, and to stop.
const (
	startTimeout = 8 * time.Minute
	stopTimeout  = time.Minute
)

// Server is a running PostgreSQL server. Its methods are safe for concurrent use,
// as far as tests can share a server that is being stopped.
type Server struct {
	backend backend
	version string

	mu   sync.Mutex
	down bool // between Stop or Crash and Resume
}

// backend runs a server. It is used by one goroutine at a time, but for url.
type backend interface {
	fmt.Stringer                                // where the server comes from, for the log
	url(database string) string                 // stays the same
	start(ctx context.Context) error            // the first time, and again after stop
	stop(ctx context.Context, crash bool) error // ends the server and keeps its data
	close() error                               // ends it and removes all
}

// Start returns the server that the tests of this binary share, and starts it if
// this is the first that wants it.
func Start(t testing.TB) *Server {
	t.Helper()
	return start(t, 0)
}

// StartVersion is Start for a server of one major version: tests that ask for the
// same one share it.
func StartVersion(t testing.TB, major int) *Server {
	t.Helper()
	return start(t, major)
}

func start(t testing.TB, major int) *Server {
	t.Helper()
	skipIfShort(t)
	s := sharedOf(major)
	s.Lock()
	defer s.Unlock()
	if s.server == nil {
		s.server = launch(t, major, nil)
	}
	t.Logf("PostgreSQL %s from %s", s.server.version, s.server.backend)
	return s.server
}

// Versions are the major versions that Tablewire works with, oldest first.
func Versions() []int {
	var all []int
	for major := pgserver.MinMajor; major <= newest; major++ {
		all = append(all, major)
	}
	return all
}

// newest is the newest version that Tablewire is tested with.
const newest = 19

// Separate starts a server for this test alone, which ends with it. Its settings
// are added to those that all servers here have and override them.
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

// ownedBy ends the server with the test.
func (s *Server) ownedBy(t testing.TB) {
	t.Helper()
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Errorf("end the test's PostgreSQL server: %v", err)
		}
	})
	t.Logf("PostgreSQL %s of its own from %s", s.version, s.backend)
}

func skipIfShort(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs PostgreSQL, which -short leaves out")
	}
}

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
	b, err := newBackend(ctx, t, major, all)
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	s := &Server{backend: b}
	if s.version, err = queryVersion(ctx, s.URL("postgres")); err != nil {
		t.Fatal(errors.Join(fmt.Errorf("ask PostgreSQL for its version: %w", err), b.close()))
	}
	if major != 0 && s.Major() != major {
		t.Fatal(errors.Join(fmt.Errorf("PostgreSQL %s came from %s, and %d was wanted", s.version, b, major), b.close()))
	}
	return s
}

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

// URL is how to connect to one of the server's databases as its superuser.
func (s *Server) URL(database string) string { return s.backend.url(database) }

// Version is the server's version, such as "17.5".
func (s *Server) Version() string { return s.version }

// Major is the server's major version.
func (s *Server) Major() int {
	digits := strings.IndexFunc(s.version, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(s.version)
	}
	major, _ := strconv.Atoi(s.version[:digits]) // digits only
	return major
}

// Restart shuts the server down in good order (fast) and starts it again. Other
// tests that share it notice: [Separate] has servers for this.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.Stop(t)
	s.Resume(t)
}

// Stop shuts the server down in good order (fast): clients are disconnected.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	s.stop(t, false)
}

// Crash ends the server at once (immediate): it recovers when it is resumed.
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
	if err := s.backend.stop(ctx, crash); err != nil {
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
	if err := s.backend.start(ctx); err != nil {
		t.Fatalf("start PostgreSQL again: %v", err)
	}
	s.down = false
}

func (s *Server) isDown() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.down
}

func (s *Server) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = true
	return s.backend.close()
}

// cleanupContext is for what has to be done although the test may be over.
func cleanupContext(t testing.TB) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(t.Context()), stopTimeout)
}
