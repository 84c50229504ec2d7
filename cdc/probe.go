package cdc

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/cdc/internal/pgerror"
	"github.com/tablewire/tablewire/cdc/internal/quote"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
)

// Probed is what Probe has seen.
type Probed struct {
	// Address is the server's address and port by its own account; "" for a Unix socket.
	Address string
	// SlotWaits says that the slot was not there after ProbeConfig.SlotTimeout.
	SlotWaits bool
}

// ProbeConfig says what Probe tries.
type ProbeConfig struct {
	URL  string
	Info pgcatalog.ServerInfo
	// SlotTimeout is how long the creation of a slot may take; 0: Probe creates none.
	SlotTimeout time.Duration
}

// Probe opens a replication connection as a stream does, and creates a temporary slot with
// the output plugin of the stream. PostgreSQL drops that slot when Probe closes the
// connection. Errors are as those of a stream.
func Probe(ctx context.Context, cfg ProbeConfig) (seen Probed, err error) {
	conn, err := connect(ctx, cfg.URL)
	if err != nil {
		return seen, pgerror.Explain(fmt.Errorf("open the replication connection: %w", err))
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		_ = conn.Close(closing) // the server drops the slot in any case
	}()
	if _, err := pglogrepl.IdentifySystem(ctx, conn); err != nil {
		return seen, pgerror.Explain(pgerror.NotReplicating(fmt.Errorf("identify the server: %w", err)))
	}
	if err := setSession(ctx, conn); err != nil {
		return seen, pgerror.Explain(err)
	}
	const address = "SELECT coalesce(pg_catalog.host(pg_catalog.inet_server_addr()) || ':' || pg_catalog.inet_server_port(), '')"
	results, err := conn.Exec(ctx, address).ReadAll()
	if err != nil {
		return seen, pgerror.Explain(fmt.Errorf("ask the server for its address: %w", err))
	}
	seen.Address = string(results[0].Rows[0][0])
	if cfg.SlotTimeout > 0 {
		seen.SlotWaits, err = probeSlot(ctx, conn, cfg)
	}
	return seen, err
}

// probeSlot creates a temporary slot. It reports whether the server still waited at the
// timeout.
func probeSlot(ctx context.Context, conn *pgconn.PgConn, cfg ProbeConfig) (waits bool, err error) {
	limited, cancel := context.WithTimeout(ctx, cfg.SlotTimeout)
	defer cancel()
	command := fmt.Sprintf("CREATE_REPLICATION_SLOT %s TEMPORARY LOGICAL pgoutput ", quote.Identifier(fmt.Sprintf("tablewire_doctor_%d", conn.PID())))
	if cfg.Info.VersionNum < 150000 {
		command += "NOEXPORT_SNAPSHOT"
	} else {
		command += "(SNAPSHOT 'nothing')"
	}
	_, err = conn.Exec(limited, command).ReadAll()
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return true, nil
	}
	if err != nil {
		return false, pgerror.Explain(pgerror.ExplainPlugin(fmt.Errorf("create a temporary replication slot: %w", err), cfg.Info.OutputPlugins))
	}
	return false, nil
}
