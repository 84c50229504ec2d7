package sql

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/protocol"
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
	conn *pgx.Conn     // nil until needed; of whose turn it is
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
	// ALTER PUBLICATION waits for a VACUUM or a CREATE INDEX CONCURRENTLY of the table.
	// We come back later rather than keep others waiting behind us.
	cc.RuntimeParams["lock_timeout"] = "500"
	// Compiling what looks through the catalog takes longer than looking.
	cc.RuntimeParams["jit"] = "off"
	// A pooler in transaction mode would lose prepared statements; five statements
	// a minute gain nothing from them.
	cc.DefaultQueryExecMode = pgx.QueryExecModeExec
	return &Database{cfg: cfg, connConfig: cc, turn: make(chan struct{}, 1)}, nil
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
		conn, err := pgx.ConnectConfig(ctx, d.connConfig)
		if err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
		d.conn = conn
	}
	if err := f(ctx, d.conn); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// Server reads what decides whether a stream can start.
func (d *Database) Server(ctx context.Context) (info protocol.ServerInfo, err error) {
	err = d.with(ctx, "look at the server", func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, serverInfo, d.cfg.Slot, d.cfg.Publication)
		if err != nil {
			return err
		}
		info, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[protocol.ServerInfo])
		return err
	})
	return info, err
}

// Columns reads a table's columns, and how far the log was written then; none when
// there is no such table.
func (d *Database) Columns(ctx context.Context, table uint32) (cols []protocol.TableColumn, at protocol.LSN, err error) {
	err = d.with(ctx, "look up a table's columns", func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, columns, table, d.cfg.Publication)
		if err != nil {
			return err
		}
		var c protocol.TableColumn
		var lsn string
		_, err = pgx.ForEachRow(rows, []any{&c.Name, &c.TypeOID, &c.TypeModifier, &c.Key, &lsn}, func() error {
			cols = append(cols, c)
			at, err = protocol.ParseLSN(lsn)
			return err
		})
		return err
	})
	return cols, at, err
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
func (d *Database) Types(ctx context.Context, oids []uint32) (found []protocol.TypeRow, err error) {
	err = d.with(ctx, "look up types", func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, types, oids)
		if err != nil {
			return err
		}
		found, err = pgx.CollectRows(rows, scanType)
		return err
	})
	return found, err
}

func scanType(row pgx.CollectableRow) (protocol.TypeRow, error) {
	var t protocol.TypeRow
	var class, category, delim string
	var names []string
	var oids []int64
	err := row.Scan(&t.OID, &t.Name, &class, &category, &t.Base, &t.Elem, &t.Extension.Type, &t.Extension.Name, &t.JSONCast, &delim, &t.Labels, &names, &oids)
	if err != nil {
		return t, err
	}
	if t.Extension.Name == "" {
		t.Extension.Type = "" // a type that somebody made by hand, whatever its name
	}
	t.Class, t.Category, t.Delim = class[0], category[0], delim[0]
	for i := range names {
		t.Fields = append(t.Fields, protocol.TableColumn{Name: names[i], TypeOID: uint32(oids[i]), TypeModifier: -1})
	}
	return t, nil
}
