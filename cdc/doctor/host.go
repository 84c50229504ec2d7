package doctor

import (
	"context"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/tablewire/tablewire/protocol"
)

// host is a hosting provider of PostgreSQL. What it needs is from its documentation: no test
// can prove it.
type host struct {
	name string
	// marks has what a database shows of itself; one is enough. See sql/doctor/marks.sql.
	marks []string
	// walLevel says how wal_level is set to logical, replication is the statement that lets a
	// role replicate. "" means as in any PostgreSQL.
	walLevel, replication string
	// advice is what an operator should know.
	advice string
}

// hosts lists the known providers. A provider that builds on another one comes first.
var hosts = []host{
	{
		name:        "Amazon RDS or Aurora",
		marks:       []string{"role:rds_superuser", "setting:rds.logical_replication"},
		walLevel:    "set rds.logical_replication = 1 in a parameter group of your own, and reboot the instance",
		replication: "GRANT rds_replication TO {role}",
		advice: "give the address of the instance, or of the cluster's writer; a reader can't decode on Aurora, and its endpoint balances over several servers; " +
			"from PostgreSQL 17 on, rds.logical_slot_sync_dbname and sync_replication_slots carry slots over a failover; blue/green deployments do not carry them",
	},
	{
		name:     "Neon",
		marks:    []string{"role:neon_superuser", "setting:neon.timeline_id"},
		walLevel: "switch logical replication on in the project's settings in the console",
		advice: "give the direct address, which has no -pooler in it; a slot that nobody reads for about 40 hours is removed while others are active; " +
			"a compute never sleeps while Tablewire is connected; restoring a branch drops its slots",
	},
	{
		name:   "Supabase",
		marks:  []string{"role:supabase_admin", "setting:supautils.privileged_role"},
		advice: "give the direct address (IPv6, or IPv4 with the add-on), not the pooler's; a failover does not carry slots; supabase postgres-config update sets max_slot_wal_keep_size",
	},
	{
		name:        "Google Cloud SQL",
		marks:       []string{"role:cloudsqlsuperuser", "setting:cloudsql.logical_decoding"},
		walLevel:    "set the flag cloudsql.logical_decoding = on, and restart the instance",
		replication: "ALTER USER {role} WITH REPLICATION",
		advice:      "publications FOR ALL TABLES are refused: Tablewire lists tables; slots survive a failover only from PostgreSQL 17 on, on Enterprise Plus",
	},
	{
		name:     "Azure Database for PostgreSQL",
		marks:    []string{"role:azure_pg_admin", "setting:azure.extensions"},
		walLevel: "set the server parameter wal_level to logical, and restart the server",
		advice:   "a failover carries slots with pg_failover_slots up to PostgreSQL 16, with sync_replication_slots from 17 on; both need hot_standby_feedback = on",
	},
	{
		name:     "Scaleway",
		marks:    []string{"setting:rdb.enable_logical_replication"},
		walLevel: "set rdb.enable_logical_replication = true in the instance's advanced settings",
		advice:   "logical replication is a setting of the instance (rdb.enable_logical_replication)",
	},
	{
		name:   "PlanetScale",
		marks:  []string{"role:pscale_admin", "role:pscale_superuser"},
		advice: "only the default role creates slots, and slots that shall survive a failover are registered in the cluster's parameters",
	},
	{
		name:   "Aiven",
		marks:  []string{"role:avnadmin", "extension:aiven_extras"},
		advice: "there is no superuser: a publication lists tables that its owner owns, or the functions of aiven_extras create it",
	},
	{
		name:   "Alibaba Cloud RDS",
		marks:  []string{"role:pg_rds_superuser", "setting:rds_failover_slot_mode"},
		advice: "rds_failover_slot_mode says whether slots survive a failover",
	},
	{
		name:   "Crunchy Bridge",
		marks:  []string{"role:crunchy_superuser", "extension:crunchy_bridge"},
		advice: "from PostgreSQL 17 on, a slot with failover => true survives a failover",
	},
	{
		name:   "Timescale Cloud",
		marks:  []string{"role:tsdbadmin", "role:tsdbowner"},
		advice: "the rows of a hypertable are in chunks of the schema _timescaledb_internal, whose changes do not come as changes of the hypertable",
	},
	{
		name:   "Heroku Postgres",
		marks:  []string{"setting:heroku_ext.version", "extension:heroku_ext"},
		advice: "logical replication was not offered",
	},
}

// hostMarks lists the marks of all providers.
func hostMarks() []string {
	var marks []string
	for _, h := range hosts {
		marks = append(marks, h.marks...)
	}
	return marks
}

// recognise returns the provider that has one of the marks, or nil.
func recognise(marks []string) *host {
	for i := range hosts {
		for _, m := range marks {
			mark, _, _ := strings.Cut(m, "=")
			if slices.Contains(hosts[i].marks, mark) {
				return &hosts[i]
			}
		}
	}
	return nil
}

// nameAddresses adds to a problem that the host has IPv6 addresses only. lookup resolves
// names, as net.Resolver.LookupIPAddr does.
func nameAddresses(ctx context.Context, problem *protocol.Problem, host string, lookup func(context.Context, string) ([]net.IPAddr, error)) *protocol.Problem {
	if host == "" || strings.HasPrefix(host, "/") || net.ParseIP(host) != nil {
		return problem
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	addresses, err := lookup(ctx, host)
	isV4 := func(a net.IPAddr) bool { return a.IP.To4() != nil }
	if err != nil || len(addresses) == 0 || slices.ContainsFunc(addresses, isV4) {
		return problem
	}
	named := *problem
	named.What += " (it has IPv6 addresses only, such as " + addresses[0].String() + ")"
	named.Hint = "check that this machine has IPv6, or take an address of the database that has IPv4 (Supabase has an add-on for it); " + problem.Hint
	return &named
}
