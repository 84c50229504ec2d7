package httpapi

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/tablewire/tablewire/httpapi/limit"
	"github.com/tablewire/tablewire/httpapi/ws"
	"github.com/tablewire/tablewire/internal/wsframe"
)

// Server serves the API. All methods may be called concurrently; Run once.
type Server struct {
	cfg       Config
	log       *slog.Logger
	origins   origins
	transport *ws.Transport
	limits    *limit.Limits
	metrics   metricsSink
	counters  counters
	roomLists *roomListCache
	clientLog *clientLog

	// dropped holds the frame for the client by verdict, because clients that flood get it often.
	dropped map[limit.Verdict]wsframe.Frame

	// Each of these is logged once, and not once for each client.
	noCollections    outage // collections can't be looked up
	noAuthentication outage // clients can't be authenticated
	noProject        outage // Config.Authenticate returned a principal without a project; it never ends
}

// lookupTimeout bounds what a client's first message waits for: that the client is
// authenticated, and that its collection is looked up.
const lookupTimeout = 10 * time.Second

// New makes a server; nothing happens until Run and the first request.
func New(cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	s := &Server{
		cfg:       cfg,
		log:       cfg.Logger,
		transport: ws.New(cfg.transport()),
		roomLists: newRoomListCache(),
		clientLog: newClientLog(cfg.Logger, cfg.QueueBytes),
	}
	proxies, err := limit.ParseProxies(cfg.TrustedProxies)
	if err != nil {
		return nil, err
	}
	if proxies.TrustAll() {
		s.log.Warn("every client can choose the address that it is limited by: the trusted proxies have all addresses", "to_do", `name the proxies' own networks in the setting "trusted-proxies", unless nothing else can reach the server`)
	}
	s.clientLog.proxies = proxies
	if s.origins, err = parseOrigins(cfg.AllowedOrigins); err != nil {
		return nil, err
	}
	if s.limits, err = limit.New(cfg.limits(proxies, s.clientLog.limitHit)); err != nil {
		return nil, err
	}
	s.dropped = make(map[limit.Verdict]wsframe.Frame)
	for _, v := range []limit.Verdict{limit.Drop, limit.DropAddress} {
		s.dropped[v] = wsframe.Text(s.limits.Error(v).AppendJSON(nil))
	}
	if s.metrics, err = newMetrics(s, cfg.Registerer); err != nil {
		return nil, err
	}
	return s, nil
}

// Run owns the goroutines of the connections, and runs the rooms. When ctx ends, it cuts
// off the connections that are still there and returns once every goroutine of the server
// has ended. A server whose Run has ended takes no connections.
func (s *Server) Run(ctx context.Context) error {
	var running sync.WaitGroup
	running.Go(func() { _ = s.cfg.Rooms.Run(ctx) }) // ends with ctx, never with an error
	running.Go(func() { s.clientLog.run(ctx) })
	s.transport.Run(ctx)
	running.Wait()
	if s.cfg.Registerer != nil {
		s.cfg.Registerer.Unregister(collector{s})
	}
	return nil
}

// Drain sends the clients elsewhere: it takes no new connections, and closes those that are
// open with code 1012, behind what is queued for them. It returns when they are gone;
// those that are not when ctx ends are cut off.
func (s *Server) Drain(ctx context.Context) { s.transport.Drain(ctx) }

// ConnState is for the ConnState of the http.Server that serves the public API. It bounds
// the connections that have not become a WebSocket connection.
func (s *Server) ConnState(conn net.Conn, state http.ConnState) { s.limits.ConnState(conn, state) }
