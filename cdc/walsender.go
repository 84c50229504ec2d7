package cdc

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/tablewire/tablewire/cdc/internal/pgerror"
	"github.com/tablewire/tablewire/cdc/internal/pgoutput"
	"github.com/tablewire/tablewire/cdc/internal/quote"
	"github.com/tablewire/tablewire/protocol/wal"
)

// Bytes that begin a CopyData message of the streaming replication protocol
// (manual: Streaming Replication Protocol, START_REPLICATION).
const (
	xLogData         = 'w'
	primaryKeepalive = 'k'
	statusUpdate     = 'r'

	xLogDataHeader  = 1 + 8 + 8 + 8
	keepaliveLength = 1 + 8 + 8 + 1
)

// maxTick is how often at least the walsender's goroutine looks whether something is due.
const maxTick = time.Second

// pinned are the settings of the session that streams: those of the role or the
// database would change the stream otherwise. They are set by a statement. A pooler
// leaves startup parameters out that it does not know (PgBouncer:
// ignore_startup_parameters), or refuses them.
var pinned = map[string]string{
	"client_encoding":                     "UTF8",
	"DateStyle":                           "ISO, MDY",
	"IntervalStyle":                       "postgres",
	"TimeZone":                            "UTC",
	"bytea_output":                        "hex",
	"extra_float_digits":                  "1",
	"statement_timeout":                   "0",
	"lock_timeout":                        "0",
	"idle_in_transaction_session_timeout": "0",
}

// requested are the startup parameters that the stream's connection needs.
func requested(application string) map[string]string {
	if application == "" {
		application = "tablewire"
	}
	return map[string]string{"replication": "database", "client_encoding": pinned["client_encoding"], "application_name": application}
}

// walsender is a connection in replication mode. One goroutine owns it.
type walsender struct {
	conn     net.Conn
	frontend *pgproto3.Frontend

	statusInterval time.Duration
	silence        time.Duration // after which the connection counts as dead; 0: never

	open        bool    // a transaction has begun and not ended
	received    wal.LSN // the end of what was received
	confirmed   *atomic.Uint64
	sent        wal.LSN // the position confirmed last
	lastStatus  time.Time
	lastMessage time.Time
}

// connect opens a connection in replication mode.
func connect(ctx context.Context, url string) (*pgconn.PgConn, error) {
	cfg, err := pgconn.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	maps.Copy(cfg.RuntimeParams, requested(cfg.RuntimeParams["application_name"]))
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 10 * time.Second
	}
	// The making of a slot may take long. A connection that is cut meanwhile would stay
	// on the server, and end there with a FATAL error.
	cfg.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: closeTime}
	}
	return pgconn.ConnectConfig(ctx, cfg)
}

