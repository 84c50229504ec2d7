package integration

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// The program ends when "go run" ends, although go passes no signal on.
func TestGoRun(t *testing.T) {
	t.Parallel()
	db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
	for slot, signal := range map[string]os.Signal{"go_run_term": syscall.SIGTERM, "go_run_kill": syscall.SIGKILL} {
		t.Run(slot, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(background(t), "go", "run", "../cmd/tablewire", "serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
				"--slot", slot, "--publication", slot, "--api-key", harness.APIKey, "--database-url", db.URL)
			p := harness.Launch(t, cmd)
			p.WaitLine(t, `ready .*url=http://(\S+)`)
			p.Signal(t, signal)
			p.WaitExit(t, 10*time.Second) // waits for the program, too, which writes to the same output
			if !strings.Contains(p.Output(), "stopped") {
				t.Error("the program did not log that it stopped")
			}
		})
	}
}

// SIGHUP, which a closed terminal sends, ends the program as SIGTERM does.
func TestHangup(t *testing.T) {
	t.Parallel()
	db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
	db.Run(t, `CREATE TABLE t (id int PRIMARY KEY)`)
	s := harness.Serve(t, db.URL, "hangup")
	w := harness.Subscribe(t, s, "t", nil)
	s.Signal(t, syscall.SIGHUP)
	w.WantClosed(t, 1012)
	if code := s.WaitExit(t, 10*time.Second); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}
