package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/tablewire/tablewire"
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

// By default the queue holds two of the longest rows, even if they are twice as long in JSON.
func TestQueueHoldsTwoRows(t *testing.T) {
	t.Parallel()
	var flags limitFlags
	parser, err := kong.New(&flags)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(nil); err != nil {
		t.Fatal(err)
	}
	if flags.QueueBytes < 4*flags.RowBytes {
		t.Errorf("by default %s may wait, and a row has %s", flags.QueueBytes, flags.RowBytes)
	}
}

// Where the packages warn of settings, the log names the flags.
func TestQueueWarning(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	flags := limitFlags{QueueBytes: 1 << 20, RowBytes: 2 << 20}
	config := flags.config(newLogger(&log, "text", slog.LevelWarn))
	config.DatabaseURL, config.APIKey = "postgres://app@127.0.0.1/shop", "k"
	server, err := tablewire.New(config)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"--queue-bytes is less than two rows of --row-bytes: ", "give --queue-bytes 8388608 or more"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log says %q, want %q", log.String(), want)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := server.Run(ended); err != nil { // ends what New began
		t.Error(err)
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
