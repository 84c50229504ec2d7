package httpapi

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/httpapi/auth"
	"github.com/tablewire/tablewire/httpapi/limit"
	"github.com/tablewire/tablewire/httpapi/ws"
	"github.com/tablewire/tablewire/protocol/wal"
)

// Collections knows which tables clients may watch.
type Collections interface {
	// Resolve finds the table that a client names. It fails with
	// [protocol.ErrCollectionNotFound] when there is none that the project may see;
	// any other error means that it can't be told now.
	Resolve(ctx context.Context, name string) (*wal.Relation, error)
	// Exposed reports whether a table that Resolve gave still is one of them.
	Exposed(rel *wal.Relation) bool
	// Unsent lists the columns of such a table that are not sent, for error messages.
	Unsent(ctx context.Context, rel *wal.Relation) ([]wal.UnsentColumn, error)
	// Why says, for the log, why Resolve finds no collection of a name. No client is
	// told it.
	Why(ctx context.Context, name string) string
}

// Config of a [Server].
type Config struct {
	// Hub and Collections are what the sockets are served from. Required.
	Hub         *fanout.Hub
	Collections Collections

	// Broadcast and Rooms are what the other sockets are served from; none means new
	// ones. Server.Run runs the rooms. Publisher is by what a backend speaks on them,
	// and what SQL's messages may go through; it must be of the same. None means a new
	// one, and one alone brings its broadcast and rooms.
	Broadcast *fanout.Broadcast
	Rooms     *fanout.Rooms
	Publisher *fanout.ServerPublisher

	// APIKey is the key of the one project, [ProjectID]. Required unless Authenticate is set.
	APIKey string

	// Authenticate returns whose a client's key is, in place of APIKey, which must then be
	// empty. Package auth says what it owes and what its errors mean.
	Authenticate auth.Authenticator

	// AllowedOrigins lists the pages that may open sockets: "https://app.example.com".
	// It is read as a browser would write it: with no default port, and a Unicode host
	// as ASCII. "*" allows all. A page of the server's own host always may, and so may
	// a client that sends no origin because it is no browser.
	AllowedOrigins []string

	// AuthTimeout is how long a client may take to send its first message. 0 means 10 s.
	AuthTimeout time.Duration

	// PingInterval is the time between two pings of a socket; a peer that is not
	// heard of for two of them is cut. 0 means 30 s.
	PingInterval time.Duration

	// QueueBytes is how much may wait for a socket before it counts as slow. 0 means 8 MiB,
	// which is four of the longest rows of a stream with its own default.
	QueueBytes int

	// MaxMessageBytes is the longest message that is taken from a client. 0 means 64 KiB.
	MaxMessageBytes int64

	// MessageRate is how many messages a second a socket may send, and MessageBurst
	// how many at once; one counts once more for every 4 KiB of its length. What comes above is dropped, with an error frame; a socket
	// that goes on so is closed. 0 means 1,000 and 2,000; a negative rate is no limit.
	MessageRate  float64
	MessageBurst int

	// AddressMessageRate is how many messages a second all sockets of a client address
	// may send together; twice as many at once. 0 means 20,000, negative no limit.
	AddressMessageRate float64

	// MaxConnections is how many sockets there may be. 0 means 100,000, negative no limit.
	MaxConnections int

	// MaxConnectionsPerAddress is how many of them one client address may have. 0
	// means 10,000, negative no limit.
	MaxConnectionsPerAddress int

	// AddressConnectionRate is how many sockets a second one client address may open;
	// at once as many as it may have, or twice the rate if that is more. 0 means
	// 1,000, negative no limit.
	AddressConnectionRate float64

	// MaxUnauthenticated is how many sockets may wait for their first message, and how
	// many connections for their first request; one address may take a quarter of
	// either. 0 means 5,000, negative no limit.
	MaxUnauthenticated int

	// TrustedProxies lists addresses and networks whose X-Forwarded-For is believed.
	TrustedProxies []string

	// Ready says why the server can't serve yet; nil when it can. No function means
	// that it always can.
	Ready func() error

	// Stream gives the replication's figures for the metrics; nil leaves them out.
	Stream func() StreamStats

	// Root serves every request that no route takes, but for those below /realtime/;
	// nil means a short JSON at GET /.
	Root http.Handler

	// Registerer gets the server's metrics until Run ends. Admin's /metrics shows what it
	// gathers if it is a [prometheus.Gatherer] too, as a [prometheus.Registry] is. nil means
	// a registry of the server's own, which also has the process's metrics.
	Registerer prometheus.Registerer

	timeouts ws.Timeouts // for tests; the zero value means ws.DefaultTimeouts

	// Logger receives what an operator should see; nil means none.
	Logger *slog.Logger
}

// ProjectID is the project of [Config.APIKey].
const ProjectID = auth.DefaultProject

// StreamStats are the replication stream's figures since the process began.
type StreamStats struct {
	Changes      [len(wal.Ops)]uint64 // by protocol.Op
	Transactions uint64
	Omitted      uint64 // values that were too long to be delivered
	Reconnects   uint64
	ReceivedLSN  wal.LSN // up to which the stream was read
	ConfirmedLSN wal.LSN // up to which the server may forget
	Sent         uint64  // messages from SQL
	Rejected     uint64  // messages from SQL that could not be sent
	ServerLSN    wal.LSN // the end of the server's log, when last asked
	Retained     int64   // bytes of log that the server keeps for the slot, when last asked
	Live         bool    // connected and streaming
}

