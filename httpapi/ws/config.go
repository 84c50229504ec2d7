package ws

import (
	"log/slog"
	"time"
)

// Config of a [Transport]. Nothing is filled in for a zero value but for Timeouts and Logger;
// the defaults are package httpapi's.
type Config struct {
	// FirstMessageTimeout is how long a client may take to send its first message.
	FirstMessageTimeout time.Duration

	// PingInterval is the time between two pings of a connection. A peer that is not heard
	// of for two of them is cut off.
	PingInterval time.Duration

	// QueueBytes is how many bytes may wait for a client before it counts as slow.
	QueueBytes int

	// MaxMessageBytes is the longest message that is read from a client.
	MaxMessageBytes int64

	// MessageRate is how many messages a second the handlers let a client send; 0 or less
	// means any number. Where it is low, a client that sends more than is read of it is read
	// with pauses, which leave the processors to the others.
	MessageRate float64

	// Timeouts bound how long a connection may take to end; the zero value means
	// [DefaultTimeouts].
	Timeouts Timeouts

	// Logger receives the panics of handlers; nil means none.
	Logger *slog.Logger
}

// Timeouts bound how long a connection may take to end.
type Timeouts struct {
	Stall        time.Duration // without taking a byte, before it is cut off
	SlowConsumer time.Duration // for a slow consumer to take its close frame
	Flush        time.Duration // for any other to take what was queued when it was closed
	CloseAnswer  time.Duration // for the peer's close frame, after ours
	Probe        time.Duration // between two looks at a connection that takes nothing
}

// DefaultTimeouts are the timeouts of every server; tests have shorter ones.
var DefaultTimeouts = Timeouts{
	Stall:        10 * time.Second,
	SlowConsumer: 4 * time.Second,
	Flush:        30 * time.Second,
	CloseAnswer:  2 * time.Second,
	Probe:        time.Second,
}
