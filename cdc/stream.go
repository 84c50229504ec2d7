package cdc

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
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

// Stream follows the slot. Make it with New; Run owns all its goroutines.
type Stream struct {
	cfg      Config
	catalog  *catalog.Catalog
	state    progress
	live     atomic.Pointer[liveness]
	firstUp  chan struct{} // closed when the stream is live for the first time
	once     sync.Once
	received atomic.Uint64 // LSN
	server   atomic.Uint64 // LSN
	retained atomic.Int64  // bytes
	restarts atomic.Uint64
	// interrupted is told why a session must end: its publication is another one.
	interrupted chan string

	// Of follow's goroutine:
	remake  string // why the slot must be made anew, until it is
	options slotOptions
	origin  origin // of the server, when last connected
	outage  outage
	timeout time.Duration // the server's wal_sender_timeout, when last asked; 0: none
}

// origin tells servers and their histories apart: positions of one mean nothing in
// another (manual: Streaming Replication Protocol, IDENTIFY_SYSTEM).
type origin struct {
	system   string
	timeline int32
}

// liveness is whether the stream is live, and why not.
type liveness struct {
	err error // nil: it is
}

var errStarting = errors.New("the replication stream is starting")

// The delays between two attempts to connect: doubled each time, and jittered.
const (
	firstDelay = 100 * time.Millisecond
	maxDelay   = 10 * time.Second
)

// New checks the configuration. Nothing is connected until Run.
func New(cfg Config) (*Stream, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	s := &Stream{cfg: cfg, firstUp: make(chan struct{}), interrupted: make(chan string, 1)}
	s.catalog = catalog.New(catalog.Config{
		Database: cfg.CatalogDatabase, Publication: cfg.Publication, RefreshInterval: cfg.RefreshInterval,
		Created: s.publicationCreated, Interrupted: cfg.Interrupted, Dropped: cfg.Dropped, Logger: cfg.Logger,
	})
	s.live.Store(&liveness{errStarting})
	return s, nil
}

// Catalog knows the stream's collections.
func (s *Stream) Catalog() *catalog.Catalog { return s.catalog }

// Started is closed when the stream has become live for the first time.
func (s *Stream) Started() <-chan struct{} { return s.firstUp }

// Live is nil while changes flow, else why they don't.
func (s *Stream) Live() error { return s.live.Load().err }

// Stats of a stream since it was made.
type Stats struct {
	Live         bool
	Changes      [len(wal.Ops)]uint64
	Transactions uint64
	Omitted      uint64 // values that were too long to be delivered
	Reconnects   uint64
	Server       wal.LSN // the end of the server's log, when last asked
	Retained     int64   // bytes of log that the server keeps for the slot, when last asked
	Received     wal.LSN // the end of what the server has sent
	Confirmed    wal.LSN // what may be confirmed to it
}

// Stats reads the counters.
func (s *Stream) Stats() Stats {
	st := Stats{
		Live: s.Live() == nil, Transactions: s.state.transactions.Load(), Omitted: s.state.omitted.Load(), Reconnects: s.restarts.Load(),
		Server: wal.LSN(s.server.Load()), Retained: s.retained.Load(), Received: wal.LSN(s.received.Load()), Confirmed: wal.LSN(s.state.confirmed.Load()),
	}
	for i := range st.Changes {
		st.Changes[i] = s.state.changes[i].Load()
	}
	return st
}

// Run follows the slot until ctx ends, and then returns nil: what has been
// published is confirmed. It returns an error when the stream could not be made
// live for the first time.
func (s *Stream) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		select {
		case <-s.firstUp:
			s.oversee(ctx)
		case <-ctx.Done():
		}
		return nil
	})
	g.Go(func() error { return s.follow(ctx) })
	return g.Wait()
}

// oversee looks at the database every interval: at the list of tables, and at how
// much log it keeps for us.
func (s *Stream) oversee(ctx context.Context) {
	t := time.NewTicker(s.cfg.RefreshInterval)
	defer t.Stop()
	var tables, types outage
	for {
		s.measure(ctx)
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			s.report(ctx, &tables, "the list of tables could not be looked at; it will be tried again", s.catalog.Refresh(ctx, now))
			s.report(ctx, &types, "the tables' types could not be looked at; it will be tried again", s.catalog.ReviewTypes(ctx))
		}
	}
}

// report logs a failure of something that is done again and again, once and then
// seldom.
func (s *Stream) report(ctx context.Context, o *outage, message string, err error, more ...any) {
	switch {
	case ctx.Err() != nil:
	case err == nil:
		o.over()
	default:
		o.log(s.cfg.Logger, message, err, more...)
	}
}

// measure asks how far the log is written and how much of it the slot holds. When
// it can't be told, the stream's own troubles are logged elsewhere.
func (s *Stream) measure(ctx context.Context) {
	info, err := s.cfg.Database.Server(ctx)
	if err != nil {
		return
	}
	s.server.Store(uint64(info.WALEnd))
	s.retained.Store(info.SlotRetained)
}

