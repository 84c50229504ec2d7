package cdc

import (
	"fmt"

	"github.com/tablewire/tablewire/cdc/internal/pgerror"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
)

const (
	walMinimal = "minimal"
	walLogical = "logical"
)

// tooLittleWAL reports whether the server writes less into its log than logical decoding
// needs, and would not write more because of our slot. Before PostgreSQL 19 wal_level must
// be logical. From 19 on replica is enough, except on a standby: it decodes what its primary
// writes, and its own wal_level means nothing.
func tooLittleWAL(info pgcatalog.ServerInfo) bool {
	switch {
	case info.VersionNum < onDemandVersion:
		return info.WALLevel != walLogical
	case info.InRecovery:
		return info.EffectiveWALLevel != walLogical
	}
	return info.WALLevel == walMinimal
}

func walLevelProblem(info pgcatalog.ServerInfo) *protocol.Problem {
	const managed = " (managed services have a setting, often named rds.logical_replication or cloudsql.logical_decoding)"
	what := fmt.Sprintf("wal_level is %q on the server; logical replication needs %q", info.WALLevel, walLogical)
	switch {
	case info.VersionNum >= onDemandVersion && info.InRecovery:
		return pgerror.WALLevel(
			fmt.Sprintf("effective_wal_level is %q on the standby, because its primary has no logical slot; logical replication needs %q", info.EffectiveWALLevel, walLogical),
			"run ALTER SYSTEM SET wal_level = 'logical' on the primary and restart it, or connect to the primary, which needs neither")
	case info.VersionNum >= onDemandVersion:
		return pgerror.WALLevel(
			fmt.Sprintf("wal_level is %q on the server; logical replication needs \"replica\" or %q", info.WALLevel, walLogical),
			"run ALTER SYSTEM SET wal_level = 'replica' and ALTER SYSTEM RESET max_wal_senders, see that no configuration file sets max_wal_senders = 0, and restart PostgreSQL",
			"ALTER SYSTEM SET wal_level = 'replica'", "ALTER SYSTEM RESET max_wal_senders")
	case info.WALLevel == walMinimal:
		return pgerror.WALLevel(what, "run ALTER SYSTEM SET wal_level = 'logical' and ALTER SYSTEM RESET max_wal_senders, see that no configuration file sets max_wal_senders = 0, and restart PostgreSQL"+managed,
			"ALTER SYSTEM SET wal_level = 'logical'", "ALTER SYSTEM RESET max_wal_senders")
	}
	return pgerror.WALLevel(what, "run ALTER SYSTEM SET wal_level = 'logical' and restart PostgreSQL"+managed, "ALTER SYSTEM SET wal_level = 'logical'")
}
