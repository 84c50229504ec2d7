//go:build unix

package harness_test

import (
	"os/exec"
	"testing"

	"github.com/tablewire/tablewire/integration/harness"
)

func TestProcess(t *testing.T) {
	t.Parallel()
	p := harness.Launch(t, exec.CommandContext(t.Context(), "sh", "-c", `echo one; echo two 2 >&2; echo three; read -r line; echo "it was $line"; exit 3`))
	p.WaitLines(t, "two *", "one")
	if m := p.WaitLine(t, "^t(h.*)e$"); m[1] != "hre" {
		t.Errorf("groups %q", m)
	}
	p.WaitLine(t, "^it was $") // standard input is empty
	if code := p.WaitExit(t, harness.Patience); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
	if n := p.CountLines("t"); n != 3 {
		t.Errorf("%d lines with t, want 3:\n%s", n, p.Output())
	}
}
