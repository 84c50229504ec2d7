package cdc

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/tablewire/tablewire/cdc/internal/pgoutput"
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

// maxTick is the longest time after which receive checks whether a status update is due.
const maxTick = time.Second

// receiver is our end of a replication connection, as PostgreSQL's walreceiver is. It reads
// messages into chunks, and sends status updates on time whatever the decoder does. One
// goroutine owns it.
type receiver struct {
	conn     net.Conn
	frontend *pgproto3.Frontend

	statusInterval time.Duration
	silenceLimit   time.Duration // after which the connection counts as dead; 0: never

	inTransaction bool    // a transaction has begun and not ended
	received      wal.LSN // the end of what was received
	confirmed     *atomic.Uint64
	lastConfirmed wal.LSN   // the position in the last status update
	lastStatus    time.Time // when that was sent
	lastMessage   time.Time
}

func (r *receiver) tick() time.Duration { return min(maxTick, r.statusInterval) }

// receive reads until the connection or ctx ends. It sends chunks to full and takes empty
// ones from free. While it waits for one it goes on sending status updates.
func (r *receiver) receive(ctx context.Context, free <-chan *chunk, full chan<- *chunk) error {
	stop := context.AfterFunc(ctx, func() { _ = r.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	due := time.NewTicker(r.tick())
	defer due.Stop()

	c, err := r.nextChunk(ctx, free, due)
	if err != nil {
		return err
	}
	for {
		if err := r.fill(ctx, c); err != nil {
			return err
		}
		if !c.empty() {
			full <- c // has room for all chunks
			if c, err = r.nextChunk(ctx, free, due); err != nil {
				return err
			}
		}
		if err := r.sendStatusIfDue(); err != nil {
			return err
		}
	}
}

// nextChunk waits for an empty chunk, and sends status updates meanwhile.
func (r *receiver) nextChunk(ctx context.Context, free <-chan *chunk, due *time.Ticker) (*chunk, error) {
	for {
		select {
		case c := <-free:
			return c, nil
		case <-due.C:
			r.lastMessage = time.Now() // we do not read: the server may not be silent
			if err := r.sendStatusIfDue(); err != nil {
				return nil, err
			}
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// fill reads what has arrived into a chunk. It returns when the chunk is full, when a tick
// has passed, or when nothing more has arrived and no transaction is open. While one is
// open it waits for the rest, so that a short transaction stays in one chunk.
func (r *receiver) fill(ctx context.Context, c *chunk) error {
	if err := r.conn.SetReadDeadline(time.Now().Add(r.tick())); err != nil {
		return fmt.Errorf("set the read deadline: %w", err)
	}
	buffered, heard := r.frontend.ReadBufferLen(), false
	defer func() {
		// A part of a message is a sign of life, too: a row may take long to arrive.
		if heard || r.frontend.ReadBufferLen() != buffered {
			r.lastMessage = time.Now()
		}
	}()
	if ctx.Err() != nil { // it may have ended just before our deadline replaced AfterFunc's
		return context.Cause(ctx)
	}
	for {
		m, err := r.frontend.Receive()
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
		if err := r.handle(m, c); err != nil {
			return err
		}
		if len(c.buf) >= chunkBytes || r.frontend.ReadBufferLen() == 0 && !r.inTransaction {
			return nil
		}
	}
}

// handle puts a message of the server into a chunk.
func (r *receiver) handle(m pgproto3.BackendMessage, c *chunk) error {
	switch m := m.(type) {
	case *pgproto3.CopyData:
		return r.handleCopyData(m.Data, c)
	case *pgproto3.ErrorResponse:
		return fmt.Errorf("the server ended the stream: %w", pgconn.ErrorResponseToPgError(m))
	case *pgproto3.CopyDone, *pgproto3.CommandComplete:
		return errors.New("the server ended the stream: it is shutting down")
	case *pgproto3.NoticeResponse, *pgproto3.ParameterStatus:
		return nil
	}
	return fmt.Errorf("the server sent a %T in the middle of the stream", m)
}

func (r *receiver) handleCopyData(data []byte, c *chunk) error {
	switch {
	case len(data) >= xLogDataHeader && data[0] == xLogData:
		r.received = max(r.received, wal.LSN(binary.BigEndian.Uint64(data[1:])))
		r.followTransaction(data[xLogDataHeader:])
		c.add(data[xLogDataHeader:])
		return nil
	case len(data) == keepaliveLength && data[0] == primaryKeepalive:
		end := wal.LSN(binary.BigEndian.Uint64(data[1:]))
		r.received = max(r.received, end)
		c.keepalive = end
		if data[keepaliveLength-1] == 1 {
			return r.sendStatus(false)
		}
		return nil
	}
	return fmt.Errorf("the server sent a replication message of %d bytes that is neither data nor a keepalive", len(data))
}

// followTransaction notes whether a transaction is open after a message.
func (r *receiver) followTransaction(message []byte) {
	if len(message) == 0 {
		return
	}
	switch message[0] {
	case pgoutput.TypeBegin:
		r.inTransaction = true
	case pgoutput.TypeCommit:
		r.inTransaction = false
	}
}

// sendStatusIfDue sends a status update when there is something new to confirm or the
// interval has passed. It returns an error if the server has been silent for too long.
func (r *receiver) sendStatusIfDue() error {
	now := time.Now()
	quiet := now.Sub(r.lastMessage)
	if r.silenceLimit > 0 && quiet > r.silenceLimit {
		return fmt.Errorf("the server has been silent for %s", quiet.Round(time.Second))
	}
	ask := r.silenceLimit > 0 && quiet > r.silenceLimit/4 && now.Sub(r.lastStatus) >= r.statusInterval
	if ask || wal.LSN(r.confirmed.Load()) > r.lastConfirmed || now.Sub(r.lastStatus) >= r.statusInterval {
		return r.sendStatus(ask)
	}
	return nil
}

// sendStatus sends a standby status update (manual: Streaming Replication Protocol). The
// end of what was received is its write position, the confirmed position its flush and
// apply positions. A flush position of 0 confirms nothing. ask requests a reply.
func (r *receiver) sendStatus(ask bool) error {
	confirmed := wal.LSN(r.confirmed.Load())
	now := time.Now()
	m := make([]byte, 0, 64)
	m = append(m, 'd', 0, 0, 0, 4+34, statusUpdate)
	m = binary.BigEndian.AppendUint64(m, uint64(max(r.received, confirmed)))
	m = binary.BigEndian.AppendUint64(m, uint64(confirmed))
	m = binary.BigEndian.AppendUint64(m, uint64(confirmed))
	m = binary.BigEndian.AppendUint64(m, uint64(now.Sub(postgresEpoch).Microseconds()))
	if ask {
		m = append(m, 1)
	} else {
		m = append(m, 0)
	}
	if err := r.conn.SetWriteDeadline(now.Add(10 * time.Second)); err != nil {
		return fmt.Errorf("set the write deadline: %w", err)
	}
	if _, err := r.conn.Write(m); err != nil {
		return fmt.Errorf("send a status update: %w", err)
	}
	r.lastConfirmed, r.lastStatus = confirmed, now
	return nil
}

// closeTimeout is how long the server may take to close a connection.
const closeTimeout = 2 * time.Second

// close confirms once more and ends the connection in good order. It reads until the
// server has closed its side: the slot is free then, and a server that finds the
// connection closed while it writes logs a FATAL error. Call it after receive has
// returned.
func (r *receiver) close() error {
	_ = r.sendStatus(false) // if the connection is gone, the slot resumes at an earlier position
	terminate := []byte{'X', 0, 0, 0, 4}
	_, _ = r.conn.Write(terminate)
	_ = r.conn.SetReadDeadline(time.Now().Add(closeTimeout))
	_, _ = io.Copy(io.Discard, r.conn)
	return r.conn.Close()
}

// postgresEpoch is when PostgreSQL's timestamps begin.
var postgresEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
