package ws

import "github.com/tablewire/tablewire/protocol"

// Handler is what a connection is for: its session. All methods but Closed are called by
// the goroutine that reads, one at a time. A panic in First or Message is logged and closes
// the connection with code 1011; the other methods must not panic.
type Handler interface {
	// First takes the first message, of at most [Config.MaxMessageBytes] bytes, or of one
	// byte more in place of any that is longer. message is the transport's again afterwards.
	// First may take long.
	First(binary bool, message []byte)

	// Message takes a later message. message is the transport's again afterwards.
	Message(binary bool, message []byte)

	// Ping reports whether a ping frame with a payload of size bytes is to be answered.
	Ping(size int) bool

	// LimitHit says that the client has hit a limit of the transport's own, for which it
	// is being closed.
	LimitHit(limit Limit)

	// Leave gives up what the session is for. It is called once, when nothing more comes
	// from the client, for every connection that was started. It may take long.
	Leave()

	// Closed is called once, after Leave and after the last write, by any goroutine, and must
	// not block. code is the close code that the connection ended with: 1006 if it was cut off.
	Closed(code protocol.CloseCode)
}

// Limit is a limit of the transport's own.
type Limit uint8

// The transport's own limits.
const (
	LimitFrames       Limit = iota // control frames and fragments in a while
	LimitMessageBytes              // bytes of a message
)
