package integration

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// Whoever ends "go run" ends the program, though go passes no signal on.
func TestGoRun(t *testing.T) {
	t.Parallel()
	db := connect(t, pgtest.Start(t).NewDatabase(t))
	for slot, signal := range map[string]os.Signal{"go_run_term": syscall.SIGTERM, "go_run_kill": syscall.SIGKILL} {
		t.Run(slot, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(background(t), "go", "run", "../cmd/tablewire", "serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
				"--slot", slot, "--publication", slot, "--api-key", apiKey, "--database-url", db.url)
			p := launch(t, cmd)
			p.line(t, `ready .*url=http://(\S+)`)
			p.signal(t, signal)
			p.exit(t, 10*time.Second) // of all who write to its output
			if !strings.Contains(p.output(), "stopped") {
				t.Error("it did not stop in good order")
			}
		})
	}
}

// A terminal that is closed stops the program in good order; nohup keeps it.
func TestHangup(t *testing.T) {
	t.Parallel()
	db := connect(t, pgtest.Start(t).NewDatabase(t))
	db.run(t, `CREATE TABLE t (id int PRIMARY KEY)`)
	s := serve(t, db.url, "hangup")
	w := watch(t, s, "t", nil)
	s.signal(t, syscall.SIGHUP)
	w.wantClosed(t, 1012)
	if code := s.exit(t, 10*time.Second); code != 0 {
		t.Errorf("ended with %d", code)
	}
}
