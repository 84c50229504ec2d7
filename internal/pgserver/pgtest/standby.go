package pgtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/tablewire/tablewire/internal/pgserver"
)

// Standby starts a standby that streams from the server, for this test alone. The
// server is stopped and started again for it, so that its files can be copied.
// Settings are those of the server, overridden by these.
//
// It needs PostgreSQL's binaries: a server in a container fails the test.
func (s *Server) Standby(t testing.TB, settings map[string]string) *Server {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	primary, ok := s.backend.(*binaries)
	if !ok {
		t.Fatalf("make a standby: the files of %s can't be copied; PostgreSQL's binaries are needed: install PostgreSQL %d", s.backend, s.Major())
	}
	ctx, cancel := cleanupContext(t)
	defer cancel()
	b, err := primary.standby(ctx, settings)
	if err != nil {
		t.Fatalf("make a standby: %v", err)
	}
	standby := &Server{backend: b, version: s.version}
	standby.ownedBy(t)
	return standby
}

func (b *binaries) standby(ctx context.Context, settings map[string]string) (_ backend, err error) {
	place, err := pgserver.NewTempDir()
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, place.Remove())
		}
	}()
	if err := b.stop(ctx, false); err != nil {
		return nil, err
	}
	copyErr := copyDataDir(b.place.DataDir(), place.DataDir())
	if err := errors.Join(copyErr, b.start(ctx)); err != nil {
		return nil, err
	}
	all := maps.Clone(b.config.Settings)
	all["primary_conninfo"] = fmt.Sprintf("host=127.0.0.1 port=%d user=postgres dbname=postgres", b.config.Port)
	maps.Copy(all, settings)
	s := &binaries{place: place, config: pgserver.Config{DataDir: place.DataDir(), Major: b.config.Major, Settings: all}}
	return s, s.start(ctx)
}

// copyDataDir copies a data directory in which no server runs, for a standby.
func copyDataDir(from, to string) error {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return err
	}
	if err := os.Chmod(to, 0o700); err != nil { // PostgreSQL refuses one that others may enter
		return err
	}
	return os.WriteFile(filepath.Join(to, "standby.signal"), nil, 0o600)
}
