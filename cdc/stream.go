package cdc

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tablewire/tablewire/cdc/catalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// Stream follows the slot. Make it with New. Run owns all its goroutines; the other
// methods may be called concurrently.
type Stream struct {
	cfg      Config
	catalog  *catalog.Catalog
	progress progress
	live     atomic.Pointer[liveness]
	started  chan struct{} // closed when the stream is live for the first time
	once     sync.Once     // closes started
	received atomic.Uint64 // LSN
	server   atomic.Uint64 // LSN
	retained atomic.Int64  // bytes
	restarts atomic.Uint64

	// interrupted receives from publicationCreated why a session must end and its slot be
	// created again: the publication that the session decodes with was dropped. It has room
	// for one reason.
	interrupted chan string

	// Owned by the goroutine of follow:

	// recreateReason is why the slot must be created again: follow sets it to why a session
	// lost its slot, prepareSlot to what it finds wrong. It is "" once the slot is created.
	recreateReason string
	slotOptions    slotOptions
	epoch          epoch         // of the server at the last connection
	failures       failureLog    // of sessions
	timeout        time.Duration // wal_sender_timeout at the last connection; 0: none
}

// liveness says whether the stream is live.
type liveness struct {
	err error // why not; nil: it is
}

var errStarting = errors.New("the replication stream is starting")

// New checks the configuration. The stream connects to nothing before Run.
func New(cfg Config) (*Stream, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	s := &Stream{cfg: cfg, started: make(chan struct{}), interrupted: make(chan string, 1)}
	s.catalog = catalog.New(catalog.Config{
		Database: cfg.CatalogDatabase, Publication: cfg.Publication, RefreshInterval: cfg.RefreshInterval,
		Created: s.publicationCreated, Interrupted: cfg.Interrupted, Dropped: cfg.Dropped, Logger: cfg.Logger,
	})
	s.live.Store(&liveness{errStarting})
	return s, nil
}

// Catalog returns the stream's collections.
func (s *Stream) Catalog() *catalog.Catalog { return s.catalog }

// Started returns a channel that is closed when the stream is live for the first time.
func (s *Stream) Started() <-chan struct{} { return s.started }

// Live returns nil while changes flow, else why they do not.
func (s *Stream) Live() error { return s.live.Load().err }

// Stats of a stream. The counters begin when the stream is made.
type Stats struct {
	Live         bool
	Changes      [len(wal.Ops)]uint64
	Transactions uint64
	Omitted      uint64 // values that were too long to be delivered
	Reconnects   uint64
	Server       wal.LSN // the end of the server's log, when last asked
	Retained     int64   // bytes of log that the server keeps for the slot, when last asked
	Received     wal.LSN // the end of what the server has sent
	Confirmed    wal.LSN // the position that status updates confirm
}

// Stats reads the counters.
func (s *Stream) Stats() Stats {
	p := &s.progress
	st := Stats{
		Live: s.Live() == nil, Transactions: p.transactions.Load(), Omitted: p.omitted.Load(), Reconnects: s.restarts.Load(),
		Server: wal.LSN(s.server.Load()), Retained: s.retained.Load(), Received: wal.LSN(s.received.Load()), Confirmed: wal.LSN(p.confirmed.Load()),
	}
	for i := range st.Changes {
		st.Changes[i] = p.changes[i].Load()
	}
	return st
}

// Run follows the slot until ctx ends, confirms what has been published, and returns nil.
// It returns an error if the stream could not be made live for the first time. Call it
// once.
func (s *Stream) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		select {
		case <-s.started:
			s.monitor(ctx)
		case <-ctx.Done():
		}
		return nil
	})
	g.Go(func() error { return s.follow(ctx) })
	return g.Wait()
}

// monitor asks the database, every Config.RefreshInterval, for the list of tables, for
// types that were altered, and how much log it keeps for the slot.
func (s *Stream) monitor(ctx context.Context) {
	t := time.NewTicker(s.cfg.RefreshInterval)
	defer t.Stop()
	var tables, types failureLog
	for {
		s.measure(ctx)
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			s.report(ctx, &tables, "the list of tables could not be read; it will be tried again", s.catalog.Refresh(ctx, now))
			s.report(ctx, &types, "the tables' types could not be read; it will be tried again", s.catalog.ReviewTypes(ctx))
		}
	}
}

// measure asks how far the log is written and how much of it the slot holds. An error is
// not worth a line: the same trouble ends the stream, which logs it.
func (s *Stream) measure(ctx context.Context) {
	info, err := s.cfg.Database.Server(ctx)
	if err != nil {
		return
	}
	s.server.Store(uint64(info.WALEnd))
	s.retained.Store(info.SlotRetained)
}

// report logs a failure of something that is tried again and again: once, and then
// seldom. A nil error means that it succeeded.
func (s *Stream) report(ctx context.Context, failures *failureLog, message string, err error, attrs ...any) {
	switch {
	case ctx.Err() != nil:
	case err == nil:
		failures.reset()
	default:
		failures.log(s.cfg.Logger, message, err, attrs...)
	}
}

func (s *Stream) hasStarted() bool {
	select {
	case <-s.started:
		return true
	default:
		return false
	}
}
