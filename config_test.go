package tablewire_test

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/tablewire/tablewire"
	"github.com/tablewire/tablewire/protocol"
)

// New refuses, with a problem, a key that no header can carry, and lists of tables that name none.
func TestNewRefusesConfig(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, key string
		tables    []string
		problem   string
	}{
		{"a blank before", " abc", nil, "api-key"},
		{"a blank behind", "abc ", nil, "api-key"},
		{"blanks alone", "  ", nil, "api-key"},
		{"a line break", "abc\n", nil, "api-key"},
		{"a line break within", "ab\r\nc", nil, "api-key"},
		{"a NUL", "ab\x00c", nil, "api-key"},
		{"an empty list", "abc", []string{}, "table-pattern"},
		{"exclusions alone", "abc", []string{"!orders"}, "table-pattern"},
		{"two names in one item", "abc", []string{"a,b"}, "table-pattern"},
	} {
		_, err := tablewire.New(tablewire.Config{
			DatabaseURL: "postgres://app@127.0.0.1:1/shop", APIKey: tt.key, Tables: tt.tables, Logger: slog.New(slog.DiscardHandler),
		})
		problem, ok := errors.AsType[*protocol.Problem](err)
		if !ok || problem.ID != tt.problem {
			t.Errorf("%s: %v, want the problem %s", tt.name, err, tt.problem)
		}
	}
}
