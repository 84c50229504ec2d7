package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/tablewire/tablewire/protocol"
)

// The packages name settings. The program's errors and its log, in both formats, name flags
// instead.
func TestFlagNames(t *testing.T) {
	t.Parallel()
	problem := &protocol.Problem{
		ID: "slot-physical", What: `the setting "slot" names a physical slot`, Hint: `choose another name with the setting "slot"`,
		Err: errors.New(`see the setting "tables"`),
	}
	var b bytes.Buffer
	report(&b, problem)
	want := "tablewire: --slot names a physical slot: see --tables\n  to do: choose another name with --slot\n  problem: slot-physical\n"
	if got := b.String(); got != want {
		t.Errorf("reported\n%swant\n%s", got, want)
	}
	for _, format := range []string{"text", "json"} {
		b.Reset()
		log := newLogger(&b, format, 0).With("reason", `the setting "row-bytes"`).WithGroup("g")
		log.Warn(`the setting "queue-bytes" is low`, "error", problem, "to_do", problem.Hint, "bytes", 5)
		for _, want := range []string{"--row-bytes", "--queue-bytes is low", "--slot names a physical slot: see --tables", "choose another name with --slot", "5"} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("the log as %s lacks %s: %s", format, want, b.String())
			}
		}
	}
}
