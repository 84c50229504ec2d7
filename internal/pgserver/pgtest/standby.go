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

// Standby starts a standby server that streams from s, for this test alone. It stops s to copy
// its data directory, and then starts s again. The standby has the settings of s; the given
// settings override them.
//
// Standby fails the test if s runs in a container.
func (s *Server) Standby(t testing.TB, settings map[string]string) *Server {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	primary, ok := s.instance.(*localServer)
	if !ok {
		t.Fatalf("start a standby: the data directory in %s can't be copied: install PostgreSQL %d", s.instance, s.Major())
	}
	ctx, cancel := cleanupContext(t)
	defer cancel()
	b, err := primary.standby(ctx, settings)
	if err != nil {
		t.Fatalf("start a standby: %v", err)
	}
	standby := &Server{instance: b, version: s.version}
	standby.ownedBy(t)
	return standby
}

// standby copies the data directory and starts a standby on the copy.
func (b *localServer) standby(ctx context.Context, settings map[string]string) (_ instance, err error) {
	tempDir, err := pgserver.NewTempDir()
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tempDir.Remove())
		}
	}()
	if err := b.stop(ctx, false); err != nil {
		return nil, err
	}
	copyErr := copyDataDir(b.tempDir.DataDir(), tempDir.DataDir())
	if err := errors.Join(copyErr, b.start(ctx)); err != nil {
		return nil, err
	}
	all := maps.Clone(b.config.Settings)
	all["primary_conninfo"] = fmt.Sprintf("host=127.0.0.1 port=%d user=postgres dbname=postgres", b.config.Port)
	maps.Copy(all, settings)
	s := &localServer{tempDir: tempDir, config: pgserver.Config{DataDir: tempDir.DataDir(), Major: b.config.Major, Settings: all}}
	return s, s.start(ctx)
}

// copyDataDir copies the data directory of a stopped server, and makes the copy a standby.
func copyDataDir(from, to string) error {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return err
	}
	if err := os.Chmod(to, 0o700); err != nil { // PostgreSQL refuses a directory that others may enter
		return err
	}
	return os.WriteFile(filepath.Join(to, "standby.signal"), nil, 0o600)
}
