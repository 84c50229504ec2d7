package tablewire

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tablewire/tablewire/cdc"
	"github.com/tablewire/tablewire/httpapi"
	"github.com/tablewire/tablewire/httpapi/auth"
	"github.com/tablewire/tablewire/protocol"
)

// Config says which database a [Server] follows and what its clients may do.
type Config struct {
	// DatabaseURL is the database's address, as postgres://user:password@host:5432/database.
	// The role needs the attribute REPLICATION. Required.
	DatabaseURL string

	// Slot names the replication slot. The server creates it if it does not exist.
	// Default: tablewire.
	Slot string

	// Publication names the publication. The server creates it if it does not exist.
	// Default: the slot's name.
	Publication string

	// Tables lists the tables that clients may follow: names and globs, as in
	// "orders" and "shop.*"; one that begins with ! takes tables out again.
	// Default, if nil: "public.*". An empty list is refused.
	Tables []string

	// APIKey is the key that clients send in their first message. Required, unless
	// Authenticate is set.
	APIKey string

	// Authenticate returns the project that a client's key belongs to, in place of APIKey,
	// which must then be empty. Broadcasts and rooms are seen only within their project;
	// messages from SQL go to the project "default". Errors of type *protocol.Error, such
	// as protocol.ErrKeyInvalid, reach the client; after any other the client is asked to
	// come back. The project must not be empty: a client with an empty one is refused.
	// Authenticate is called concurrently, once a connection and once a plain request, and
	// never with an empty key.
	Authenticate func(ctx context.Context, key string) (project string, err error)

	// AllowedOrigins lists the origins of web pages that may connect, such as
	// "https://app.example.com"; "*" allows all. A page of the server's own host may
	// always connect, and so may a client that is no browser.
	AllowedOrigins []string

	// TrustedProxies lists the addresses and networks of the proxies whose header
	// X-Forwarded-For tells the client's address, such as "10.0.0.0/8".
	TrustedProxies []string

	// Limits bounds what clients may do and what they may cost.
	Limits Limits

	// Fallback serves the requests of [Server.Handler] that no route takes, except below
	// /realtime/. Default: a short JSON document at /.
	Fallback http.Handler

	// Logger receives what an operator should know. It never receives keys, passwords or
	// the contents of rows. Default: slog.Default().
	Logger *slog.Logger

	// Metrics is where the server registers its metrics, from New until Run ends; a server
	// that never runs keeps them. If it is a prometheus.Gatherer too, as a
	// *prometheus.Registry is, [Server.Admin] serves all that it gathers; else Admin serves
	// the server's own metrics alone, without the labels that a wrapped registerer adds.
	// Two servers in one registry need a prometheus.WrapRegistererWith each, with the same
	// label and different values. Default: a registry of the server's own.
	Metrics prometheus.Registerer
}

// Limits bounds what clients may do and what they may cost. 0 means the default. A negative
// number of connections, rooms or messages means no limit; a negative length or time is a
// mistake, and so is a time below 1 ms.
type Limits struct {
	// AuthTimeout is the longest time until a client's first message. Default: 10 s.
	AuthTimeout time.Duration

	// PingInterval is the time between two pings of a client. The server closes a client
	// that stays silent for two intervals. Default: 30 s.
	PingInterval time.Duration

	// QueueBytes is how many bytes may wait for a client. The server closes one that has
	// more waiting as too slow. Default: 8 MiB.
	QueueBytes int

	// RowBytes is how many bytes the values of one row may have together, as text and with
	// the old values. The server leaves the longest values out until the rest fits.
	// Default: 2 MiB.
	RowBytes int

	// MessageBytes is the length of the longest message that a client may send.
	// Default: 64 KiB.
	MessageBytes int

	// MessageRate is how many messages a second a client may send, and MessageBurst how
	// many at once. Defaults: 1,000 and 2,000.
	MessageRate  float64
	MessageBurst int

	// AddressMessageRate is how many messages a second all clients of one address may
	// send together, and twice as many at once. Default: 20,000.
	AddressMessageRate float64

	// Connections is how many sockets may be open. Default: 100,000.
	Connections int

	// AddressConnections is how many sockets one address may have open. Default: 10,000.
	AddressConnections int

	// AddressConnectionRate is how many sockets a second one address may open.
	// Default: 1,000.
	AddressConnectionRate float64

	// Unauthenticated is how many sockets may wait for their first message, and how many
	// connections for their first request. One address may take a quarter. Default: 5,000.
	Unauthenticated int

	// Rooms is how many chat rooms may exist. Default: 100,000.
	Rooms int

	// RoomParticipants is how many sockets may be in one room. Default: 20,000.
	RoomParticipants int

	// EmptyRoomTTL is how long a client can still join a room that everybody has left.
	// Default: 30 s.
	EmptyRoomTTL time.Duration
}

