package integration

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// The README's statements, commands and list work as they stand there. The list runs in a
// real browser, on a page of another origin. It stays right through updates, deletes and
// restarts of the server.
func TestReadme(t *testing.T) {
	t.Parallel()
	browser := findBrowser(t)
	pg := pgtest.Separate(t, nil)
	statements, commands := docBlocks(t, "README.md", "sql", 2), docBlocks(t, "README.md", "sh", 2)
	if commands[1] != "go run ./examples/list\n" {
		t.Fatalf("the README starts the list with %s", commands[1])
	}
	owner := shop(t, pg)
	runLines(t, harness.Connect(t, pg.URL("shop")), statements[0])
	owner.Run(t, statements[1])

	site := freeAddress(t)
	database := as(t, pg.URL("shop"), "tablewire", "a-password")
	s := runCommands(t, commands[0], map[string]string{
		"go build -o tablewire ./cmd/tablewire":               "",
		"postgres://tablewire:a-password@localhost:5432/shop": "'" + database + "'",
		"./tablewire serve":                                   "exec " + harness.Binary(t) + " serve --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0",
		"http://localhost:3000":                               "http://" + site,
	})
	env := []string{"TABLEWIRE_DATABASE_URL=" + database, "TABLEWIRE_API_KEY=" + s.WaitLine(t, `^the key: ([0-9a-f]{32})$`)[1]}
	addr := s.WaitLine(t, `ready .*url=http://(\S+)`)[1]
	list := exec.CommandContext(background(t), buildExample(t), "-listen", site, "-tablewire", addr)
	list.Env = env
	harness.Launch(t, list).WaitLine(t, "the list is at http://"+site)

	p := openPage(t, browser, "http://"+site)
	wantOrders(t, p, owner)
	for _, statement := range []string{
		`INSERT INTO orders (customer, status, total) VALUES ('Cy', 'paid', 3.50), ('Di', 'new', 9)`,
		`UPDATE orders SET status = 'paid' WHERE customer = 'Bob'`,
		`UPDATE orders SET total = total + 1`,
		`UPDATE orders SET status = 'void' WHERE customer = 'Ada'`,
		`UPDATE orders SET id = DEFAULT WHERE customer = 'Bob'`,
		`DELETE FROM orders WHERE customer = 'Bob'`,
	} {
		owner.Run(t, statement)
		wantOrders(t, p, owner)
	}

	for _, stop := range []os.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		s.Signal(t, stop)
		s.WaitExit(t, harness.Patience)
		owner.Run(t, `INSERT INTO orders (customer, status, total) VALUES ('Eve', 'paid', 1)`)
		owner.Run(t, `DELETE FROM orders WHERE id = (SELECT min(id) FROM orders WHERE status = 'paid')`)
		owner.Run(t, `UPDATE orders SET customer = customer || '!' WHERE status = 'paid'`)
		s = harness.Start(t, env, "serve", "--listen", addr, "--admin-listen", "127.0.0.1:0", "--allowed-origins", "http://"+site)
		wantOrders(t, p, owner)
		owner.Run(t, `UPDATE orders SET total = total * 2`)
		wantOrders(t, p, owner)
	}

	// The page applies events that arrive while it loads the rows after it has loaded them.
	p.do(t, holdLoads)
	s.Signal(t, syscall.SIGTERM)
	s.WaitExit(t, harness.Patience)
	harness.Start(t, env, "serve", "--listen", addr, "--admin-listen", "127.0.0.1:0", "--allowed-origins", "http://"+site)
	p.want(t, "the page waits for the rows", `held.loads === 1`)
	owner.Run(t, `UPDATE orders SET total = total + 5`)
	owner.Run(t, `INSERT INTO orders (customer, status, total) VALUES ('Flo', 'paid', 8)`)
	p.want(t, "both changes have arrived", `held.events.filter((e) => e.includes('"Flo"')).length === 1`)
	p.do(t, `held.release()`)
	wantOrders(t, p, owner)
	owner.Run(t, `TRUNCATE orders`)
	wantOrders(t, p, owner)
	for _, m := range p.complaints() {
		if !strings.Contains(m, "WebSocket connection to") { // while the server was away
			t.Errorf("the browser's console has: %s", m)
		}
	}
}

// holdLoads makes the page hold its backend's answers back until held.release is called. It
// counts loads and events in an attribute of the document, where a test can wait for them.
const holdLoads = `
	window.held = { loads: 0, events: [] };
	const noted = () => { document.body.dataset.noted = held.loads + held.events.length; };
	const released = new Promise((resolve) => { held.release = resolve; });
	const load = window.fetch;
	window.fetch = async (...request) => {
		const response = await load(...request);
		held.loads++;
		noted();
		await released;
		return response;
	};
	window.WebSocket = class extends WebSocket {
		constructor(url) {
			super(url);
			this.addEventListener('message', ({ data }) => { held.events.push(data); noted(); });
		}
	}`

