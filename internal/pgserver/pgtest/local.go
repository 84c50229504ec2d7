package pgtest

import (
	"context"
	"errors"

	"github.com/tablewire/tablewire/internal/pgserver"
)

// localServer is an instance that package pgserver runs on this system.
type localServer struct {
	tempDir *pgserver.TempDir
	config  pgserver.Config
	server  *pgserver.Server // the latest one that start started
}

// newLocal starts a server of a major version, or of any if major is 0, in a temporary directory.
func newLocal(ctx context.Context, major int, settings map[string]string) (instance, error) {
	tempDir, err := pgserver.NewTempDir()
	if err != nil {
		return nil, err
	}
	b := &localServer{tempDir: tempDir, config: pgserver.Config{DataDir: tempDir.DataDir(), Major: major, Settings: settings}}
	if err := b.start(ctx); err != nil {
		return nil, errors.Join(err, tempDir.Remove())
	}
	return b, nil
}

func (b *localServer) String() string { return "binaries" }

func (b *localServer) url(database string) string { return b.server.URL(database) }

func (b *localServer) start(ctx context.Context) error {
	server, err := pgserver.Start(ctx, b.config)
	if err != nil {
		return err
	}
	b.server = server
	b.config.Port = server.Port()
	return nil
}

func (b *localServer) stop(_ context.Context, crash bool) error {
	if crash {
		b.server.Kill()
	}
	return b.server.Close()
}

func (b *localServer) close() error {
	return errors.Join(b.server.Close(), b.tempDir.Remove())
}
