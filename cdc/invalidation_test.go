package cdc

import (
	"strings"
	"testing"

	"github.com/tablewire/tablewire/protocol/pgcatalog"
)

// Each reason for which PostgreSQL invalidates a slot comes with its setting.
func TestReasonLost(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]string{
		"wal_removed":            "max_slot_wal_keep_size is 1GB",
		"idle_timeout":           "idle_replication_slot_timeout is 1h",
		"rows_removed":           "hot_standby_feedback = on",
		"wal_level_insufficient": "wal_level was below logical",
		"conflict":               "hot_standby_feedback = on",
		"of a later version":     "(of a later version)",
	} {
		got := LostReason(pgcatalog.ServerInfo{SlotWALStatus: "reserved", SlotInvalidation: reason, SlotKeepSize: "1GB", SlotIdleTimeout: "1h"})
		if !strings.Contains(got, want) {
			t.Errorf("%s: %q lacks %q", reason, got, want)
		}
	}
	for _, status := range []string{"reserved", "extended", "unreserved", ""} {
		if got := LostReason(pgcatalog.ServerInfo{SlotWALStatus: status}); got != "" {
			t.Errorf("a slot whose WAL is %q counts as lost: %s", status, got)
		}
	}
}
