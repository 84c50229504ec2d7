package httpapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/protocol"
)

// Collections knows which tables clients may watch.
type Collections interface {
	// Resolve finds the table that a client names. It fails with
	// [protocol.ErrCollectionNotFound] when there is none that the project may see;
	// any other error means that it can't be told now.
	Resolve(ctx context.Context, name string) (*protocol.Relation, error)
}

// Config of a [Server].
type Config struct {
	// Hub and Collections are what the sockets are served from. Required.
	Hub         *fanout.Hub
	Collections Collections

	// APIKey of the one project. Required.
	APIKey string

	// AllowedOrigins lists the pages that may open sockets, each as a browser sends
	// it: "https://app.example.com". "*" allows all. A page of the server's own host
	// always may, and so may a client that sends no origin because it is no browser.
	AllowedOrigins []string

	// AuthTimeout is how long a client may take to send its first message. 0 means 10 s.
	AuthTimeout time.Duration

	// PingInterval is the time between two pings of a socket; a peer that is not
	// heard of for two of them is cut. 0 means 30 s.
	PingInterval time.Duration

	// QueueBytes is how much may wait for a socket before it counts as slow. 0 means 1 MiB.
	QueueBytes int

	// MaxMessageBytes is the longest message that is taken from a client. 0 means 64 KiB.
	MaxMessageBytes int64

	// Ready says why the server can't serve yet; nil when it can. No function means
	// that it always can.
	Ready func() error

	// Stream gives the replication's figures for the metrics; nil leaves them out.
	Stream func() StreamStats

	// Root serves GET / and every GET that no route takes; nil means a short JSON at /.
	Root http.Handler

	// Logger receives what an operator should see; nil means none.
	Logger *slog.Logger
}

// StreamStats are the replication stream's figures since the process began.
type StreamStats struct {
	Changes      [len(protocol.Ops)]uint64 // by protocol.Op
	Transactions uint64
	Reconnects   uint64
	ReceivedLSN  protocol.LSN // up to which the stream was read
	ConfirmedLSN protocol.LSN // up to which the server may forget
	ServerLSN    protocol.LSN // the end of the server's log, when last asked
	Retained     int64        // bytes of log that the server keeps for the slot, when last asked
	Live         bool         // connected and streaming
}

const (
	defaultAuthTimeout     = 10 * time.Second
	defaultPingInterval    = 30 * time.Second
	defaultQueueBytes      = 1 << 20
	defaultMaxMessageBytes = 64 << 10
)

// withDefaults fills in what is zero.
func (c Config) withDefaults() Config {
	c.AuthTimeout = cmp.Or(c.AuthTimeout, defaultAuthTimeout)
	c.PingInterval = cmp.Or(c.PingInterval, defaultPingInterval)
	c.QueueBytes = cmp.Or(c.QueueBytes, defaultQueueBytes)
	c.MaxMessageBytes = cmp.Or(c.MaxMessageBytes, defaultMaxMessageBytes)
	if c.Ready == nil {
		c.Ready = func() error { return nil }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func (c Config) validate() error {
	switch {
	case c.Hub == nil:
		return errors.New("httpapi: Hub is missing")
	case c.Collections == nil:
		return errors.New("httpapi: Collections is missing")
	case c.APIKey == "":
		return errors.New("httpapi: APIKey is empty: nobody could connect")
	case c.AuthTimeout < 0 || c.PingInterval < 0:
		return errors.New("httpapi: a timeout is negative")
	case c.QueueBytes < 0 || c.MaxMessageBytes < 0:
		return errors.New("httpapi: a size is negative")
	}
	for _, o := range c.AllowedOrigins {
		if err := validateOrigin(o); err != nil {
			return err
		}
	}
	return nil
}

func validateOrigin(origin string) error {
	if origin == "*" {
		return nil
	}
	u, err := url.Parse(origin)
	if err != nil || u.Scheme == "" || u.Host == "" || strings.TrimSuffix(u.Path, "/") != "" || u.RawQuery != "" {
		return fmt.Errorf("httpapi: %q is not an origin: want scheme and host, as in https://app.example.com, or *", origin)
	}
	return nil
}
