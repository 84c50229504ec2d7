package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/tablewire/tablewire/internal/demo"
	"github.com/tablewire/tablewire/protocol"
)

// demoCmd is the server on a database of its own, which keeps changing, with a
// page to watch it.
type demoCmd struct {
	Listen      string        `help:"Address for the page and clients (default: 127.0.0.1:8080, or a free port where that is taken)." env:"TABLEWIRE_LISTEN" placeholder:"ADDR"`
	AdminListen string        `help:"Address for metrics and profiles (default: 127.0.0.1:8081, or a free port where that is taken)." env:"TABLEWIRE_ADMIN_LISTEN" placeholder:"ADDR"`
	DataDir     string        `help:"Folder of the private PostgreSQL; the next start goes on with it (default: tablewire/demo in the user's cache folder; for root, /var/cache/tablewire/demo)." env:"TABLEWIRE_DATA_DIR" placeholder:"DIR"`
	APIKey      string        `name:"api-key" help:"The key that the page and clients send (default: demo)." env:"TABLEWIRE_API_KEY" placeholder:"KEY"`
	Pace        time.Duration `help:"Time between two changes of the demo's rows; 0 leaves them alone." default:"500ms" env:"TABLEWIRE_DEMO_PACE"`
	LogFormat   string        `help:"text or json." enum:"text,json" default:"text" env:"TABLEWIRE_LOG_FORMAT"`
	LogLevel    slog.Level    `help:"debug, info, warn or error." default:"warn" env:"TABLEWIRE_LOG_LEVEL"`
	limitFlags
}

const (
	demoAddress     = "127.0.0.1:8080"
	demoAdmin       = "127.0.0.1:8081"
	freePortAddress = "127.0.0.1:0"
)

// Run shows the demo until the program is told to stop.
func (c *demoCmd) Run(a *app) error {
	public, err := listenOrMove(a.ctx, a.stdout, c.Listen, demoAddress, "listen")
	if err != nil {
		return err
	}
	defer public.Close()
	admin, err := listenOrMove(a.ctx, io.Discard, c.AdminListen, demoAdmin, "admin-listen")
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
			welcome(a.stdout, public.Addr(), "http://"+admin.Addr().String(), databaseURL, server.APIKey)
		},
	})
}

// demoDataDir is where the demo's data is when nobody says where. root's own cache
// is closed to the user whom PostgreSQL then runs as.
func demoDataDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/cache/tablewire/demo", nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", &protocol.Problem{ID: "demo-folder", What: "there is no folder for the demo's data", Hint: "name one with --data-dir", Err: err}
	}
	return filepath.Join(cache, "tablewire", "demo"), nil
}

// listenOrMove opens the listener that was asked for or, when none was and
// the usual port is taken, one on a free port, and says so.
func listenOrMove(ctx context.Context, stdout io.Writer, asked, usual, flag string) (net.Listener, error) {
	if asked != "" {
		return listen(ctx, asked, flag)
	}
	l, err := listen(ctx, usual, flag)
	if !isPortTaken(err) {
		return l, err
	}
	if l, err = listen(ctx, freePortAddress, flag); err == nil {
		fmt.Fprintf(stdout, "%s is taken, so the demo is at %s\n", usual, l.Addr())
	}
	return l, err
}

// welcome says what there is, once it can be opened.
func welcome(w io.Writer, addr net.Addr, adminURL, databaseURL, apiKey string) {
	fmt.Fprintf(w, `
  Tablewire is live. Open the page and watch the tables change:

    %s

  Change rows  %s
  Database     %s
  API key      %s
  Metrics      %s/metrics
  Next         README.md: "Use it on your database"; the page has the steps too
  Stop         Ctrl+C

`, pageURL(addr), howToChange(databaseURL), databaseURL, apiKey, adminURL)
}

// howToChange says how to change a row by hand: with the page's button and, where
// psql is there, with a command to paste. It changes a column that the page shows.
func howToChange(databaseURL string) string {
	const button = `press "Change a row" in the page`
	if _, err := exec.LookPath("psql"); err != nil {
		return button
	}
	return button + fmt.Sprintf(`, or paste:
               psql "%s" -c "UPDATE orders SET total = total + 5 WHERE id = (SELECT max(id) FROM orders)"`, databaseURL)
}

// pageURL is the page's address as it can be opened on this machine.
func pageURL(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return "http://" + addr.String() + "/"
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port) + "/"
}
