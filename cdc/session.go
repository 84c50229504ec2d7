package cdc

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tablewire/tablewire/cdc/catalog"
	"github.com/tablewire/tablewire/cdc/internal/pgerror"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
)

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
