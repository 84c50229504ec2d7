package main

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/tablewire/tablewire"
)

// limitFlags are the flags that bound what clients may do. docs/limits.md lists them.
type limitFlags struct {
	AllowedOrigins  []string      `help:"Origins of web pages that may connect, comma-separated, such as https://example.com; * allows all. The server's own host is always allowed." env:"TABLEWIRE_ALLOWED_ORIGINS" placeholder:"LIST"`
	AuthTimeout     time.Duration `help:"Longest time until a client's first message." default:"10s" env:"TABLEWIRE_AUTH_TIMEOUT"`
	PingInterval    time.Duration `help:"Time between two pings of a client. The server closes a client that sends nothing for two intervals." default:"30s" env:"TABLEWIRE_PING_INTERVAL"`
	QueueBytes      byteSize      `help:"Bytes that may wait for a client. If more wait, the server closes the client as too slow. Give four times --row-bytes or more." default:"8MiB" env:"TABLEWIRE_QUEUE_BYTES"`
	RowBytes        byteSize      `help:"Length of the longest row: bytes of its values, old ones included. From a longer row the server leaves out the longest values, and names them in \"omitted\"." default:"2MiB" env:"TABLEWIRE_ROW_BYTES"`
	MaxMessageBytes byteSize      `help:"Longest message in bytes that a client may send." default:"64KiB" env:"TABLEWIRE_MAX_MESSAGE_BYTES"`
	rateFlags
	roomFlags
}

// rateFlags are the flags that bound numbers of connections and messages. A negative number
// means no limit.
type rateFlags struct {
	MessageRate              float64  `help:"Messages that a client may send in a second. The server drops further ones and sends an error." default:"1000" env:"TABLEWIRE_MESSAGE_RATE"`
	MessageBurst             int      `help:"Messages that a client may send in a burst." default:"2000" env:"TABLEWIRE_MESSAGE_BURST"`
	AddressMessageRate       float64  `help:"Messages that all clients of an address together may send in a second; twice as many in a burst." default:"20000" env:"TABLEWIRE_ADDRESS_MESSAGE_RATE"`
	MaxConnections           int      `help:"Sockets that may be open." default:"100000" env:"TABLEWIRE_MAX_CONNECTIONS"`
	MaxConnectionsPerAddress int      `help:"Sockets that an address may have open. Behind a proxy that is not in --trusted-proxies all clients have one address." default:"10000" env:"TABLEWIRE_MAX_CONNECTIONS_PER_ADDRESS"`
	AddressConnectionRate    float64  `help:"Sockets that an address may open in a second; in a burst as many as it may have open." default:"1000" env:"TABLEWIRE_ADDRESS_CONNECTION_RATE"`
	MaxUnauthenticated       int      `help:"Sockets that may wait for their first message, and connections that may wait for their first request. An address may have a quarter of either." default:"5000" env:"TABLEWIRE_MAX_UNAUTHENTICATED"`
	TrustedProxies           []string `help:"Addresses and networks of proxies, comma-separated, such as 10.0.0.0/8. The server believes the X-Forwarded-For of these alone." env:"TABLEWIRE_TRUSTED_PROXIES" placeholder:"LIST"`
}

// Validate refuses negative durations. kong calls it after parsing.
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

// roomFlags are the flags that bound the rooms.
type roomFlags struct {
	RoomLinger          time.Duration `help:"Time that an empty room can still be joined." default:"30s" env:"TABLEWIRE_ROOM_LINGER"`
	MaxRooms            int           `help:"Rooms that may exist." default:"100000" env:"TABLEWIRE_MAX_ROOMS"`
	MaxRoomParticipants int           `help:"Sockets that may be in one room." default:"20000" env:"TABLEWIRE_MAX_ROOM_PARTICIPANTS"`
}

// config returns a configuration with the limits and the logger.
func (f *limitFlags) config(logger *slog.Logger) tablewire.Config {
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
