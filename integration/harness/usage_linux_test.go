package harness_test

import (
	"os/exec"
	"testing"

	"github.com/tablewire/tablewire/integration/harness"
)

func TestUsage(t *testing.T) {
	t.Parallel()
	p := harness.Launch(t, exec.CommandContext(t.Context(), "sh", "-c", `while :; do :; done`))
	peak := p.WatchResident(t)
	harness.Eventually(t, "the process has used processor time", func() bool { return p.CPUTime(t) > 0 })
	if n := p.ResidentBytes(t); n < 64<<10 || peak() < 64<<10 {
		t.Errorf("%d bytes are resident, and the peak is %d", n, peak())
	}
}
