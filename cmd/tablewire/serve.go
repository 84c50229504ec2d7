package main

import (
	"log/slog"

	"golang.org/x/sync/errgroup"

	"github.com/tablewire/tablewire"
	"github.com/tablewire/tablewire/protocol"
)

// serveCmd is the server on somebody's database.
type serveCmd struct {
	DatabaseURL string   `help:"The database to follow, as postgres://user:password@host:5432/database." env:"TABLEWIRE_DATABASE_URL,DATABASE_URL" placeholder:"URL"`
	APIKey      string   `name:"api-key" help:"The key that clients send: of the one project, 'default'." env:"TABLEWIRE_API_KEY" placeholder:"KEY"`
	Tables      []string `help:"Tables to expose: names and globs, comma-separated; ! takes out again." default:"public.*" env:"TABLEWIRE_TABLES"`
	Slot        string   `help:"Name of the replication slot; made when it is not there." default:"tablewire" env:"TABLEWIRE_SLOT"`
	Publication string   `help:"Name of the publication (default: the slot's name); made when it is not there." placeholder:"NAME" env:"TABLEWIRE_PUBLICATION"`
	listenFlags
	limitFlags
	logFlags
}

// listenFlags say where the server listens.
type listenFlags struct {
	Listen      string `help:"Address for clients." default:"127.0.0.1:8080" env:"TABLEWIRE_LISTEN"`
	AdminListen string `help:"Address for metrics and profiles; keep it private." default:"127.0.0.1:8081" env:"TABLEWIRE_ADMIN_LISTEN"`
}

// logFlags say how to log.
type logFlags struct {
	LogFormat string     `help:"text or json." enum:"text,json" default:"text" env:"TABLEWIRE_LOG_FORMAT"`
	LogLevel  slog.Level `help:"debug, info, warn or error." default:"info" env:"TABLEWIRE_LOG_LEVEL"`
}

// Run serves until the program is told to stop.
func (c *serveCmd) Run(a *app) error {
	if c.DatabaseURL == "" {
		return &protocol.Problem{
			ID:   "database-url-missing",
			What: "no database was given",
			Hint: "set --database-url or TABLEWIRE_DATABASE_URL to postgres://user:password@host:5432/database; \"tablewire demo\" needs none",
		}
	}
	if c.APIKey == "" {
		return &protocol.Problem{
			ID:   "api-key-missing",
			What: "no API key was given",
			Hint: "set --api-key or TABLEWIRE_API_KEY to the key that your pages will send, such as the output of: openssl rand -hex 16",
		}
	}
	public, err := listen(a.ctx, c.Listen, "listen")
	if err != nil {
		return err
	}
	defer public.Close()
	admin, err := listen(a.ctx, c.AdminListen, "admin-listen")
	if err != nil {
		return err
	}
	defer admin.Close()
	logger := newLogger(a.stderr, c.LogFormat, c.LogLevel)
	config := c.config(logger)
	config.DatabaseURL, config.APIKey, config.Tables, config.Slot, config.Publication = c.DatabaseURL, c.APIKey, c.Tables, c.Slot, c.Publication
	server, err := tablewire.New(config)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(a.ctx)
	g.Go(func() error { return server.Serve(ctx, public, admin) })
	g.Go(func() error {
		select {
		case <-server.Started():
			logger.Info("ready", "url", "http://"+public.Addr().String(), "admin", "http://"+admin.Addr().String(), "collections", len(server.Collections()))
		case <-ctx.Done():
		}
		return nil
	})
	return g.Wait()
}
