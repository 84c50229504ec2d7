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

// Collections holds the tables that clients may follow. Its methods are called
// concurrently.
type Collections interface {
	// Resolve finds the table that a client names. It fails with
	// [protocol.ErrCollectionNotFound] if there is no such table that clients may follow.
	// Any other error means that nobody can tell at the moment.
	Resolve(ctx context.Context, name string) (*wal.Relation, error)
	// Exposed reports whether clients may still follow a table that Resolve returned.
	Exposed(rel *wal.Relation) bool
	// Unsent lists the columns of such a table that PostgreSQL does not send, for error
	// messages.
	Unsent(ctx context.Context, rel *wal.Relation) ([]wal.UnsentColumn, error)
	// Why says why Resolve finds no table of a name. The text is for the log alone: clients
	// never see it.
	Why(ctx context.Context, name string) string
}

// Config of a [Server]. Hub and Collections are required, and one of APIKey and
// Authenticate. In all other fields the zero value means the default. Where a number may be
// negative, that means no limit.
type Config struct {
	// Hub and Collections serve the endpoint of collections. The caller runs the hub.
	Hub         *fanout.Hub
	Collections Collections

	// Broadcast and Rooms serve the chat endpoints; nil creates them. Server.Run runs the
	// rooms. Publisher sends a backend's messages to both. If it is set, it must use the same
	// two; if only Publisher is set, they are taken from it; nil creates it.
	Broadcast *fanout.Broadcast
	Rooms     *fanout.Rooms
	Publisher *fanout.ServerPublisher

	// APIKey is the key of the one project, [ProjectID]. Required unless Authenticate is set.
	APIKey string

	// Authenticate returns whose a client's key is, in place of APIKey, which must then be
	// empty. Package auth says what it owes and what its errors mean. A client without a key is
	// refused before; so is one whose project comes back empty without an error.
	Authenticate auth.Authenticator

	// AllowedOrigins lists the origins of pages that may connect, such as
	// "https://app.example.com". Each is read as a browser would write it: without a default
	// port, and with a Unicode host in ASCII. "*" allows all. A page of the server's own host
	// may always connect, and so may a client that sends no origin, which is no browser.
	AllowedOrigins []string

	// AuthTimeout is how long a client may take to send its first message. 0 means 10 s.
	AuthTimeout time.Duration

	// PingInterval is the time between two pings of a connection. A peer that is not heard
	// of for two of them is cut off. 0 means 30 s.
	PingInterval time.Duration

	// QueueBytes is how many bytes may wait for a client before it is closed as too slow. 0
	// means [DefaultQueueBytes].
	QueueBytes int

	// MaxMessageBytes is the longest message that a client may send. 0 means 64 KiB.
	MaxMessageBytes int64

	// MessageRate is how many messages a second a client may send, and MessageBurst how many
	// at once. A message counts once more for every 4 KiB of its length. A message over the
	// limit is dropped, and the client gets an error; a client that goes on is closed. 0 means
	// 1,000 and 2,000; only the rate may be negative.
	MessageRate  float64
	MessageBurst int

	// AddressMessageRate is how many messages a second all clients of one address may send
	// together, and twice as many at once. 0 means 20,000.
	AddressMessageRate float64

	// MaxConnections is how many connections there may be. 0 means 100,000.
	MaxConnections int

	// MaxConnectionsPerAddress is how many of them one address may have. 0 means 10,000.
	MaxConnectionsPerAddress int

	// AddressConnectionRate is how many connections a second one address may open; at once it
	// may open as many as it may have, or twice the rate if that is more. 0 means 1,000.
	AddressConnectionRate float64

	// MaxUnauthenticated is how many connections may wait for their client's first message,
	// and how many for their first request. One address may have a quarter of either. 0 means
	// 5,000.
	MaxUnauthenticated int

	// TrustedProxies lists the addresses and networks of proxies whose X-Forwarded-For is
	// trusted, such as "10.0.0.0/8".
	TrustedProxies []string

	// Ready returns why clients should not be sent here yet, in words that anybody may read;
	// nil if they should. Without a function they always should.
	Ready func() error

	// Stream returns the replication stream's figures for the metrics. Without a function
	// the metrics lack them.
	Stream func() StreamStats

	// Root serves every request of Handler that no route has, except below /realtime/; nil
	// means a short JSON document at GET /.
	Root http.Handler

	// Registerer has the server's metrics from New until Run ends. If it is a
	// [prometheus.Gatherer] too, as a [prometheus.Registry] is, Admin's /metrics shows all that
	// it gathers. nil means a registry of the server's own, with the process's metrics as well.
	Registerer prometheus.Registerer

	timeouts ws.Timeouts // for tests; the zero value means ws.DefaultTimeouts

	// Logger receives what an operator should see; nil means none.
	Logger *slog.Logger
}

// ProjectID is the project of [Config.APIKey].
const ProjectID = auth.DefaultProject

// StreamStats are the replication stream's figures since the process began.
type StreamStats struct {
	Changes      [len(wal.Ops)]uint64 // by wal.Op
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

// DefaultQueueBytes is 8 MiB: four of the longest rows that a stream with its defaults
// delivers.
const DefaultQueueBytes = 8 << 20

const (
	defaultAuthTimeout     = 10 * time.Second
	defaultPingInterval    = 30 * time.Second
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
	c.QueueBytes = cmp.Or(c.QueueBytes, DefaultQueueBytes)
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

// chatDefaults creates the broadcast, the rooms and the publisher where there are none.
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
