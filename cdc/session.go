package cdc

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"github.com/tablewire/tablewire/cdc/catalog"
	"github.com/tablewire/tablewire/cdc/internal/pgerror"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// The delays between two attempts to connect: doubled each time, and jittered.
const (
	firstDelay = 100 * time.Millisecond
	maxDelay   = 10 * time.Second
)

// epoch tells servers and their histories apart: a position of one means nothing in
// another (manual: Streaming Replication Protocol, IDENTIFY_SYSTEM).
type epoch struct {
	system   string
	timeline int32
}

// follow runs one session after the other until ctx ends. It returns an error if the
// first session fails before the stream is live.
func (s *Stream) follow(ctx context.Context) error {
	delay := firstDelay
	for {
		connected, confirmed := time.Now(), s.progress.confirmed.Load()
		err := s.session(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if why := lossReason(err); why != "" {
			s.recreateReason = why
		}
		wasLive := s.live.Swap(&liveness{err}).err == nil
		started, temporary := s.hasStarted(), isTemporary(err)
		if !started && isSlotActive(err) {
			if err := s.awaitSlot(ctx, err); err != nil || ctx.Err() != nil {
				return err
			}
			continue
		}
		if !started && !temporary {
			return err
		}
		// A session that failed at once, and got nowhere, is likely to do so again.
		if wasLive && (s.progress.confirmed.Load() != confirmed || time.Since(connected) > time.Minute) {
			delay = firstDelay
			s.outage.end()
		}
		wait := delay/2 + rand.N(delay)
		delay = min(2*delay, maxDelay)
		if temporary {
			s.report(ctx, &s.outage, "the replication stream waits", err)
		} else {
			s.restarts.Add(1)
			s.report(ctx, &s.outage, "the replication stream was interrupted; it will be resumed", s.nameHolder(ctx, err), "retry_in", wait.Round(time.Millisecond))
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil
		}
	}
}

// session is one connection, from the first look at the server to the connection's end.
func (s *Stream) session(ctx context.Context) error {
	info, err := s.cfg.Database.Server(ctx)
	if err != nil {
		return err
	}
	s.timeout = time.Duration(info.WALSenderTimeoutMS) * time.Millisecond
	if err := s.check(info); err != nil {
		return err
	}
	r, err := s.open(ctx, info)
	if err != nil {
		return pgerror.ExplainPlugin(err, info.OutputPlugins)
	}
	r.confirmed = &s.progress.confirmed
	r.statusInterval = s.cfg.StatusInterval
	if s.timeout > 0 {
		r.statusInterval = min(r.statusInterval, s.timeout/3)
		r.silenceLimit = 2 * s.timeout
	}
	return s.stream(ctx, r)
}

// open makes the replication connection, with the publication and the slot that it needs,
// and begins to stream.
func (s *Stream) open(ctx context.Context, info pgcatalog.ServerInfo) (r *receiver, err error) {
	conn, err := connect(ctx, s.cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("open the replication connection: %w", err)
	}
	defer func() {
		if err != nil {
			_ = conn.Close(context.WithoutCancel(ctx)) // the error from before matters more
		}
	}()
	if err := s.checkEpoch(ctx, conn); err != nil {
		return nil, err
	}
	if err := setSession(ctx, conn); err != nil {
		return nil, err
	}
	if err := s.prepareSlot(ctx, conn, info); err != nil {
		return nil, err
	}
	return startReplication(ctx, conn, s.cfg.Slot, s.cfg.Publication)
}

// publicationCreated is called when the catalog has created the publication. If a session
// is under way, somebody has dropped the publication that it decodes with.
func (s *Stream) publicationCreated() {
	select {
	case s.interrupted <- "the publication was dropped, and the changes until its new creation are lost":
	default:
	}
}

// checkEpoch resets the epoch if the server is another one than before, or was restored
// to an earlier state: then nothing tells which changes are missing.
func (s *Stream) checkEpoch(ctx context.Context, conn *pgconn.PgConn) error {
	id, err := pglogrepl.IdentifySystem(ctx, conn)
	if err != nil {
		return pgerror.NotReplicating(fmt.Errorf("identify the server: %w", err))
	}
	before, now := s.epoch, epoch{id.SystemID, id.Timeline}
	s.epoch = now
	if before == (epoch{}) || before == now && uint64(id.XLogPos) >= s.progress.confirmed.Load() {
		return nil
	}
	s.resetEpoch("the server is another one, or was restored from a backup or promoted")
	return nil
}

// resetEpoch forgets all positions, because changes may be lost, and reports that.
func (s *Stream) resetEpoch(why string) {
	s.cfg.Logger.Error("CHANGES MAY BE LOST: clients are told to come back", "slot", s.cfg.Slot, "reason", why)
	s.progress.reset()
	s.cfg.Lost()
}

// stream runs the goroutines of a connection until it or ctx ends.
func (s *Stream) stream(ctx context.Context, r *receiver) error {
	d := &decoder{
		database: s.cfg.Database, resolver: catalog.NewResolver(s.cfg.Database), catalog: s.catalog, publish: s.cfg.Publish, unseen: s.cfg.Unseen,
		progress: &s.progress, log: s.cfg.Logger, rowBytes: s.cfg.RowBytes, relations: map[uint32]*relationState{},
	}
	free, full := make(chan *chunk, chunks), make(chan *chunk, chunks)
	for range chunks {
		free <- new(chunk)
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.receive(gctx, free, full) })
	g.Go(func() error { return s.decode(gctx, d, free, full) })
	g.Go(func() error {
		select {
		case why := <-s.interrupted:
			return slotLostError(why)
		case <-gctx.Done():
			return nil
		}
	})
	s.live.Store(&liveness{})
	s.once.Do(func() { close(s.started) })
	s.cfg.Logger.Info("streaming changes", "slot", s.cfg.Slot, "publication", s.cfg.Publication)
	err := g.Wait()
	closeErr := r.close()
	if ctx.Err() != nil && closeErr != nil {
		s.cfg.Logger.Debug("the replication connection was not closed in good order", "error", closeErr)
	}
	return err
}

// decode decodes and publishes chunks, and gives them back to the receiver.
func (s *Stream) decode(ctx context.Context, d *decoder, free chan<- *chunk, full <-chan *chunk) error {
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.catalog.UnseenArrived():
			d.reportUnseen()
		case c := <-full:
			if err := d.decodeChunk(ctx, c); err != nil {
				return err
			}
			s.received.Store(max(s.received.Load(), uint64(d.batch.End), uint64(c.keepalive)))
			c.reset() // before it waits, so that a huge row is released at once
			free <- c
		}
	}
}

// progress is what outlives a connection.
type progress struct {
	confirmed    atomic.Uint64 // LSN
	transactions atomic.Uint64
	changes      [len(wal.Ops)]atomic.Uint64
	omitted      atomic.Uint64 // values that were too long to be delivered

	// Owned by the decoder, and by follow while there is none:

	// published is the position before which all changes have been published. After a lost
	// connection the server sends some of them again, and the decoder skips them.
	published   wal.Position
	partitions  map[uint32]*partitions // by the OID of the partitioned table
	truncations map[uint32][]uint32    // by OID: the last transactions that truncated the whole table
	// omissionLogged is when the last omission was logged.
	omissionLogged time.Time
}

// reset forgets everything that is said in positions or transactions.
func (p *progress) reset() {
	p.confirmed.Store(0)
	p.published = wal.Position{}
	p.partitions, p.truncations = nil, nil
}