// pin sets the session's settings and checks what came of it.
func pin(ctx context.Context, conn *pgconn.PgConn) error {
	wanted := maps.Clone(pinned)
	if conn.ParameterStatus("server_encoding") == noEncoding {
		wanted["client_encoding"] = noEncoding
	}
	names := slices.Sorted(maps.Keys(wanted))
	calls := make([]string, len(names))
	for i, name := range names {
		calls[i] = fmt.Sprintf("pg_catalog.set_config(%s, %s, false)", quote.Literal(name), quote.Literal(wanted[name]))
	}
	// One SELECT: a connection in replication mode takes no list of statements before 15.
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

// noEncoding is that of a database which takes any bytes. Asked for UTF-8 the server
// would end the stream at the first row with others, and again each time.
const noEncoding = "SQL_ASCII"

// start begins to stream from the slot's confirmed position and takes the
// connection over.
func start(ctx context.Context, conn *pgconn.PgConn, slot, publication string) (*walsender, error) {
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
	return &walsender{
		conn: hijacked.Conn, frontend: hijacked.Frontend,
		lastStatus: now, lastMessage: now,
	}, nil
}

func (w *walsender) tick() time.Duration { return min(maxTick, w.statusInterval) }

// receive reads until the connection or ctx ends. It hands chunks to full and gets
// them back from free; while it waits for one it goes on replying.
func (w *walsender) receive(ctx context.Context, free <-chan *chunk, full chan<- *chunk) error {
	stop := context.AfterFunc(ctx, func() { _ = w.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	due := time.NewTicker(w.tick())
	defer due.Stop()

	c, err := waitFor(ctx, free, due, w)
	if err != nil {
		return err
	}
	for {
		if err := w.fill(ctx, c); err != nil {
			return err
		}
		if !c.empty() {
			full <- c // there is room for all chunks
			if c, err = waitFor(ctx, free, due, w); err != nil {
				return err
			}
		}
		if err := w.replyIfDue(); err != nil {
			return err
		}
	}
}

func waitFor(ctx context.Context, free <-chan *chunk, due *time.Ticker, w *walsender) (*chunk, error) {
	for {
		select {
		case c := <-free:
			return c, nil
		case <-due.C:
			w.lastMessage = time.Now() // not reading is no sign of silence
			if err := w.replyIfDue(); err != nil {
				return nil, err
			}
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// fill reads what is there into a chunk: until it is full, or a tick has passed, or
// nothing more has arrived and no transaction is open: the rest of one is on its
// way, and a short one stays whole.
func (w *walsender) fill(ctx context.Context, c *chunk) error {
	if err := w.conn.SetReadDeadline(time.Now().Add(w.tick())); err != nil {
		return fmt.Errorf("set the read deadline: %w", err)
	}
	buffered, heard := w.frontend.ReadBufferLen(), false
	defer func() {
		// A part of a message is a sign of life too: a row may take long to arrive.
		if heard || w.frontend.ReadBufferLen() != buffered {
			w.lastMessage = time.Now()
		}
	}()
	if ctx.Err() != nil { // it may have ended between AfterFunc's deadline and ours
		return context.Cause(ctx)
	}
	for {
		m, err := w.frontend.Receive()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("read from the replication connection: %w", err)
		}
		heard = true
		if err := w.take(m, c); err != nil {
			return err
		}
		if len(c.buf) >= chunkBytes || w.frontend.ReadBufferLen() == 0 && !w.open {
			return nil
		}
	}
}

// take puts one message of the server's into a chunk.
func (w *walsender) take(m pgproto3.BackendMessage, c *chunk) error {
	switch m := m.(type) {
	case *pgproto3.CopyData:
		return w.takeCopyData(m.Data, c)
	case *pgproto3.ErrorResponse:
		return fmt.Errorf("the server ended the stream: %w", pgconn.ErrorResponseToPgError(m))
	case *pgproto3.CopyDone, *pgproto3.CommandComplete:
		return errors.New("the server ended the stream: it is shutting down")
	case *pgproto3.NoticeResponse, *pgproto3.ParameterStatus:
		return nil
	}
	return fmt.Errorf("the server sent a %T in the middle of the stream", m)
}

func (w *walsender) takeCopyData(data []byte, c *chunk) error {
	switch {
	case len(data) >= xLogDataHeader && data[0] == xLogData:
		w.received = max(w.received, wal.LSN(binary.BigEndian.Uint64(data[1:])))
		w.note(data[xLogDataHeader:])
		c.add(data[xLogDataHeader:])
		return nil
	case len(data) == keepaliveLength && data[0] == primaryKeepalive:
		end := wal.LSN(binary.BigEndian.Uint64(data[1:]))
		w.received = max(w.received, end)
		c.keepalive = end
		if data[keepaliveLength-1] == 1 {
			return w.reply(false)
		}
		return nil
	}
	return fmt.Errorf("the server sent a replication message of %d bytes that is neither data nor a keepalive", len(data))
}

// note follows the transactions' ends.
func (w *walsender) note(message []byte) {
	if len(message) == 0 {
		return
	}
	switch message[0] {
	case pgoutput.TypeBegin:
		w.open = true
	case pgoutput.TypeCommit:
		w.open = false
	}
}

// replyIfDue confirms when there is something new to confirm or the interval has
// passed, and notices a connection that has gone silent.
func (w *walsender) replyIfDue() error {
	now := time.Now()
	quiet := now.Sub(w.lastMessage)
	if w.silence > 0 && quiet > w.silence {
		return fmt.Errorf("the server has been silent for %s", quiet.Round(time.Second))
	}
	ask := w.silence > 0 && quiet > w.silence/4 && now.Sub(w.lastStatus) >= w.statusInterval
	if ask || wal.LSN(w.confirmed.Load()) > w.sent || now.Sub(w.lastStatus) >= w.statusInterval {
		return w.reply(ask)
	}
	return nil
}

// reply sends a standby status update: what was received as written, what is
// confirmed as flushed and applied. A flush position of 0 confirms nothing.
func (w *walsender) reply(ask bool) error {
	confirmed := wal.LSN(w.confirmed.Load())
	now := time.Now()
	m := make([]byte, 0, 64)
	m = append(m, 'd', 0, 0, 0, 4+34, statusUpdate)
	m = binary.BigEndian.AppendUint64(m, uint64(max(w.received, confirmed)))
	m = binary.BigEndian.AppendUint64(m, uint64(confirmed))
	m = binary.BigEndian.AppendUint64(m, uint64(confirmed))
	m = binary.BigEndian.AppendUint64(m, uint64(now.Sub(postgresEpoch).Microseconds()))
	if ask {
		m = append(m, 1)
	} else {
		m = append(m, 0)
	}
	if err := w.conn.SetWriteDeadline(now.Add(10 * time.Second)); err != nil {
		return fmt.Errorf("set the write deadline: %w", err)
	}
	if _, err := w.conn.Write(m); err != nil {
		return fmt.Errorf("send a status reply: %w", err)
	}
	w.sent, w.lastStatus = confirmed, now
	return nil
}

// closeTime is how long the server may take to let go of a connection.
const closeTime = 2 * time.Second

// close confirms once more and ends the connection in good order. It reads on until
// the server has closed its side, because a server that finds the connection closed
// while it still writes logs a FATAL error, and because the slot is free then. The
// goroutine of receive has ended.
func (w *walsender) close() error {
	_ = w.reply(false) // the connection may be gone; then the slot resumes earlier
	terminate := []byte{'X', 0, 0, 0, 4}
	_, _ = w.conn.Write(terminate)
	_ = w.conn.SetReadDeadline(time.Now().Add(closeTime))
	_, _ = io.Copy(io.Discard, w.conn)
	return w.conn.Close()
}

// postgresEpoch is from when PostgreSQL counts its timestamps.
var postgresEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
