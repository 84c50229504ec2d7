package main

import (
	"golang.org/x/sync/errgroup"

	"github.com/tablewire/tablewire"
	"github.com/tablewire/tablewire/protocol"
)

// serveCmd runs the server on the user's database.
type serveCmd struct {
	databaseFlags
	APIKey string `name:"api-key" help:"Key that clients send. It belongs to the project 'default', the only one." env:"TABLEWIRE_API_KEY" placeholder:"KEY"`
	listenFlags
	limitFlags
	logFlags
}

// Run serves until the program has to stop.
func (c *serveCmd) Run(a *app) error {
	if err := c.check(); err != nil {
		return err
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
	config.APIKey = c.APIKey
	c.addTo(&config)
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