const (
	defaultAuthTimeout     = 10 * time.Second
	defaultPingInterval    = 30 * time.Second
	defaultQueueBytes      = 8 << 20
	defaultMaxMessageBytes = 64 << 10

	defaultMessageRate              = 1000
	defaultMessageBurst             = 2000
	defaultAddressMessageRate       = 20_000
	defaultMaxConnections           = 100_000
	defaultMaxConnectionsPerAddress = 10_000
	defaultAddressConnectionRate    = 1000
	defaultMaxUnauthenticated       = 5000
)

// withDefaults fills in what is zero.
func (c Config) withDefaults() Config {
	c.AuthTimeout = cmp.Or(c.AuthTimeout, defaultAuthTimeout)
	c.PingInterval = cmp.Or(c.PingInterval, defaultPingInterval)
	c.QueueBytes = cmp.Or(c.QueueBytes, defaultQueueBytes)
	c.MaxMessageBytes = cmp.Or(c.MaxMessageBytes, defaultMaxMessageBytes)
	c.MessageRate = cmp.Or(c.MessageRate, defaultMessageRate)
	c.MessageBurst = cmp.Or(c.MessageBurst, defaultMessageBurst)
	c.AddressMessageRate = cmp.Or(c.AddressMessageRate, defaultAddressMessageRate)
	c.MaxConnections = cmp.Or(c.MaxConnections, defaultMaxConnections)
	c.MaxConnectionsPerAddress = cmp.Or(c.MaxConnectionsPerAddress, defaultMaxConnectionsPerAddress)
	c.AddressConnectionRate = cmp.Or(c.AddressConnectionRate, defaultAddressConnectionRate)
	c.MaxUnauthenticated = cmp.Or(c.MaxUnauthenticated, defaultMaxUnauthenticated)
	if c.timeouts == (ws.Timeouts{}) {
		c.timeouts = ws.DefaultTimeouts
	}
	c.chatDefaults()
	if c.Authenticate == nil && c.APIKey != "" {
		c.Authenticate, c.APIKey = auth.StaticKey(c.APIKey), ""
	}
	if c.Ready == nil {
		c.Ready = func() error { return nil }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// chatDefaults makes the broadcast, the rooms and the publisher where there are none.
func (c *Config) chatDefaults() {
	if c.Publisher != nil {
		c.Broadcast = cmp.Or(c.Broadcast, c.Publisher.Broadcast)
		c.Rooms = cmp.Or(c.Rooms, c.Publisher.Rooms)
	}
	if c.Broadcast == nil {
		c.Broadcast = new(fanout.Broadcast)
	}
	if c.Rooms == nil {
		c.Rooms = fanout.NewRooms(fanout.RoomsConfig{})
	}
	if c.Publisher == nil {
		c.Publisher = &fanout.ServerPublisher{Project: ProjectID, Broadcast: c.Broadcast, Rooms: c.Rooms}
	}
}

func (c Config) validate() error {
	switch {
	case c.Hub == nil:
		return errors.New("httpapi: Hub is missing")
	case c.Collections == nil:
		return errors.New("httpapi: Collections is missing")
	case c.Authenticate == nil:
		return errors.New("httpapi: APIKey is empty and there is no Authenticate: nobody could connect")
	case c.APIKey != "":
		return errors.New("httpapi: there are an APIKey and an Authenticate: give one of them")
	case c.Publisher.Broadcast != c.Broadcast || c.Publisher.Rooms != c.Rooms:
		return errors.New("httpapi: Publisher has another Broadcast or other Rooms")
	case c.AuthTimeout < 0 || c.PingInterval < 0:
		return errors.New("httpapi: a timeout is negative")
	case c.QueueBytes < 0 || c.MaxMessageBytes < 0:
		return errors.New("httpapi: a size is negative")
	}
	return nil
}

// limits is the configuration of what clients may take.
func (c *Config) limits(proxies limit.Proxies, onHit func(limit.Kind, netip.Addr)) limit.Config {
	return limit.Config{
		MessageRate: c.MessageRate, MessageBurst: c.MessageBurst, AddressMessageRate: c.AddressMessageRate,
		MaxConnections: c.MaxConnections, MaxConnectionsPerAddress: c.MaxConnectionsPerAddress,
		AddressConnectionRate: c.AddressConnectionRate, MaxUnauthenticated: c.MaxUnauthenticated,
		TrustedProxies: proxies, OnHit: onHit,
	}
}

// transport is the configuration of the connections.
func (c *Config) transport() ws.Config {
	return ws.Config{
		FirstMessageTimeout: c.AuthTimeout, PingInterval: c.PingInterval, QueueBytes: c.QueueBytes,
		MaxMessageBytes: c.MaxMessageBytes, MessageRate: c.MessageRate, Timeouts: c.timeouts, Logger: c.Logger,
	}
}
