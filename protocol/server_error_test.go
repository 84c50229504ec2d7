package protocol_test

import (
	"strings"
	"testing"

	"github.com/tablewire/tablewire/protocol"
)

// No part of a server's error that may quote a row is kept.
func TestServerErrorKeepsNoRow(t *testing.T) {
	t.Parallel()
	for code, kept := range map[string]struct{ message, detail, hint bool }{
		"22P02": {hint: true},
		"23505": {hint: true},
		"44000": {hint: true},
		"P0001": {},
		"P0004": {},
		"22023": {message: true, detail: true, hint: true},
		"55006": {message: true, detail: true, hint: true},
	} {
		e := protocol.NewServerError(code, "a message", "a detail", "a hint")
		for text, want := range map[string]bool{"a message": kept.message, "a detail": kept.detail, "a hint": kept.hint} {
			if got := strings.Contains(e.Message+e.Error(), text); got != want {
				t.Errorf("SQLSTATE %s has %q: %v, want %v", code, text, got, want)
			}
		}
	}
}
