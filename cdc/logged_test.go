package cdc_test

import (
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tablewire/tablewire/cdc"
)

// logged keeps a stream's log.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// option makes a stream log here.
func (l *logged) option(c *cdc.Config) { c.Logger = slog.New(slog.NewTextHandler(l, nil)) }

// await waits for a line with a text in it. The next call searches behind that line.
func (l *logged) await(t *testing.T, text string) string {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); waitABit() {
		for line := range strings.Lines(l.String()) {
			if strings.Contains(line, text) {
				return line
			}
		}
	}
	t.Fatalf("the log does not say %q:\n%s", text, l)
	return ""
}

// count counts the lines that contain a text.
func (l *logged) count(text string) (n int) {
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// waitABit waits between two looks at something that has no signal.
func waitABit() { time.Sleep(10 * time.Millisecond) }
