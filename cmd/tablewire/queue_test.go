package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// The queue holds two of the longest rows, each as long again in JSON, by default; who
// gives one of the flags alone is told where it no longer holds two.
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
