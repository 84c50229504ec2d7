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
	// Publication and Slot are the names of the two things that a server needs.
	Publication, Slot string
	// Tables is what to expose; see ParsePatterns.
	Tables Patterns
}

// Database runs the statements. Close it when done.
type Database struct {
	cfg        Config
	connConfig *pgx.ConnConfig

	turn chan struct{} // one at a time: whoever has put something in
	// Of whose turn it is:
	conn   *pgx.Conn // nil until needed
	pooled bool      // by a pooler, who may give each transaction another session
	// How the database folds text, nil until somebody needs it, and what it goes by.
	folding *wal.Folding
	foldsBy locale
	// The names of PostGIS' reference systems, nil until somebody needs them.
	spatialRefs   *wal.SpatialRefs
	spatialRefsAt time.Time
	// What the publication was after the last look.
	kept upkeep
	// What the tables were like then, by OID, and what was found since that Sync has not
	// given yet.
	looked map[uint32]storage
	unseen []pgcatalog.Unseen
}

// timeout bounds one statement and the connecting before it: catalog look-ups
// take milliseconds, and whoever waits for one must not wait for ever.
const timeout = 10 * time.Second

// Open checks the configuration; it does not connect.
func Open(cfg Config) (*Database, error) {
	cc, err := pgx.ParseConfig(cfg.URL)
	if err != nil {
		return nil, err
	}
	if cc.RuntimeParams["application_name"] == "" {
		cc.RuntimeParams["application_name"] = "tablewire"
	}
	cc.RuntimeParams["client_encoding"] = "UTF8" // names, whatever the database's encoding
	// A statement that is given up is cancelled, and the connection then closed in good
	// order: one that is cut ends on the server with a FATAL error in its log.
	cc.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: time.Second}
	}
	// A pooler in transaction mode would lose prepared statements; five statements
	// a minute gain nothing from them.
	cc.DefaultQueryExecMode = pgx.QueryExecModeExec
	return &Database{
		cfg: cfg, connConfig: cc, turn: make(chan struct{}, 1),
		kept: upkeep{carried: map[uint32]bool{}, undone: map[uint32]time.Time{}, left: map[uint32]string{}},
	}, nil
}

// Close ends the connection.
func (d *Database) Close() error {
	d.turn <- struct{}{}
	defer func() { <-d.turn }()
	return d.drop()
}

func (d *Database) drop() error {
	if d.conn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := d.conn.Close(ctx)
	d.conn = nil
	return err
}

// with runs f on the connection, which is made anew when it was lost.
func (d *Database) with(ctx context.Context, doing string, f func(context.Context, *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	select {
	case d.turn <- struct{}{}:
		defer func() { <-d.turn }()
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", doing, ctx.Err())
	}
	if d.conn != nil && (d.conn.IsClosed() || d.conn.Ping(ctx) != nil) {
		_ = d.drop() // it is lost already
	}
	if d.conn == nil {
		if err := d.connect(ctx); err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
	}
	err := f(ctx, d.conn)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err() // and not that the statement was cancelled, which follows from it
	}
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// connect makes the connection and its session's settings. They are no startup
// parameters: a pooler leaves out or refuses those that it does not know.
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
			Hint: "a connection pooler is in between, which does not pass it on: give the server's own address and port",
		}
	}
	if err != nil {
		_ = conn.Close(context.WithoutCancel(ctx)) // what went wrong before matters more
		return err
	}
	d.conn, d.pooled = conn, pid != int64(conn.PgConn().PID())
	return nil
}

// alterNow runs a statement that takes locks; see limitLocks.
func (d *Database) alterNow(ctx context.Context, conn *pgx.Conn, statement string) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if err := d.limitLocks(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, statement)
		return err
	})
}

// limitLocks has a transaction give up soon if it does not get its locks: ALTER
// PUBLICATION waits for a VACUUM or a CREATE INDEX CONCURRENTLY of the table. We come
// back later rather than keep others waiting behind us.
func (d *Database) limitLocks(ctx context.Context, tx pgx.Tx) error {
	if !d.pooled { // the session has the limit
		return nil
	}
	_, err := tx.Exec(ctx, lockTimeout)
	return err
}

// Server reads what decides whether a stream can start.
func (d *Database) Server(ctx context.Context) (info pgcatalog.ServerInfo, err error) {
	err = d.with(ctx, "look at the server", func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, serverInfo, d.cfg.Slot, d.cfg.Publication)
		if err != nil {
			return err
		}
		info, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[pgcatalog.ServerInfo])
		return err
	})
	return info, err
}

// SlotHolder reads who reads the slot.
func (d *Database) SlotHolder(ctx context.Context) (holder pgcatalog.SlotHolder, err error) {
	err = d.with(ctx, "look who reads the slot", func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, slotHolder, d.cfg.Slot)
		if err != nil {
			return err
		}
		holder, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[pgcatalog.SlotHolder])
		return err
	})
	return holder, err
}

// Columns reads a table's columns, and how far the log was written then; none when
// there is no such table.
func (d *Database) Columns(ctx context.Context, table uint32) (cols []pgcatalog.TableColumn, at wal.LSN, err error) {
	err = d.with(ctx, "look up a table's columns", func(ctx context.Context, conn *pgx.Conn) error {
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

// Unsent reads which columns of a table logical replication does not carry.
func (d *Database) Unsent(ctx context.Context, table uint32) (cols []wal.UnsentColumn, err error) {
	err = d.with(ctx, "look up which columns of a table are not sent", func(ctx context.Context, conn *pgx.Conn) error {
		cols, err = collect[wal.UnsentColumn](ctx, conn, unsent, table, d.cfg.Publication)
		return err
	})
	return cols, err
}

// Visible reports whether the catalog can be read as a transaction left it, whose
// commit the log has already.
func (d *Database) Visible(ctx context.Context, xid uint32) (yes bool, err error) {
	err = d.with(ctx, "look whether a transaction is visible", func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, visible, int64(xid)).Scan(&yes)
	})
	return yes, err
}

// Types reads types; those that are not there are left out.
func (d *Database) Types(ctx context.Context, oids []uint32) (found []pgcatalog.TypeRow, err error) {
	err = d.with(ctx, "look up types", func(ctx context.Context, conn *pgx.Conn) error {
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
		t.Extension.Type = "" // a type that somebody made by hand, whatever its name
	}
	t.Class, t.Delim = class[0], delim[0]
	for i := range names {
		t.Fields = append(t.Fields, pgcatalog.TableColumn{Name: names[i], TypeOID: uint32(oids[i]), TypeModifier: -1})
	}
	return t, nil
}

// told is an error's text with what the server says beside its message.
func told(err error) string {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return err.Error()
	}
	said := protocol.NewServerError(pg.Code, pg.Message, pg.Detail, pg.Hint)
	return said.Message + ": " + said.Error()
}