// follow connects again and again.
func (s *Stream) follow(ctx context.Context) error {
	delay := firstDelay
	for {
		connected, confirmed := time.Now(), s.state.confirmed.Load()
		err := s.session(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if why := lostBy(err); why != "" {
			s.remake = why
		}
		wasLive := s.live.Swap(&liveness{err}).err == nil
		started, awaited := s.hasStarted(), isAwaited(err)
		if !started && isSlotActive(err) {
			if err := s.awaitSlot(ctx, err); err != nil || ctx.Err() != nil {
				return err
			}
			continue
		}
		if !started && !awaited {
			return err
		}
		// A session that failed at once, and got nowhere, is likely to do so again.
		if wasLive && (s.state.confirmed.Load() != confirmed || time.Since(connected) > time.Minute) {
			delay = firstDelay
			s.outage.over()
		}
		wait := delay/2 + rand.N(delay)
		delay = min(2*delay, maxDelay)
		if awaited {
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

func (s *Stream) hasStarted() bool {
	select {
	case <-s.firstUp:
		return true
	default:
		return false
	}
}

// session is one connection: from connecting to its end.
func (s *Stream) session(ctx context.Context) error {
	info, err := s.cfg.Database.Server(ctx)
	if err != nil {
		return err
	}
	s.timeout = time.Duration(info.WALSenderTimeoutMS) * time.Millisecond
	if err := s.check(info); err != nil {
		return err
	}
	w, err := s.open(ctx, info)
	if err != nil {
		return pgerror.ExplainPlugin(err, info.OutputPlugins)
	}
	w.confirmed = &s.state.confirmed
	w.statusInterval = s.cfg.StatusInterval
	if s.timeout > 0 {
		w.statusInterval = min(w.statusInterval, s.timeout/3)
		w.silence = 2 * s.timeout
	}
	return s.stream(ctx, w)
}

// open makes the connection that streams.
func (s *Stream) open(ctx context.Context, info pgcatalog.ServerInfo) (w *walsender, err error) {
	conn, err := connect(ctx, s.cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("open the replication connection: %w", err)
	}
	defer func() {
		if err != nil {
			_ = conn.Close(context.WithoutCancel(ctx)) // what went wrong before matters more
		}
	}()
	if err := s.recognise(ctx, conn); err != nil {
		return nil, err
	}
	if err := pin(ctx, conn); err != nil {
		return nil, err
	}
	if err := s.prepare(ctx, conn, info); err != nil {
		return nil, err
	}
	return start(ctx, conn, s.cfg.Slot, s.cfg.Publication)
}

// publicationCreated is told by the catalog. While a session is under way, somebody
// has dropped the publication that it decodes with.
func (s *Stream) publicationCreated() {
	select {
	case s.interrupted <- "the publication was dropped, and changes until it was made anew are lost":
	default:
	}
}

// recognise forgets all positions when the server is another one than before, or
// has been put back to an earlier state: then nothing tells what was lost.
func (s *Stream) recognise(ctx context.Context, conn *pgconn.PgConn) error {
	id, err := pglogrepl.IdentifySystem(ctx, conn)
	if err != nil {
		return pgerror.NotReplicating(fmt.Errorf("identify the server: %w", err))
	}
	before, now := s.origin, origin{id.SystemID, id.Timeline}
	s.origin = now
	if before == (origin{}) || before == now && uint64(id.XLogPos) >= s.state.confirmed.Load() {
		return nil
	}
	s.lose("the server is another one, or was restored from a backup or promoted")
	return nil
}

// lose gives up what is known of the slot, loudly.
func (s *Stream) lose(why string) {
	s.cfg.Logger.Error("CHANGES MAY BE LOST: clients are told to come back", "slot", s.cfg.Slot, "reason", why)
	s.state.confirmed.Store(0)
	s.state.published = wal.Position{}
	s.state.partitions, s.state.truncations = nil, nil
	s.cfg.Lost()
}

// stream runs the two goroutines of a connection until it or ctx ends.
func (s *Stream) stream(ctx context.Context, w *walsender) error {
	d := &decoder{
		database: s.cfg.Database, resolver: catalog.NewResolver(s.cfg.Database), catalog: s.catalog, publish: s.cfg.Publish, unseen: s.cfg.Unseen,
		state: &s.state, log: s.cfg.Logger, rowBytes: s.cfg.RowBytes, relations: map[uint32]*described{},
	}
	free, full := make(chan *chunk, chunks), make(chan *chunk, chunks)
	for range chunks {
		free <- new(chunk)
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return w.receive(gctx, free, full) })
	g.Go(func() error { return s.decode(gctx, d, free, full) })
	g.Go(func() error {
		select {
		case why := <-s.interrupted:
			return lostError(why)
		case <-gctx.Done():
			return nil
		}
	})
	s.live.Store(&liveness{})
	s.once.Do(func() { close(s.firstUp) })
	s.cfg.Logger.Info("streaming changes", "slot", s.cfg.Slot, "publication", s.cfg.Publication)
	err := g.Wait()
	closeErr := w.close()
	if ctx.Err() != nil && closeErr != nil {
		s.cfg.Logger.Debug("the replication connection was not closed in good order", "error", closeErr)
	}
	return err
}

func (s *Stream) decode(ctx context.Context, d *decoder, free chan<- *chunk, full <-chan *chunk) error {
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.catalog.UnseenArrived():
			d.reportUnseen()
		case c := <-full:
			if err := d.chunk(ctx, c); err != nil {
				return err
			}
			s.received.Store(max(s.received.Load(), uint64(d.batch.End), uint64(c.keepalive)))
			c.reset() // before it waits: a huge row is let go of at once
			free <- c
		}
	}
}
