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

// Config says how [Run] runs the demo. All fields but Pace are required.
type Config struct {
	// Dir is the data directory of the private PostgreSQL server. Run creates it if it does
	// not exist.
	Dir string

	// Pace is the average time between two changes of the workload. 0 means no changes.
	Pace time.Duration

	// Server has the API key, the limits and the logger. Run sets the database, the tables,
	// the slot and the page.
	Server tablewire.Config

	// Public and Admin are the listeners for clients and for metrics. Run closes them.
	Public, Admin net.Listener

	// Progress receives a sentence for each slow step of the start.
	Progress func(sentence string)

	// Ready is called once, with the database's URL, when the server streams changes.
	Ready func(databaseURL string)
}

// Run runs the demo until ctx ends, and then returns nil. It returns an error if a part of the
// demo fails.
func Run(ctx context.Context, cfg Config) (err error) {
	pg, err := startDatabase(ctx, cfg)
	if err != nil {
		return stoppedOr(ctx, err)
	}
	defer func() { err = errors.Join(err, pg.Close()) }()
	if err := prepare(ctx, pg); err != nil {
		return stoppedOr(ctx, err)
	}
	return serve(ctx, cfg, pg)
}

// serve runs the server, the page and the workload on a prepared database.
func serve(ctx context.Context, cfg Config, pg *pgserver.Server) error {
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
			return &protocol.Problem{ID: "demo-database-ended", What: "the private PostgreSQL server has ended", Hint: `start the demo again; to see PostgreSQL's log, give debug for the setting "log-level"`, Err: pg.Err()}
		case <-ctx.Done():
			return nil
		}
	})
	return g.Wait()
}

// startDatabase starts the private PostgreSQL server. Its settings keep it small, and bound the
// WAL that the slot may hold.
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
		return nil, &protocol.Problem{ID: "demo-running", What: "another demo is running", Hint: `open its page (http://127.0.0.1:8080/, unless it printed another address), or stop it, or give this demo another folder with the setting "data-dir"`, Err: err}
	}
	return pg, err
}

// stoppedOr returns nil if err only says that ctx has ended, else err.
func stoppedOr(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}
