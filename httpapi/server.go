package httpapi

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tablewire/tablewire/protocol"
)

// Server holds the sockets. All methods may be called concurrently; Run once.
type Server struct {
	cfg      Config
	log      *slog.Logger
	origins  origins
	upgrader websocket.Upgrader
	times    times
	metrics  metricsSink

	registry registry
	writers  writers
	pinger   pinger
	limits   limits
	proxies  proxies
	counters counters
	lists    lists
	notices  notices
	lanes    lanes
	tooLong  *protocol.Error // a message is

	// unresolved is set while collections can't be resolved, so that an outage is
	// logged once and not once for each client.
	unresolved onceWhile
	noAuth     onceWhile // likewise, while clients can't be authenticated

	// life ends when the sessions must: their look-ups are given up then.
	life context.Context //nolint:containedctx // sessions outlive the requests that open them
	end  context.CancelFunc

	// goroutines are all that the server has started.
	goroutines sync.WaitGroup
}

// times bound how long a socket may take to end.
type times struct {
	stall     time.Duration // without taking a byte, before a connection is cut
	slow      time.Duration // for a slow consumer to take its close frame
	flush     time.Duration // for any other to take what was queued when it was closed
	closeWait time.Duration // for the peer's close frame, after ours
	resolve   time.Duration // for a collection to be looked up
	probe     time.Duration // between two looks at a connection that takes nothing
}

var defaultTimes = times{
	stall:     10 * time.Second,
	slow:      4 * time.Second,
	flush:     30 * time.Second,
	closeWait: 2 * time.Second,
	resolve:   10 * time.Second,
	probe:     time.Second,
}

// New makes a server; nothing happens until Run and the first request.
func New(cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	s := &Server{
		cfg:     cfg,
		log:     cfg.Logger,
		times:   defaultTimes,
		lanes:   newLanes(),
		tooLong: protocol.ErrMessageTooLong(cfg.MaxMessageBytes),
	}
	s.notices.log = cfg.Logger
	s.lists.init()
	s.limits.init(&s.cfg, &s.notices)
	s.origins, _ = parseOrigins(cfg.AllowedOrigins) // has been validated, as have these
	s.proxies, _ = parseProxies(cfg.TrustedProxies)
	s.upgrader = newUpgrader()
	s.registry.init(&s.goroutines)
	s.writers.init(&s.goroutines)
	s.life, s.end = context.WithCancel(context.Background())
	var err error
	if s.metrics, err = newMetrics(s, cfg.Registerer); err != nil {
		return nil, err
	}
	return s, nil
}

// Run owns the writers and the pinger, and runs the rooms. When ctx ends it cuts the sockets that are
// still there and returns once every goroutine of the server has ended. A server
// whose Run has ended takes no sockets.
func (s *Server) Run(ctx context.Context) error {
	var writing sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		writing.Go(s.writers.work)
	}
	writing.Go(func() { _ = s.cfg.Rooms.Run(ctx) }) // ends with ctx, never with an error
	writing.Go(func() { s.notices.run(ctx) })
	s.pinger.run(ctx, s.cfg.PingInterval, &s.registry)

	empty := s.registry.shut()
	s.end()
	s.registry.each((*socket).cut)
	<-empty
	s.writers.stop()
	writing.Wait()
	s.goroutines.Wait()
	if s.cfg.Registerer != nil {
		s.cfg.Registerer.Unregister(collector{s})
	}
	return nil
}

// Drain sends the clients elsewhere: no new sockets are taken, and all that are
// open get close code 1012 after what was already queued. It returns when they are
// gone; those that are not when ctx ends are cut.
func (s *Server) Drain(ctx context.Context) {
	empty := s.registry.shut()
	s.registry.each(func(k *socket) { k.queue.Close(protocol.CloseRestart, reasonRestart) })
	select {
	case <-empty:
	case <-ctx.Done():
		s.end()
		s.registry.each((*socket).cut)
		<-empty
	}
}

const reasonRestart = "restarting"
