//go:build python

package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// The API's documentation's examples in Python, and docs/row-sets.md's, with the
// package websocket-client.
// They have a build tag of their own, because not every machine has that package:
//
//	apt-get install python3-websocket
//	go test -tags python -run Python ./integration
func TestPythonExamples(t *testing.T) {
	t.Parallel()
	python := findPython(t)
	pg := pgtest.Start(t)

	t.Run("collection watch", func(t *testing.T) {
		t.Parallel()
		db := connect(t, pg.NewDatabase(t))
		db.run(t, usersTable)
		s := serve(t, db.url, "python_watch", "--api-key", exampleKey)
		script := runExample(t, python, "collection_watch.py", s.addr)
		script.line(t, `^Event: connected$`)
		script.line(t, `^Data: None$`)
		db.run(t, `INSERT INTO users VALUES ('1', 'Idle', 'idle@example.com', 'inactive', 30), ('2', 'John', 'john@example.com', 'active', 30)`)
		script.line(t, `^Event: create$`)
		script.line(t, `^Data: {'id': '2', 'name': 'John', 'email': 'john@example.com', 'status': 'active', 'age': 30, 'created_at': '2024-01-15T10:30:00Z'}$`)
		db.run(t, `UPDATE users SET age = NULL WHERE id = '2'; DELETE FROM users`)
		script.line(t, `^Event: update$`)
		script.line(t, `^Data: {'id': '2', .*'age': None, `)
		script.line(t, `^Event: delete$`)
		script.line(t, `^Data: {'id': '2'}$`)
		if strings.Contains(script.output(), "Idle") {
			t.Error("the filter let an inactive user through")
		}
		s.stop(t)
		script.wantEnd(t)
	})

	t.Run("project broadcast", func(t *testing.T) {
		t.Parallel()
		db := connect(t, pg.NewDatabase(t))
		s := serve(t, db.url, "python_broadcast", "--api-key", exampleKey)
		listener, _ := converse(t, s, "broadcast", map[string]string{"api_key": exampleKey, "user_id": "go"})
		script := runExample(t, python, "broadcast.py", s.addr)
		if got := listener.short(t); got != `user_123/Python Client: {"text": "Hello from Python!"}` {
			t.Errorf("others hear %s", got)
		}
		script.line(t, `^Python Client: {'text': 'Hello from Python!'}$`)
		listener.send(t, map[string]any{"type": "message", "data": []int{1, 2}})
		script.line(t, `^go: \[1, 2\]$`)
		s.stop(t)
		script.wantEnd(t)
	})

	t.Run("row sets", func(t *testing.T) {
		t.Parallel()
		db := connect(t, pg.NewDatabase(t))
		db.run(t, ordersTable)
		s := serve(t, db.url, "python_row_sets", "--row-bytes", "4KiB")
		script := runPython(t, python, snippet(t, "python", s.addr))
		script.line(t, `^\[\]$`) // it is connected
		for _, step := range rowSetsSteps {
			db.run(t, step.statement)
			script.line(t, "^"+regexp.QuoteMeta(strings.NewReplacer(`"`, `'`, `:`, `: `, `,`, `, `).Replace(step.rows))+"$")
		}
		s.stop(t)
		script.wantEnd(t)
	})
}

// findPython gives a Python that has the package: the system's rather than one that
// a version manager puts before it in the PATH.
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
func runExample(t *testing.T, python, name, addr string) *process {
	t.Helper()
	return runPython(t, python, example(t, name, addr))
}

// runPython runs a script; its output is not held back.
func runPython(t *testing.T, python, script string) *process {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script.py")
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	return launch(t, exec.CommandContext(background(t), python, "-u", path))
}

// wantEnd waits for a script's own end, after its server has gone.
func (p *process) wantEnd(t *testing.T) {
	t.Helper()
	if code := p.exit(t, patience); code != 0 {
		t.Errorf("the script ended with %d:\n%s", code, p.output())
	}
	if strings.Contains(p.output(), "Traceback") {
		t.Errorf("the script failed:\n%s", p.output())
	}
}