// The README's program is the one that examples/list runs.
func TestReadmeList(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("../examples/list/list.js")
	if err != nil {
		t.Fatal(err)
	}
	if docBlocks(t, "README.md", "js", 1)[0] != string(file) {
		t.Error("the README's program and examples/list/list.js differ: copy one into the other")
	}
}

// The README's statements work on every version of PostgreSQL: with the role that they
// create, a server becomes ready and publishes the owner's table.
func TestReadmePrivileges(t *testing.T) {
	t.Parallel()
	for _, major := range pgtest.Versions() {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			pg := pgtest.StartVersion(t, major)
			owner := shop(t, pg)
			superuser := harness.Connect(t, pg.URL("shop"))
			t.Cleanup(func() { superuser.Run(t, `ALTER SYSTEM RESET wal_level`) })
			runLines(t, superuser, docBlocks(t, "README.md", "sql", 2)[0])
			owner.Run(t, docBlocks(t, "README.md", "sql", 2)[1])
			s := harness.Serve(t, as(t, pg.URL("shop"), "tablewire", "a-password"), "readme_privileges")
			c, _ := harness.Join(t, s, "collections/orders", map[string]string{"api_key": harness.APIKey})
			owner.Run(t, `UPDATE orders SET total = 121 WHERE id = 1`)
			if got := c.Next(t); !strings.Contains(got, `"total":121`) {
				t.Errorf("got %s, want the update", got)
			}
			s.Stop(t)
		})
	}
}

// shop creates the database and the role that the README names, and connects as that role.
// Other tests may use the PostgreSQL server, so both are dropped when the test ends.
func shop(t *testing.T, pg *pgtest.Server) *harness.Database {
	t.Helper()
	admin := harness.Connect(t, pg.URL("postgres"))
	admin.Run(t, `CREATE ROLE shop LOGIN PASSWORD 'shop'`)
	admin.Run(t, `CREATE DATABASE shop OWNER shop`)
	t.Cleanup(func() {
		// It returns when the walsender has ended and the slot is free.
		admin.Run(t, `SELECT pg_terminate_backend(active_pid, 20000) FROM pg_replication_slots WHERE database = 'shop' AND active`)
		admin.Run(t, `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = 'shop'`)
		admin.Run(t, `DROP DATABASE shop WITH (FORCE)`)
		admin.Run(t, `DROP ROLE IF EXISTS tablewire`)
		admin.Run(t, `DROP ROLE shop`)
	})
	return harness.Connect(t, as(t, pg.URL("shop"), "shop", "shop"))
}

// as returns a database's URL with another user.
func as(t *testing.T, databaseURL, user, password string) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(user, password)
	return u.String()
}

// runLines runs statements that have a line each.
func runLines(t *testing.T, db *harness.Database, statements string) {
	t.Helper()
	for line := range strings.Lines(statements) {
		db.Run(t, line)
	}
}

// runCommands runs a block of commands in a shell. It replaces some texts before, each of
// which the block must have once.
func runCommands(t *testing.T, commands string, replace map[string]string) *harness.Process {
	t.Helper()
	for documented, now := range replace {
		if strings.Count(commands, documented) != 1 {
			t.Fatalf("the commands do not have %q once:\n%s", documented, commands)
		}
		commands = strings.Replace(commands, documented, now, 1)
	}
	cmd := exec.CommandContext(background(t), "sh", "-e", "-c", commands)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	return harness.Launch(t, cmd)
}

// buildExample builds the README's list and returns the path of the program.
func buildExample(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "list")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "../examples/list").CombinedOutput(); err != nil {
		t.Fatalf("build the list: %v\n%s", err, out)
	}
	return path
}

// freeAddress returns an address of this machine that no process listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprintf("localhost:%d", l.Addr().(*net.TCPAddr).Port)
}

// wantOrders waits until the page shows the rows that SELECT gives for its filter.
func wantOrders(t *testing.T, p *page, db *harness.Database) {
	t.Helper()
	rows := harness.Query[string](t, db, `SELECT id || ': ' || customer || ', ' || trim_scale(total) FROM orders WHERE status = 'paid' ORDER BY 1`)
	p.want(t, fmt.Sprintf("the list is %q", rows),
		fmt.Sprintf(`JSON.stringify([...$('#orders').children].map((li) => li.textContent).sort()) === %q`, jsonOf(t, rows)))
}

// docBlocks returns a page's blocks of code in a language. The page must have n.
func docBlocks(t *testing.T, page, language string, n int) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", page))
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, part := range strings.Split(string(text), "\n```"+language+"\n")[1:] {
		block, _, ended := strings.Cut(part, "\n```\n")
		if !ended {
			t.Fatalf("%s: a block has no end: %s", page, block)
		}
		blocks = append(blocks, block+"\n")
	}
	if len(blocks) != n {
		t.Fatalf("%s has %d blocks in %s, want %d", page, len(blocks), language, n)
	}
	return blocks
}
