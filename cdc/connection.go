package cdc

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"

	"github.com/tablewire/tablewire/cdc/internal/pgerror"
	"github.com/tablewire/tablewire/cdc/internal/quote"
)

// sessionSettings are the settings of the replication connection: those of the role or the
// database would change what the stream brings. setSession sets them by a statement,
// because a pooler leaves out startup parameters that it does not know (PgBouncer:
// ignore_startup_parameters), or refuses them.
var sessionSettings = map[string]string{
	"client_encoding":                     "UTF8",
	"DateStyle":                           "ISO, MDY",
	"IntervalStyle":                       "postgres",
	"TimeZone":                            "UTC",
	"bytea_output":                        "hex",
	"extra_float_digits":                  "1",
	"statement_timeout":                   "0",
	"lock_timeout":                        "0",
	"idle_in_transaction_session_timeout": "0",
	transactionTimeout:                    "0",
}

// transactionTimeout is a setting that PostgreSQL has from version 17 on. PostgreSQL decodes each transaction
// within a transaction of its own, so the timeout would end the stream at a transaction that takes longer to
// send, and again each time.
const transactionTimeout = "transaction_timeout"

// noEncoding is the encoding of a database that takes any bytes. If the stream asked such
// a server for UTF-8, the server would end the stream at the first row with other bytes,
// and again each time.
const noEncoding = "SQL_ASCII"

// startupParameters are those that the replication connection needs.
func startupParameters(application string) map[string]string {
	if application == "" {
		application = "tablewire"
	}
	return map[string]string{"replication": "database", "client_encoding": sessionSettings["client_encoding"], "application_name": application}
}

// connect opens a connection in replication mode.
func connect(ctx context.Context, url string) (*pgconn.PgConn, error) {
	cfg, err := pgconn.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	maps.Copy(cfg.RuntimeParams, startupParameters(cfg.RuntimeParams["application_name"]))
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 10 * time.Second
	}
	// PostgreSQL may take long to create a slot. If the connection were cut meanwhile, it
	// would stay on the server, and end there with a FATAL error.
	cfg.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: closeTimeout}
	}
	return pgconn.ConnectConfig(ctx, cfg)
}

// setSession sets sessionSettings and checks that they are set.
func setSession(ctx context.Context, conn *pgconn.PgConn) error {
	wanted := maps.Clone(sessionSettings)
	if conn.ParameterStatus("server_encoding") == noEncoding {
		wanted["client_encoding"] = noEncoding
	}
	names := slices.Sorted(maps.Keys(wanted))
	calls := make([]string, len(names))
	for i, name := range names {
		calls[i] = fmt.Sprintf("pg_catalog.set_config(%s, %s, false)", quote.Literal(name), quote.Literal(wanted[name]))
		if name == transactionTimeout {
			calls[i] = fmt.Sprintf("CASE WHEN pg_catalog.current_setting(%s, true) IS NULL THEN %s ELSE %s END",
				quote.Literal(name), quote.Literal(wanted[name]), calls[i])
		}
	}
	// One SELECT: before PostgreSQL 15 a connection in replication mode takes no list of
	// statements.
	results, err := conn.Exec(ctx, "SELECT "+strings.Join(calls, ", ")).ReadAll()
	if err != nil {
		return fmt.Errorf("set the replication connection's formats: %w", err)
	}
	for i, name := range names {
		if got := string(results[0].Rows[0][i]); got != wanted[name] {
			return pgerror.SettingIgnored(name, got, wanted[name])
		}
	}
	return nil
}

// startReplication begins to stream at the slot's confirmed position. The receiver that it
// returns owns the socket.
func startReplication(ctx context.Context, conn *pgconn.PgConn, slot, publication string) (*receiver, error) {
	err := pglogrepl.StartReplication(ctx, conn, quote.Identifier(slot), 0, pglogrepl.StartReplicationOptions{
		Mode: pglogrepl.LogicalReplication,
		PluginArgs: []string{
			"proto_version '1'",
			"messages 'true'",
			"publication_names " + quote.Literal(quote.Identifier(publication)),
		},
	})
	if err != nil {
		return nil, fmt.Errorf("start replication on slot %q: %w", slot, err)
	}
	hijacked, err := conn.Hijack()
	if err != nil {
		return nil, fmt.Errorf("take over the replication connection: %w", err)
	}
	now := time.Now()
	return &receiver{
		conn: hijacked.Conn, frontend: hijacked.Frontend,
		lastStatus: now, lastMessage: now,
	}, nil
}
