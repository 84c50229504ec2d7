// Package demo shows Tablewire at work on a PostgreSQL server of its own: a small shop
// whose rows keep changing, and a page that watches them.
//
// The page is in package page. Behind it stands an application as people would write it,
// [backend], which reads the rows that exist and changes some when a button asks for it.
// [workload] changes rows by itself.
package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tablewire/tablewire"
	"github.com/tablewire/tablewire/internal/access"
	"github.com/tablewire/tablewire/internal/demo/page"
	"github.com/tablewire/tablewire/internal/pgserver"
	"github.com/tablewire/tablewire/protocol"
)

// Config says how to show the demo.
type Config struct {
	// Dir is the folder of the private PostgreSQL server. The next start goes on with it.
	Dir string
	// Pace is the time between two changes that the demo makes by itself; 0: it makes none.
	Pace time.Duration
	// Server has the key, the limits and the logger. The demo sets the database, the
	// tables, the slot and the page.
	Server tablewire.Config
	// Public and Admin are the listeners. Run closes them.
	Public, Admin net.Listener
	// Progress receives a sentence for each step of a start that takes long.
	Progress func(sentence string)
	// Ready is called with the database's address once changes flow.
	Ready func(databaseURL string)
}

const databaseName = "demo"

// Run shows the demo until ctx ends or a part of it fails.
func Run(ctx context.Context, cfg Config) (err error) {
	pg, err := startDatabase(ctx, cfg)
	if err != nil {
		return stoppedOr(ctx, err)
	}
	defer func() { err = errors.Join(err, pg.Close()) }()
	if err := prepare(ctx, pg); err != nil {
		return stoppedOr(ctx, err)
	}
	return show(ctx, cfg, pg)
}

// show serves the page and keeps the rows changing.
func show(ctx context.Context, cfg Config, pg *pgserver.Server) error {
	logger := cfg.Server.Logger
	url := pg.URL(databaseName)
	b := newBackend(url, cfg.Server.APIKey, logger)
	serverConfig := cfg.Server
	serverConfig.DatabaseURL, serverConfig.Tables, serverConfig.Slot = url, []string{"public.*"}, tablewire.DefaultSlot
	serverConfig.Fallback = b.handler(page.Handler(page.Config{APIKey: cfg.Server.APIKey, Backend: strings.TrimPrefix(backendPath, "/"), Collections: collections()}))
	server, err := tablewire.New(serverConfig)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return server.Serve(ctx, cfg.Public, cfg.Admin) })
	g.Go(func() error {
		select {
		case <-server.Started():
		case <-ctx.Done():
			return nil
		}
		b.setCatalog(access.CatalogOf(server))
		cfg.Ready(url)
		if cfg.Pace <= 0 {
			return nil
		}
		w := workload{url: url, pace: cfg.Pace, rand: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())), log: logger}
		return w.run(ctx)
	})
	g.Go(func() error {
		select {
		case <-pg.Done():
			return &protocol.Problem{ID: "demo-database-ended", What: "the private PostgreSQL has ended", Hint: `start the demo again; with debug for the setting "log-level" it shows PostgreSQL's log`, Err: pg.Err()}
		case <-ctx.Done():
			return nil
		}
	})
	return g.Wait()
}

// startDatabase starts the private PostgreSQL server.
func startDatabase(ctx context.Context, cfg Config) (*pgserver.Server, error) {
	cfg.Progress(fmt.Sprintf("Starting a private PostgreSQL in %s", cfg.Dir))
	pg, err := pgserver.Start(ctx, pgserver.Config{
		DataDir:  cfg.Dir,
		Progress: cfg.Progress,
		Logger:   cfg.Server.Logger,
		Settings: map[string]string{
			"max_connections":        "40",
			"shared_buffers":         "32MB",
			"max_wal_size":           "256MB",
			"max_slot_wal_keep_size": "1GB",
		},
	})
	if errors.Is(err, pgserver.ErrInUse) {
		return nil, &protocol.Problem{ID: "demo-running", What: "another demo runs already", Hint: `open its page, or stop it, or give this one a folder of its own with the setting "data-dir"`, Err: err}
	}
	return pg, err
}

// stoppedOr returns nil where err only says that ctx has ended.
func stoppedOr(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}
