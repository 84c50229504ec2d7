package tablewire

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tablewire/tablewire/cdc"
	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/httpapi"
	"github.com/tablewire/tablewire/internal/access"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
	"github.com/tablewire/tablewire/sql"
)

// Server follows a database and serves its tables. Make it with [New]; all methods may be
// called concurrently.
type Server struct {
	cfg       Config
	database  *sql.Database
	hub       *fanout.Hub
	stream    *cdc.Stream
	api       *httpapi.Server
	publisher *publisher
	ran       atomic.Bool
	ended     atomic.Pointer[error] // why changes flow no longer, once Run has ended the stream
}

func init() {
	access.CatalogOf = func(server any) access.Catalog { return server.(*Server).stream.Catalog() }
}

// New checks the configuration and makes a server of it. Nothing connects to the database
// until [Server.Run] or [Server.Serve]. The error is a *protocol.Problem, whose Hint says what
// to do. Its texts name a field as the command names its setting: the setting "queue-bytes"
// is Config.Limits.QueueBytes. New does not log the error.
func New(cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	database, err := openDatabase(cfg)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, database: database, hub: fanout.New(fanout.Config{})}
	s.publisher = newPublisher(s.hub, cfg.Limits, cfg.Logger)
	if s.stream, err = cdc.New(s.streamConfig()); err == nil {
		s.api, err = httpapi.New(s.apiConfig())
	}
	if err != nil {
		return nil, errors.Join(cdc.Explain(err), s.database.Close())
	}
	cfg.warn()
	return s, nil
}

// streamConfig joins the stream to the hub.
func (s *Server) streamConfig() cdc.Config {
	return cdc.Config{
		URL: s.cfg.DatabaseURL, Slot: s.cfg.Slot, Publication: s.cfg.Publication, RowBytes: s.cfg.Limits.RowBytes,
		Database: s.database, CatalogDatabase: s.database,
		Publish:     s.publisher.publish,
		Lost:        func() { s.hub.RestartAll("changes may be lost") },
		Interrupted: func(table wal.TableName) { s.hub.RestartTable(table, "changes may be lost") },
		Unseen:      s.hub.RestartTransitionSubscribers,
		Dropped:     func(table wal.TableName) { s.hub.EndTable(table, protocol.ErrCollectionNotFound) },
		Logger:      s.cfg.Logger,
	}
}

// apiConfig joins the sockets to the hub and to the stream's catalog.
func (s *Server) apiConfig() httpapi.Config {
	limits := s.cfg.Limits
	return httpapi.Config{
		Hub: s.hub, Publisher: s.publisher.messages, Collections: s.stream.Catalog(),
		APIKey: s.cfg.APIKey, Authenticate: s.cfg.authenticator(),
		AllowedOrigins: s.cfg.AllowedOrigins, TrustedProxies: s.cfg.TrustedProxies,
		AuthTimeout: limits.AuthTimeout, PingInterval: limits.PingInterval,
		QueueBytes: limits.QueueBytes, MaxMessageBytes: int64(limits.MessageBytes),
		MessageRate: limits.MessageRate, MessageBurst: limits.MessageBurst, AddressMessageRate: limits.AddressMessageRate,
		MaxConnections: limits.Connections, MaxConnectionsPerAddress: limits.AddressConnections,
		AddressConnectionRate: limits.AddressConnectionRate, MaxUnauthenticated: limits.Unauthenticated,
		Ready: s.readiness, Stream: s.streamStats,
		Root: s.cfg.Fallback, Registerer: s.cfg.Metrics, Logger: s.cfg.Logger,
	}
}

// drainTime is how long clients may take for what waits for them when a server ends. With
// shutdownTime, and the 2 s that PostgreSQL may take to close the replication connection,
// it stays below the 10 s that container engines give a process to end.
const drainTime = 5 * time.Second

var (
	errRan   = errors.New("tablewire: a Server runs once: make another one with New")
	errEmpty = errors.New("tablewire: this Server is empty: make one with New")
	errEnded = errors.New("the server has ended")
)

// Run follows the database and serves the clients that come through the server's handlers,
// until ctx ends. Then it sends the clients away (close code 1012), confirms to PostgreSQL
// what it has delivered, and returns nil. It returns an error if the stream could not
// start; one that breaks later reconnects by itself. The error is a *protocol.Problem, whose
// Hint says what to do, if its cause is a known condition; where several conditions keep the
// stream from starting, it joins them. Run does not log it. A server runs once.
func (s *Server) Run(ctx context.Context) error { return s.run(ctx) }

