package integration

import (
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// launch runs a command, the program or a client's script. It has ended when all who
// write to its output have, and is killed when the test ends.
func launch(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{cmd: cmd, lines: make(chan string, 4096), exited: make(chan struct{})}
	r, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(func() { p.read(r) })
	go func() {
		_ = cmd.Wait() // its exit code is asked for by exit
		_ = w.Close()
		reading.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-p.exited
		if t.Failed() {
			t.Logf("%s said:\n%s", cmd.Path, p.output())
		}
	})
	return p
}

// await waits until all of the lines have come, in whatever order; * stands for
// anything.
func (p *process) await(t testing.TB, wanted ...string) {
	t.Helper()
	patterns := make([]string, len(wanted))
	for i, w := range wanted {
		patterns[i] = "^" + strings.ReplaceAll(regexp.QuoteMeta(w), `\*`, `.*`) + "$"
	}
	for len(patterns) > 0 {
		came := p.line(t, strings.Join(patterns, "|"))[0]
		patterns = slices.DeleteFunc(patterns, func(p string) bool { return regexp.MustCompile(p).MatchString(came) })
	}
}
