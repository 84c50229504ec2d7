package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tablewire/tablewire/cdc"
	"github.com/tablewire/tablewire/cdc/catalog"
	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/httpapi"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
	"github.com/tablewire/tablewire/sql"
)

// serveCmd is the server on somebody's database.
type serveCmd struct {
	DatabaseURL string   `help:"The database to follow, as postgres://user:password@host:5432/database." env:"TABLEWIRE_DATABASE_URL,DATABASE_URL" placeholder:"URL"`
	APIKey      string   `name:"api-key" help:"The key that clients send: of the one project, 'default'." env:"TABLEWIRE_API_KEY" placeholder:"KEY"`
	Tables      []string `help:"Tables to expose: names and globs, comma-separated; ! takes out again." default:"public.*" env:"TABLEWIRE_TABLES"`
	Slot        string   `help:"Name of the replication slot; made when it is not there." default:"tablewire" env:"TABLEWIRE_SLOT"`
	Publication string   `help:"Name of the publication (default: the slot's name); made when it is not there." placeholder:"NAME" env:"TABLEWIRE_PUBLICATION"`
	listenFlags
	limitFlags
	logFlags
}

// listenFlags say where the server listens.
type listenFlags struct {
	Listen      string `help:"Address for clients." default:"127.0.0.1:8080" env:"TABLEWIRE_LISTEN"`
	AdminListen string `help:"Address for metrics and profiles; keep it private." default:"127.0.0.1:8081" env:"TABLEWIRE_ADMIN_LISTEN"`
}

// limitFlags bound what clients may do.
type limitFlags struct {
	AllowedOrigins  []string      `help:"Web pages' origins that may connect, comma-separated, such as https://example.com; * allows all. The server's own host is always allowed." env:"TABLEWIRE_ALLOWED_ORIGINS" placeholder:"LIST"`
	AuthTimeout     time.Duration `help:"How long a client may take for its first message." default:"10s" env:"TABLEWIRE_AUTH_TIMEOUT"`
	PingInterval    time.Duration `help:"How often a client is pinged; one that is not heard of for two intervals is closed." default:"30s" env:"TABLEWIRE_PING_INTERVAL"`
	QueueBytes      byteSize      `help:"How much may wait for a client before it is closed as too slow; give four times --row-bytes or more." default:"8MiB" env:"TABLEWIRE_QUEUE_BYTES"`
	RowBytes        byteSize      `help:"How long the values of a row may be, old ones included; longer values are left out and named in \"omitted\"." default:"2MiB" env:"TABLEWIRE_ROW_BYTES"`
	MaxMessageBytes byteSize      `help:"The longest message that a client may send." default:"64KiB" env:"TABLEWIRE_MAX_MESSAGE_BYTES"`
	rateFlags
	roomFlags
}

// rateFlags bound how much clients may ask for. A negative number is no limit.
type rateFlags struct {
	MessageRate              float64  `help:"Messages a second that a client may send; what comes above is dropped with an error." default:"1000" env:"TABLEWIRE_MESSAGE_RATE"`
	MessageBurst             int      `help:"Messages that a client may send at once." default:"2000" env:"TABLEWIRE_MESSAGE_BURST"`
	AddressMessageRate       float64  `help:"Messages a second that all clients of an address may send together; twice as many at once." default:"20000" env:"TABLEWIRE_ADDRESS_MESSAGE_RATE"`
	MaxConnections           int      `help:"Sockets that may be open." default:"100000" env:"TABLEWIRE_MAX_CONNECTIONS"`
	MaxConnectionsPerAddress int      `help:"Sockets that an address may have open; behind a proxy that is not in --trusted-proxies all clients are one address." default:"10000" env:"TABLEWIRE_MAX_CONNECTIONS_PER_ADDRESS"`
	AddressConnectionRate    float64  `help:"Sockets a second that an address may open; at once as many as it may have." default:"1000" env:"TABLEWIRE_ADDRESS_CONNECTION_RATE"`
	MaxUnauthenticated       int      `help:"Sockets that may wait for their first message, and connections for their first request; an address may take a quarter." default:"5000" env:"TABLEWIRE_MAX_UNAUTHENTICATED"`
	TrustedProxies           []string `help:"Addresses and networks of proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8; none by default." env:"TABLEWIRE_TRUSTED_PROXIES" placeholder:"LIST"`
}

// Validate refuses what no length of time can be; kong calls it.
func (f *limitFlags) Validate() error {
	for _, d := range []struct {
		flag string
		time.Duration
	}{{"auth-timeout", f.AuthTimeout}, {"ping-interval", f.PingInterval}, {"room-linger", f.RoomLinger}} {
		if d.Duration < 0 {
			return fmt.Errorf("--%s: %v is negative: want a time such as 10s", d.flag, d.Duration)
		}
	}
	return nil
}