// DefaultSlot is the name of the replication slot where Config names none.
const DefaultSlot = "tablewire"

// withDefaults fills in what the packages below do not know the defaults of.
func (c Config) withDefaults() Config {
	c.Slot = cmp.Or(c.Slot, DefaultSlot)
	c.Publication = cmp.Or(c.Publication, c.Slot)
	if c.Tables == nil {
		c.Tables = []string{"public.*"}
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// check refuses a configuration without what no default can stand for.
func (c Config) check() error {
	if err := c.checkDatabase(); err != nil {
		return err
	}
	switch {
	case c.APIKey == "" && c.Authenticate == nil:
		return &protocol.Problem{
			ID:   "api-key-missing",
			What: "no API key was given",
			Hint: `give the setting "api-key" the key that your pages will send, such as the output of: openssl rand -hex 16`,
		}
	case c.APIKey != "" && c.Authenticate != nil:
		return &protocol.Problem{
			ID:   "api-key-twice",
			What: "there are both Config.APIKey and Config.Authenticate",
			Hint: "give one of them: Authenticate takes the place of the one key",
		}
	case !isHeaderValue(c.APIKey):
		return &protocol.Problem{
			ID:   "api-key",
			What: "the API key can't be sent in a header: it has a blank or a tab at one of its ends, a line break or another control character",
			Hint: `give the setting "api-key" the key without them; a file with a secret often ends with a line break`,
		}
	}
	return c.Limits.check()
}

// check refuses values that cannot be meant: a negative length or time, and a number where a
// time with its unit belongs.
func (l Limits) check() error {
	for _, size := range []struct {
		field string
		bytes int
	}{{"QueueBytes", l.QueueBytes}, {"RowBytes", l.RowBytes}, {"MessageBytes", l.MessageBytes}} {
		if size.bytes < 0 {
			return errLimit(size.field, size.bytes)
		}
	}
	for _, limit := range []struct {
		field string
		time  time.Duration
	}{{"AuthTimeout", l.AuthTimeout}, {"PingInterval", l.PingInterval}, {"EmptyRoomTTL", l.EmptyRoomTTL}} {
		if limit.time != 0 && limit.time < time.Millisecond {
			return errLimit(limit.field, limit.time)
		}
	}
	return nil
}

// isHeaderValue reports whether a client can send text as the value of a header: a receiver takes
// blanks and tabs off its ends, and control characters are not allowed (RFC 9110, section 5.5).
func isHeaderValue(text string) bool {
	control := func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
	return strings.Trim(text, " \t") == text && !strings.ContainsFunc(text, control)
}

func errLimit(field string, value any) error {
	return &protocol.Problem{
		ID:   "limit-range",
		What: fmt.Sprintf("Config.Limits.%s is %v", field, value),
		Hint: "give 0 for the default, or a positive value; a time has a unit, such as 10 * time.Second",
	}
}

// warn logs a warning if fewer than two of the longest rows may wait for a client: the second
// row would close a client that reads at once. In JSON most rows are hardly longer than the
// text of their values; text of quotes and line breaks alone becomes twice as long.
func (c Config) warn() {
	row, queue := c.Limits.RowBytes, cmp.Or(c.Limits.QueueBytes, httpapi.DefaultQueueBytes)
	if row <= 0 {
		row = cdc.DefaultRowBytes
	}
	if queue >= 2*row {
		return
	}
	c.Logger.Warn(`the setting "queue-bytes" is less than two rows of the setting "row-bytes": the server may close a client as too slow when long rows follow each other`,
		"queue_bytes", queue, "row_bytes", row, "to_do", fmt.Sprintf("give %s %d or more", protocol.Setting("queue-bytes"), 4*row))
}

func (c Config) checkDatabase() error {
	if c.DatabaseURL != "" {
		return nil
	}
	return &protocol.Problem{
		ID:   "database-url-missing",
		What: "no database was given",
		Hint: `give the setting "database-url" an address such as postgres://user:password@host:5432/database`,
	}
}

// authenticator is Authenticate as package httpapi takes it; nil if there is none.
func (c Config) authenticator() auth.Authenticator {
	if c.Authenticate == nil {
		return nil
	}
	return func(ctx context.Context, key string) (auth.Principal, error) {
		project, err := c.Authenticate(ctx, key)
		return auth.Principal{Project: project}, err
	}
}
