package pgtest

import (
	"context"
	"errors"

	"github.com/tablewire/tablewire/internal/pgserver"
)

// binaries is a server that package pgserver runs.
type binaries struct {
	place  *pgserver.TempDir
	config pgserver.Config
	server *pgserver.Server // the last one started
}

func newBinaries(ctx context.Context, major int, settings map[string]string) (backend, error) {
	place, err := pgserver.NewTempDir()
	if err != nil {
		return nil, err
	}
	b := &binaries{place: place, config: pgserver.Config{DataDir: place.DataDir(), Major: major, Settings: settings}}
	if err := b.start(ctx); err != nil {
		return nil, errors.Join(err, place.Remove())
	}
	return b, nil
}

func (b *binaries) String() string { return "binaries" }

func (b *binaries) url(database string) string { return b.server.URL(database) }

func (b *binaries) start(ctx context.Context) error {
	server, err := pgserver.Start(ctx, b.config)
	if err != nil {
		return err
	}
	b.server = server
	b.config.Port = server.Port()
	return nil
}

func (b *binaries) stop(_ context.Context, crash bool) error {
	if crash {
		b.server.Kill()
	}
	return b.server.Close()
}

func (b *binaries) close() error {
	return errors.Join(b.server.Close(), b.place.Remove())
}