// checkQueue warns where two of the longest rows may not wait together: the second
// would end a client that reads well. As JSON most rows are hardly longer than their
// values' text, and text of quotes and line breaks alone is twice as long.
func (f *limitFlags) checkQueue(logger *slog.Logger) {
	if f.QueueBytes >= 2*f.RowBytes {
		return
	}
	logger.Warn("two rows of --row-bytes are more than --queue-bytes: a client may be closed as too slow where long rows follow each other",
		"queue_bytes", f.QueueBytes, "row_bytes", f.RowBytes, "to_do", fmt.Sprintf("give --queue-bytes %s or more", 4*f.RowBytes))
}

// roomFlags bound the rooms.
type roomFlags struct {
	RoomLinger          time.Duration `help:"How long an empty room can still be joined." default:"30s" env:"TABLEWIRE_ROOM_LINGER"`
	MaxRooms            int           `help:"Rooms that there may be." default:"100000" env:"TABLEWIRE_MAX_ROOMS"`
	MaxRoomParticipants int           `help:"Sockets that may be in one room." default:"20000" env:"TABLEWIRE_MAX_ROOM_PARTICIPANTS"`
}

// logFlags say how to log.
type logFlags struct {
	LogFormat string     `help:"text or json." enum:"text,json" default:"text" env:"TABLEWIRE_LOG_FORMAT"`
	LogLevel  slog.Level `help:"debug, info, warn or error." default:"info" env:"TABLEWIRE_LOG_LEVEL"`
}

// Run serves until the program is told to stop.
func (c *serveCmd) Run(a *app) error {
	if c.DatabaseURL == "" {
		return &protocol.Problem{
			What: "no database was given",
			Cure: "set --database-url or TABLEWIRE_DATABASE_URL to postgres://user:password@host:5432/database; \"tablewire demo\" needs none",
		}
	}
	if c.APIKey == "" {
		return &protocol.Problem{
			What: "no API key was given",
			Cure: "set --api-key or TABLEWIRE_API_KEY to the key that your pages will send, such as the output of: openssl rand -hex 16",
		}
	}
	public, err := listen(a.ctx, c.Listen, "listen")
	if err != nil {
		return err
	}
	defer public.Close()
	admin, err := listen(a.ctx, c.AdminListen, "admin-listen")
	if err != nil {
		return err
	}
	defer admin.Close()
	logger := newLogger(a.stderr, c.LogFormat, c.LogLevel)
	return serve(a.ctx, serveOptions{
		DatabaseURL: c.DatabaseURL, APIKey: c.APIKey, Tables: c.Tables, Slot: c.Slot, Publication: cmp.Or(c.Publication, c.Slot),
		Listener: public, AdminListener: admin, Limits: c.limitFlags,
	}, logger, func(s serving) {
		logger.Info("ready", "url", s.URL, "admin", s.AdminURL, "collections", s.Collections)
	})
}

// serveOptions is what a server is made of.
type serveOptions struct {
	DatabaseURL, APIKey     string
	Tables                  []string
	Slot, Publication       string
	Listener, AdminListener net.Listener
	Limits                  limitFlags
	Root                    http.Handler // serves what the API does not; nil: a few words at /
}

// serving is where a server can be reached.
type serving struct {
	URL, AdminURL string
	Collections   int
	Catalog       *catalog.Catalog
}

// The parts of the 10 seconds that a server has to end.
const (
	drainTime    = 5 * time.Second // for clients to take what waits for them
	shutdownTime = 2 * time.Second // for requests that are no sockets
)

