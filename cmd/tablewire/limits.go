package main

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/tablewire/tablewire"
)

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

// config is the part of a server's configuration that the flags of every server give.
func (f *limitFlags) config(logger *slog.Logger) tablewire.Config {
	f.checkQueue(logger)
	return tablewire.Config{
		AllowedOrigins: f.AllowedOrigins, TrustedProxies: f.TrustedProxies, Logger: logger,
		Limits: tablewire.Limits{
			AuthTimeout: f.AuthTimeout, PingInterval: f.PingInterval,
			QueueBytes: int(f.QueueBytes), RowBytes: int(f.RowBytes), MessageBytes: int(f.MaxMessageBytes),
			MessageRate: f.MessageRate, MessageBurst: f.MessageBurst, AddressMessageRate: f.AddressMessageRate,
			Connections: f.MaxConnections, AddressConnections: f.MaxConnectionsPerAddress,
			AddressConnectionRate: f.AddressConnectionRate, Unauthenticated: f.MaxUnauthenticated,
			Rooms: f.MaxRooms, RoomParticipants: f.MaxRoomParticipants, EmptyRoomTTL: f.RoomLinger,
		},
	}
}
