package main

import (
	"golang.org/x/sync/errgroup"

	"github.com/tablewire/tablewire"
	"github.com/tablewire/tablewire/protocol"
)

// serveCmd runs the server on the user's database.
type serveCmd struct {
	DatabaseURL string   `help:"Address of the database, as postgres://user:password@host:5432/database." env:"TABLEWIRE_DATABASE_URL,DATABASE_URL" placeholder:"URL"`
	APIKey      string   `name:"api-key" help:"Key that clients send. It belongs to the project 'default', the only one." env:"TABLEWIRE_API_KEY" placeholder:"KEY"`
	Tables      []string `help:"Tables that clients may follow: names and globs, comma-separated. One that begins with ! excludes tables." default:"public.*" env:"TABLEWIRE_TABLES"`
	Slot        string   `help:"Name of the replication slot. The server creates it if it does not exist." default:"tablewire" env:"TABLEWIRE_SLOT"`
	Publication string   `help:"Name of the publication (default: the slot's name). The server creates it if it does not exist." placeholder:"NAME" env:"TABLEWIRE_PUBLICATION"`
	listenFlags
	limitFlags
	logFlags
}

// Run serves until the program has to stop.
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
	if err := checkSlot(c.Slot); err != nil {
		return err
	}
	public, err := listen(a.ctx, c.Listen, "listen")
	if err != nil {
		return err
	}
	defer public.Close()
	admin, err := listenAdmin(a.ctx, c.AdminListen)
	if err != nil {
		return err
	}
	adminURL := adminOff
	if admin != nil {
		defer admin.Close()
		adminURL = "http://" + admin.Addr().String()
	}
	logger := newLogger(a.stderr, c.LogFormat, c.LogLevel)
	config := c.config(logger)
	config.DatabaseURL, config.APIKey, config.Tables, config.Slot, config.Publication = c.DatabaseURL, c.APIKey, c.Tables, c.Slot, c.Publication
	if len(c.Tables) == 0 {
		config.Tables = []string{""} // New refuses that; no list would be public.*
	}
	server, err := tablewire.New(config)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(a.ctx)
	g.Go(func() error { return server.Serve(ctx, public, admin) })
	g.Go(func() error {
		select {
		case <-server.Started():
			logger.Info("ready", "url", "http://"+public.Addr().String(), "admin", adminURL, "collections", len(server.Collections()))
		case <-ctx.Done():
		}
		return nil
	})
	return g.Wait()
}

// checkSlot refuses an empty name, as of a variable that is set to nothing: package tablewire
// would use the default, and take a slot that nobody named.
func checkSlot(slot string) error {
	if slot != "" {
		return nil
	}
	return &protocol.Problem{
		ID:   "slot-name",
		What: `"" can't be the name of a replication slot`,
		Hint: "give --slot lower-case letters, digits and underscores, 63 at most",
	}
}