// serve runs the server until ctx ends; ready is called once, when it streams and
// accepts sockets. It closes the listeners.
func serve(ctx context.Context, opt serveOptions, logger *slog.Logger, ready func(serving)) error {
	patterns, err := sql.ParsePatterns(opt.Tables)
	if err != nil {
		return &protocol.Problem{What: err.Error(), Cure: "give --tables names and globs, such as orders,shop.*"}
	}
	if err := cdc.CheckURL(opt.DatabaseURL); err != nil {
		return err
	}
	database, err := sql.Open(sql.Config{URL: opt.DatabaseURL, Publication: opt.Publication, Slot: opt.Slot, Tables: patterns})
	if err != nil {
		return err
	}
	defer database.Close()
	opt.Limits.checkQueue(logger)
	hub := fanout.New(fanout.Config{})
	out := newPublisher(hub, opt.Limits, logger)
	stream, err := cdc.New(cdc.Config{
		URL: opt.DatabaseURL, Slot: opt.Slot, Publication: opt.Publication,
		Database: database, CatalogDatabase: database, Publish: out.publish, RowBytes: int(opt.Limits.RowBytes), Logger: logger,
		Lost:        func() { hub.RestartAll("changes may be lost") },
		Interrupted: func(table wal.TableName) { hub.RestartTable(table, "changes may be lost") },
		Unseen:      hub.RestartTransitionSubscribers,
		Dropped:     func(table wal.TableName) { hub.EndTable(table, protocol.ErrCollectionNotFound) },
	})
	if err != nil {
		return err
	}
	limits := opt.Limits
	api, err := httpapi.New(httpapi.Config{
		Hub: hub, Publisher: out.announcer, Collections: stream.Catalog(), APIKey: opt.APIKey,
		AllowedOrigins: limits.AllowedOrigins, AuthTimeout: limits.AuthTimeout,
		PingInterval: limits.PingInterval, QueueBytes: int(limits.QueueBytes),
		MaxMessageBytes: int64(limits.MaxMessageBytes),
		MessageRate:     limits.MessageRate, MessageBurst: limits.MessageBurst, AddressMessageRate: limits.AddressMessageRate,
		MaxConnections: limits.MaxConnections, MaxConnectionsPerAddress: limits.MaxConnectionsPerAddress,
		AddressConnectionRate: limits.AddressConnectionRate, MaxUnauthenticated: limits.MaxUnauthenticated, TrustedProxies: limits.TrustedProxies,
		Ready: func() error { return readiness(stream) }, Stream: func() httpapi.StreamStats { return streamStats(stream, out) },
		Root: opt.Root, Logger: logger,
	})
	if err != nil {
		return err
	}
	return (&server{hub: hub, stream: stream, api: api, opt: opt, log: logger}).run(ctx, ready)
}

// server is a set of parts that start and end together.
type server struct {
	hub    *fanout.Hub
	stream *cdc.Stream
	api    *httpapi.Server
	opt    serveOptions
	log    *slog.Logger
}

// run runs the parts until ctx ends or one of them fails. They end in the order of
// a change's way: no new sockets, the sockets drained, what was sent confirmed.
func (s *server) run(ctx context.Context, ready func(serving)) error {
	parts, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	streaming, stopStreaming := context.WithCancel(parts)
	defer stopStreaming()
	g, failed := errgroup.WithContext(parts)

	public := &http.Server{Handler: s.api.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10, ConnState: s.api.ConnState, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)}
	admin := &http.Server{Handler: s.api.Admin(), ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)}
	g.Go(func() error { return s.hub.Run(parts) })
	g.Go(func() error { return s.api.Run(parts) })
	g.Go(func() error { return s.stream.Run(streaming) })
	g.Go(func() error { return serveHTTP(public, s.opt.Listener) })
	g.Go(func() error { return serveHTTP(admin, s.opt.AdminListener) })
	g.Go(func() error {
		select {
		case <-s.stream.Started():
			ready(serving{
				URL: "http://" + s.opt.Listener.Addr().String(), AdminURL: "http://" + s.opt.AdminListener.Addr().String(),
				Collections: len(s.stream.Catalog().Collections()), Catalog: s.stream.Catalog(),
			})
		case <-failed.Done():
		}
		return nil
	})
	g.Go(func() error {
		select {
		case <-ctx.Done():
			s.log.Info("stopping: clients are told to come back")
		case <-failed.Done():
		}
		s.drain()
		stopStreaming()
		shutdown(public)
		shutdown(admin)
		stop()
		return nil
	})
	if err := g.Wait(); err != nil {
		return err
	}
	s.log.Info("stopped")
	return nil
}

func (s *server) drain() {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	s.api.Drain(ctx)
}

func serveHTTP(s *http.Server, l net.Listener) error {
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("accept connections on %s: %w", l.Addr(), err)
	}
	return nil
}

func shutdown(s *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	if s.Shutdown(ctx) != nil {
		_ = s.Close() // whoever still waits is cut off
	}
}

// readiness is for anybody to read: the log has what is wrong, with the names of
// hosts and roles in it.
func readiness(s *cdc.Stream) error {
	if s.Live() != nil {
		return errors.New("changes do not flow at the moment; the log says why")
	}
	return nil
}

func streamStats(s *cdc.Stream, out *publisher) httpapi.StreamStats {
	st := s.Stats()
	return httpapi.StreamStats{
		Changes: st.Changes, Transactions: st.Transactions, Omitted: st.Omitted, Reconnects: st.Reconnects,
		ServerLSN: st.Server, Retained: st.Retained, ReceivedLSN: st.Received, ConfirmedLSN: st.Confirmed, Live: st.Live,
		Sent: out.sent.Load(), Rejected: out.rejected.Load(),
	}
}
