//go:build python

package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// The examples in Python run: those of the API's documentation, and the one of
// docs/row-sets.md. They use the package websocket-client. Because not every machine has it,
// the test has a build tag:
//
//	apt-get install python3-websocket
//	go test -tags python -run Python ./integration
func TestPythonExamples(t *testing.T) {
	t.Parallel()
	python := findPython(t)
	pg := pgtest.Start(t)

	t.Run("collection watch", func(t *testing.T) {
		t.Parallel()
		db := harness.Connect(t, pg.NewDatabase(t))
		db.Run(t, usersTable)
		s := harness.Serve(t, db.URL, "python_watch", "--api-key", exampleKey)
		script := runExample(t, python, "collection_watch.py", s.Addr)
		script.WaitLine(t, `^Event: connected$`)
		script.WaitLine(t, `^Data: None$`)
		db.Run(t, `INSERT INTO users VALUES ('1', 'Idle', 'idle@example.com', 'inactive', 30), ('2', 'John', 'john@example.com', 'active', 30)`)
		script.WaitLine(t, `^Event: create$`)
		script.WaitLine(t, `^Data: {'id': '2', 'name': 'John', 'email': 'john@example.com', 'status': 'active', 'age': 30, 'created_at': '2024-01-15T10:30:00Z'}$`)
		db.Run(t, `UPDATE users SET age = NULL WHERE id = '2'; DELETE FROM users`)
		script.WaitLine(t, `^Event: update$`)
		script.WaitLine(t, `^Data: {'id': '2', .*'age': None, `)
		script.WaitLine(t, `^Event: delete$`)
		script.WaitLine(t, `^Data: {'id': '2'}$`)
		if strings.Contains(script.Output(), "Idle") {
			t.Error("the script got a row that its filter does not match")
		}
		s.Stop(t)
		wantEnd(t, script)
	})

	t.Run("project broadcast", func(t *testing.T) {
		t.Parallel()
		db := harness.Connect(t, pg.NewDatabase(t))
		s := harness.Serve(t, db.URL, "python_broadcast", "--api-key", exampleKey)
		listener, _ := harness.Join(t, s, "broadcast", map[string]string{"api_key": exampleKey, "user_id": "go"})
		script := runExample(t, python, "broadcast.py", s.Addr)
		if got := listener.NextChat(t); got != `user_123/Python Client: {"text": "Hello from Python!"}` {
			t.Errorf("the other client gets %s", got)
		}
		script.WaitLine(t, `^Python Client: {'text': 'Hello from Python!'}$`)
		listener.Send(t, map[string]any{"type": "message", "data": []int{1, 2}})
		script.WaitLine(t, `^go: \[1, 2\]$`)
		s.Stop(t)
		wantEnd(t, script)
	})

	t.Run("row sets", func(t *testing.T) {
		t.Parallel()
		db := harness.Connect(t, pg.NewDatabase(t))
		db.Run(t, ordersTable)
		s := harness.Serve(t, db.URL, "python_row_sets", "--row-bytes", "4KiB")
		script := runPython(t, python, snippet(t, "python", s.Addr))
		script.WaitLine(t, `^\[\]$`) // printed when it is connected
		for _, step := range rowSetsSteps {
			db.Run(t, step.statement)
			script.WaitLine(t, "^"+regexp.QuoteMeta(strings.NewReplacer(`"`, `'`, `:`, `: `, `,`, `, `).Replace(step.rows))+"$")
		}
		s.Stop(t)
		wantEnd(t, script)
	})
}

// findPython returns a Python that has the package. It prefers the system's to one that a
// version manager puts before it in the PATH.
func findPython(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"/usr/bin/python3", "python3", "python"} {
		if exec.CommandContext(t.Context(), name, "-c", "import websocket; websocket.WebSocketApp").Run() == nil {
			return name
		}
	}
	t.Fatal("no Python with the package websocket-client found: apt-get install python3-websocket")
	return ""
}

// runExample runs one of the documentation's scripts.
func runExample(t *testing.T, python, name, addr string) *harness.Process {
	t.Helper()
	return runPython(t, python, example(t, name, addr))
}

// runPython runs a script with unbuffered output.
func runPython(t *testing.T, python, script string) *harness.Process {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script.py")
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	return harness.Launch(t, exec.CommandContext(background(t), python, "-u", path))
}

// wantEnd waits until a script has ended by itself, after its server has.
func wantEnd(t *testing.T, p *harness.Process) {
	t.Helper()
	if code := p.WaitExit(t, harness.Patience); code != 0 {
		t.Errorf("the script ended with exit code %d:\n%s", code, p.Output())
	}
	if strings.Contains(p.Output(), "Traceback") {
		t.Errorf("the script failed:\n%s", p.Output())
	}
}