// Serve is Run with HTTP servers of its own: public serves [Server.Handler], admin serves
// [Server.Admin] and may be nil. It closes both listeners. It also returns an error if a
// listener fails.
func (s *Server) Serve(ctx context.Context, public, admin net.Listener) error {
	if admin != nil {
		defer admin.Close()
	}
	if public == nil {
		return &protocol.Problem{ID: "listener-missing", What: "Serve has no public listener", Hint: "give it one of net.Listen, or call Run to serve the handlers yourself"}
	}
	defer public.Close()
	fronts := []*front{s.publicFront(public)}
	if admin != nil {
		fronts = append(fronts, s.adminFront(admin))
	}
	return s.run(ctx, fronts...)
}

// run runs all parts until ctx ends or one of them fails. They end in the order of a
// change's way, each before the next: no new sockets, the sockets drained, the stream's
// position confirmed, the HTTP servers, and last the hub and what writes to sockets.
func (s *Server) run(ctx context.Context, fronts ...*front) error {
	if s.stream == nil {
		return errEmpty
	}
	if !s.ran.CompareAndSwap(false, true) {
		return errRan
	}
	defer s.database.Close()
	parts, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	streaming, stopStreaming := context.WithCancel(parts)
	defer stopStreaming()
	g, failed := errgroup.WithContext(parts)
	g.Go(func() error { return s.hub.Run(parts) })
	g.Go(func() error { return s.api.Run(parts) })
	streamEnded := make(chan struct{})
	g.Go(func() error {
		defer close(streamEnded)
		err := s.stream.Run(streaming)
		why := errEnded
		if err != nil {
			why = cdc.Explain(err)
		}
		s.ended.Store(&why)
		return err
	})
	for _, f := range fronts {
		g.Go(f.serve)
	}
	g.Go(func() error {
		select {
		case <-ctx.Done():
			s.cfg.Logger.Info("stopping: clients are told to come back")
		case <-failed.Done():
		}
		s.drain()
		stopStreaming()
		<-streamEnded
		var ending sync.WaitGroup
		for _, f := range fronts { // at the same time, as drainTime has it
			ending.Go(f.shutdown)
		}
		ending.Wait()
		stop()
		return nil
	})
	if err := g.Wait(); err != nil {
		return s.explainStart(ctx, err)
	}
	s.cfg.Logger.Info("stopped")
	return nil
}

func (s *Server) drain() {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	_ = s.Drain(ctx) // who is still there is cut
}

// Drain sends all clients away with close code 1012, after what already waits for them,
// and takes no more. It returns once they are gone. When ctx ends first it cuts the
// connections that are left and returns the context's error. Run drains by itself.
func (s *Server) Drain(ctx context.Context) error {
	s.api.Drain(ctx)
	return context.Cause(ctx)
}

// Started returns a channel that is closed when changes flow for the first time. If Run
// fails before, it is never closed.
func (s *Server) Started() <-chan struct{} { return s.stream.Started() }

// Live returns nil while changes flow, else an error that says why they do not, as Run
// returns it. After Run has ended they do not.
func (s *Server) Live() error {
	if why := s.ended.Load(); why != nil {
		return *why
	}
	return cdc.Explain(s.stream.Live())
}

// Collections returns the names of the tables that clients may follow at the moment, sorted.
// After Run has ended it returns the last ones.
func (s *Server) Collections() []string {
	names := s.stream.Catalog().Collections()
	slices.Sort(names)
	return names
}

// readiness is for anybody to read: only the log has the cause, with the names of hosts
// and roles in it.
func (s *Server) readiness() error {
	if s.Live() != nil {
		return errors.New("changes do not flow at the moment; the log says why")
	}
	return nil
}

// streamStats brings the figures of the stream and of SQL's messages together.
func (s *Server) streamStats() httpapi.StreamStats {
	st := s.stream.Stats()
	return httpapi.StreamStats{
		Changes: st.Changes, Transactions: st.Transactions, Omitted: st.Omitted, Reconnects: st.Reconnects,
		ServerLSN: st.Server, Retained: st.Retained, ReceivedLSN: st.Received, ConfirmedLSN: st.Confirmed, Live: st.Live,
		Sent: s.publisher.sent.Load(), Rejected: s.publisher.rejected.Load(),
	}
}
