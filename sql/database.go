package sql

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"

	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// Config of a Database.
type Config struct {
	// URL of the database, as libpq takes it.
	URL string
	// Publication and Slot are names. Sync keeps the publication for the slot's server.
	Publication, Slot string
	// Tables says which tables to expose; see ParsePatterns.
	Tables Patterns
}

// Database runs the statements, one at a time, on one connection. Its methods may be
// called concurrently. Close it when done.
type Database struct {
	cfg        Config
	connConfig *pgx.ConnConfig

	busy chan struct{} // holds the token of the caller that owns the fields below

	conn   *pgx.Conn // nil until needed, and after it was lost
	pooled bool      // by a pooler, which may give each transaction another session

	folding       *wal.Folding // how lower() folds text; nil until a citext is met
	foldingLocale locale       // the locale that folding was read for

	spatialRefs   *wal.SpatialRefs // the names of PostGIS' reference systems; nil until a geometry is met
	spatialRefsAt time.Time        // when they were read

	last        lastSync
	lastStorage map[uint32]storage // by OID: how tables were stored at the last Sync; nil before
	unseen      []pgcatalog.Unseen // found since the last Sync that succeeded
}

// timeout bounds connecting and one statement. Reading the catalog takes milliseconds, and
// nobody must wait for it for ever.
const timeout = 10 * time.Second

// Open checks the configuration. It does not connect.
func Open(cfg Config) (*Database, error) {
	cc, err := pgx.ParseConfig(cfg.URL)
	if err != nil {
		return nil, err
	}
	if cc.RuntimeParams["application_name"] == "" {
		cc.RuntimeParams["application_name"] = "tablewire"
	}
	cc.RuntimeParams["client_encoding"] = "UTF8" // for names, whatever the database's encoding
	// When a caller gives a statement up, the driver cancels it and closes the connection in
	// good order. A connection that is cut ends on the server with a FATAL error in its log.
	cc.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: time.Second}
	}
	// A pooler in transaction mode would lose prepared statements, and a few statements a
	// minute gain nothing from them.
	cc.DefaultQueryExecMode = pgx.QueryExecModeExec
	return &Database{
		cfg: cfg, connConfig: cc, busy: make(chan struct{}, 1),
		last: lastSync{carried: map[uint32]bool{}, undone: map[uint32]time.Time{}, leftOut: map[uint32]string{}},
	}, nil
}

// Close ends the connection. It waits for the statement that is running.
func (d *Database) Close() error {
	d.busy <- struct{}{}
	defer func() { <-d.busy }()
	return d.disconnect()
}

func (d *Database) disconnect() error {
	if d.conn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := d.conn.Close(ctx)
	d.conn = nil
	return err
}

// run runs f on the connection. It connects first if there is no connection or it was lost.
// doing says in an error what was being done.
func (d *Database) run(ctx context.Context, doing string, f func(context.Context, *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	select {
	case d.busy <- struct{}{}:
		defer func() { <-d.busy }()
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", doing, ctx.Err())
	}
	if d.conn != nil && (d.conn.IsClosed() || d.conn.Ping(ctx) != nil) {
		_ = d.disconnect() // the connection is lost already
	}
	if d.conn == nil {
		if err := d.connect(ctx); err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
	}
	err := f(ctx, d.conn)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err() // the error is only that the statement was cancelled, which follows
	}
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// connect connects and sets the session's settings. It does not give them as startup
// parameters, because a pooler leaves out or refuses those that it does not know.
func (d *Database) connect(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, d.connConfig)
	if err != nil {
		return err
	}
	var pid int64
	var encoding string
	if err = conn.QueryRow(ctx, session, int64(conn.PgConn().PID())).Scan(&pid, &encoding, nil, nil); err == nil && encoding != "UTF8" {
		err = &protocol.Problem{
			ID:   "client-encoding-ignored",
			What: fmt.Sprintf("client_encoding is %q on the connection, after UTF8 was asked for", encoding),
			Hint: "a connection pooler is in between and does not pass the setting on: give the server's own address and port",
		}
	}
	if err != nil {
		_ = conn.Close(context.WithoutCancel(ctx)) // the error from before matters more
		return err
	}
	d.conn, d.pooled = conn, pid != int64(conn.PgConn().PID())
	return nil
}

