package main

import (
	"bytes"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestDocumentedLimits compares the table in docs/limits.md with the flags.
func TestDocumentedLimits(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	type flag struct{ env, value string }
	documented := map[string]flag{}
	for _, m := range regexp.MustCompile("(?m)^\\| `--([a-z-]+)` \\| `(\\w+)` \\| `?([^ `|]*)`? ?\\|").FindAllStringSubmatch(string(page), -1) {
		documented[m[1]] = flag{m[2], m[3]}
	}
	parser, err := kong.New(&limitFlags{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range parser.Model.Flags {
		if f.Name == "help" {
			continue
		}
		if got, want := documented[f.Name], (flag{f.Envs[0], f.Default}); got != want {
			t.Errorf("--%s is documented as %v, want %v", f.Name, got, want)
		}
		delete(documented, f.Name)
	}
	for name := range documented {
		t.Errorf("--%s is documented, and no such flag exists", name)
	}
}

// By default the queue holds two of the longest rows, even if they are twice as long in JSON. The
// log warns if the flags leave room for less than two.
func TestQueueHoldsTwoRows(t *testing.T) {
	t.Parallel()
	for args, toDo := range map[string]string{
		"":                                   "",
		"--row-bytes=4MiB":                   "",
		"--row-bytes=4097KiB":                "--queue-bytes 16388KiB",
		"--row-bytes=8MiB":                   "--queue-bytes 32MiB",
		"--row-bytes=8MiB --queue-bytes=1GB": "",
		"--queue-bytes=1MiB":                 "--queue-bytes 8MiB",
		"--queue-bytes=64KiB --row-bytes=8":  "",
	} {
		var flags limitFlags
		parser, err := kong.New(&flags)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(strings.Fields(args)); err != nil {
			t.Fatal(err)
		}
		if args == "" && flags.QueueBytes < 4*flags.RowBytes {
			t.Errorf("by default %s may wait, and a row has %s", flags.QueueBytes, flags.RowBytes)
		}
		var log bytes.Buffer
		flags.checkQueue(slog.New(slog.NewTextHandler(&log, nil)))
		if toDo == "" && log.Len() > 0 || !strings.Contains(log.String(), toDo) {
			t.Errorf("%s: the log says %q, want %q", args, log.String(), toDo)
		}
	}
}

func TestNegativeDurations(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"serve", "demo"} {
		var stdout, stderr strings.Builder
		if code := run(t.Context(), []string{command, "--auth-timeout=-3s"}, &stdout, &stderr); code != 2 || !strings.Contains(stderr.String(), "--auth-timeout: -3s is negative") {
			t.Errorf("%s: %d, %s", command, code, stderr.String())
		}
	}
}
