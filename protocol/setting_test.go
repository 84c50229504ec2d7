package protocol_test

import (
	"testing"

	"github.com/tablewire/tablewire/protocol"
)

func TestRenameSettings(t *testing.T) {
	t.Parallel()
	flag := func(name string) string { return "--" + name }
	for text, want := range map[string]string{
		"raise " + protocol.Setting("row-bytes"):                                       "raise --row-bytes",
		`give it a name with the setting "slot" (and the setting "publication")`:       "give it a name with --slot (and --publication)",
		`the setting "Not a name" and the setting wal_level, or "the setting"`:         `the setting "Not a name" and the setting wal_level, or "the setting"`,
		`choose another one, such as '!orders', for the setting "tables": see the log`: `choose another one, such as '!orders', for --tables: see the log`,
	} {
		if got := protocol.RenameSettings(text, flag); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}