// alterNow runs a statement that takes locks, in a transaction; see limitLocks.
func (d *Database) alterNow(ctx context.Context, conn *pgx.Conn, statement string) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if err := d.limitLocks(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, statement)
		return err
	})
}

// limitLocks makes a transaction give up soon if it does not get its locks: ALTER
// PUBLICATION waits for a VACUUM or a CREATE INDEX CONCURRENTLY of the table, and other
// sessions would wait behind it. The next Sync tries again.
func (d *Database) limitLocks(ctx context.Context, tx pgx.Tx) error {
	if !d.pooled { // the session has the limit
		return nil
	}
	_, err := tx.Exec(ctx, lockTimeout)
	return err
}

// Server returns what decides whether a stream can start.
func (d *Database) Server(ctx context.Context) (info pgcatalog.ServerInfo, err error) {
	err = d.run(ctx, "look at the server", func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, serverInfo, d.cfg.Slot, d.cfg.Publication)
		if err != nil {
			return err
		}
		info, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[pgcatalog.ServerInfo])
		return err
	})
	return info, err
}

// SlotHolder returns who reads the slot.
func (d *Database) SlotHolder(ctx context.Context) (holder pgcatalog.SlotHolder, err error) {
	err = d.run(ctx, "look who reads the slot", func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, slotHolder, d.cfg.Slot)
		if err != nil {
			return err
		}
		holder, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[pgcatalog.SlotHolder])
		return err
	})
	return holder, err
}

// Columns returns the columns of a table that logical replication carries, and the end of
// the log at that moment. It returns no columns if there is no such table.
func (d *Database) Columns(ctx context.Context, table uint32) (cols []pgcatalog.TableColumn, at wal.LSN, err error) {
	err = d.run(ctx, "look up a table's columns", func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, columns, table, d.cfg.Publication)
		if err != nil {
			return err
		}
		var c pgcatalog.TableColumn
		var lsn string
		_, err = pgx.ForEachRow(rows, []any{&c.Name, &c.TypeOID, &c.TypeModifier, &c.Key, &lsn}, func() error {
			cols = append(cols, c)
			at, err = wal.ParseLSN(lsn)
			return err
		})
		return err
	})
	return cols, at, err
}

// Unsent returns the columns of a table that logical replication does not carry.
func (d *Database) Unsent(ctx context.Context, table uint32) (cols []wal.UnsentColumn, err error) {
	err = d.run(ctx, "look up which columns of a table are not sent", func(ctx context.Context, conn *pgx.Conn) error {
		cols, err = collect[wal.UnsentColumn](ctx, conn, unsent, table, d.cfg.Publication)
		return err
	})
	return cols, err
}

// Visible reports whether queries see what a transaction did whose commit is in the log.
func (d *Database) Visible(ctx context.Context, xid uint32) (yes bool, err error) {
	err = d.run(ctx, "look whether a transaction is visible", func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, visible, int64(xid)).Scan(&yes)
	})
	return yes, err
}

// Types returns types by their OIDs. It leaves out those that do not exist.
func (d *Database) Types(ctx context.Context, oids []uint32) (found []pgcatalog.TypeRow, err error) {
	err = d.run(ctx, "look up types", func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, types, oids)
		if err != nil {
			return err
		}
		if found, err = pgx.CollectRows(rows, scanType); err != nil {
			return err
		}
		return d.addExtensions(ctx, conn, found)
	})
	return found, err
}

func scanType(row pgx.CollectableRow) (pgcatalog.TypeRow, error) {
	var t pgcatalog.TypeRow
	var class, delim string
	var names []string
	var oids []int64
	err := row.Scan(&t.OID, &t.Name, &class, &t.Base, &t.Elem, &t.Extension.Type, &t.Extension.Name, &t.JSONCast, &delim, &t.Labels, &names, &oids)
	if err != nil {
		return t, err
	}
	if t.Extension.Name == "" {
		t.Extension.Type = "" // a type that no extension created, whatever its name
	}
	t.Class, t.Delim = class[0], delim[0]
	for i := range names {
		t.Fields = append(t.Fields, pgcatalog.TableColumn{Name: names[i], TypeOID: uint32(oids[i]), TypeModifier: -1})
	}
	return t, nil
}

// errorText is an error's text, with the server's DETAIL and HINT.
func errorText(err error) string {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return err.Error()
	}
	said := protocol.NewServerError(pg.Code, pg.Message, pg.Detail, pg.Hint)
	return said.Message + ": " + said.Error()
}
