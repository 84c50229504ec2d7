package main

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tablewire/tablewire/internal/demo"
	"github.com/tablewire/tablewire/protocol"
)

// demoCmd runs the server on a private database whose rows keep changing, with a page that
// shows them.
type demoCmd struct {
	Listen      string        `help:"Address for the page and clients (default: 127.0.0.1:8080, or a free port if that is taken)." env:"TABLEWIRE_LISTEN" placeholder:"ADDR"`
	AdminListen string        `help:"Address for metrics and profiles (default: 127.0.0.1:8081, or a free port if that is taken)." env:"TABLEWIRE_ADMIN_LISTEN" placeholder:"ADDR"`
	DataDir     string        `help:"Folder of the private PostgreSQL. The next start continues with its data (default: tablewire/demo in the user's cache folder; for root, /var/cache/tablewire/demo)." env:"TABLEWIRE_DATA_DIR" placeholder:"DIR"`
	APIKey      string        `name:"api-key" help:"Key that the page and clients send (default: demo)." env:"TABLEWIRE_API_KEY" placeholder:"KEY"`
	Pace        time.Duration `help:"Time between two changes that the demo makes; 0 makes none." default:"500ms" env:"TABLEWIRE_DEMO_PACE"`
	LogFormat   string        `help:"Format of the log: text or json." enum:"text,json" default:"text" env:"TABLEWIRE_LOG_FORMAT"`
	LogLevel    slog.Level    `help:"Lowest level that is logged: debug, info, warn or error." default:"warn" env:"TABLEWIRE_LOG_LEVEL"`
	limitFlags
}

// The addresses that the demo listens on by default.
const (
	demoAddress      = "127.0.0.1:8080"
	demoAdminAddress = "127.0.0.1:8081"
)

// Run runs the demo until the program has to stop.
func (c *demoCmd) Run(a *app) error {
	var moved strings.Builder // printed once the demo runs: another demo may have the port and the data
	public, err := listenOrMove(a.ctx, &moved, c.Listen, demoAddress, "listen")
	if err != nil {
		return err
	}
	defer public.Close()
	admin, err := listenOrMove(a.ctx, io.Discard, c.AdminListen, demoAdminAddress, "admin-listen")
	if err != nil {
		return err
	}
	defer admin.Close()
	dir := c.DataDir
	if dir == "" {
		if dir, err = demoDataDir(); err != nil {
			return err
		}
	}
	server := c.config(newLogger(a.stderr, c.LogFormat, c.LogLevel))
	server.APIKey = cmp.Or(c.APIKey, "demo")
	return demo.Run(a.ctx, demo.Config{
		Dir: dir, Pace: c.Pace, Server: server, Public: public, Admin: admin,
		Progress: func(sentence string) { fmt.Fprintln(a.stdout, sentence) },
		Ready: func(databaseURL string) {
			fmt.Fprint(a.stdout, moved.String())
			welcome(a.stdout, public.Addr(), "http://"+admin.Addr().String(), databaseURL, server.APIKey)
		},
	})
}

// demoDataDir returns the default of --data-dir. For root it is outside of root's own cache,
// which the user that PostgreSQL runs as can't enter.
func demoDataDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/cache/tablewire/demo", nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", &protocol.Problem{ID: "demo-folder", What: "the demo has no folder for its data", Hint: "choose one with --data-dir", Err: err}
	}
	return filepath.Join(cache, "tablewire", "demo"), nil
}
