package limit

import "slices"

// Kind is one of the limits that clients hit.
type Kind uint8

// The kinds of limits. Package limit itself hits those that [Limits] and [Client] are
// about; the others are reported by whoever enforces them.
const (
	Messages           Kind = iota // messages that a connection sends in a second
	AddressMessages                // messages that all connections of an address send in a second
	Frames                         // control frames and fragments, which are no message by themselves
	Connections                    // connections in all
	AddressConnections             // connections of an address
	Connects                       // connections that an address opens in a second
	Unauthenticated                // connections that have not authenticated yet, in all or of an address
	Handshakes                     // connections that have not been upgraded yet, likewise
	Rooms                          // rooms in all
	Participants                   // participants of a room
	Requests                       // plain requests of an address
	Origins                        // pages whose origin may not connect
	MessageBytes                   // the length of a message or of a request's body
	TextBytes                      // the length of an ID, a name or a title
	numKinds
)

var kindNames = [numKinds]string{
	"messages", "address_messages", "frames", "connections", "address_connections",
	"connects", "unauthenticated", "handshakes", "rooms", "participants",
	"requests", "origins", "message_bytes", "text_bytes",
}

// Kinds returns all kinds.
func Kinds() []Kind {
	kinds := make([]Kind, numKinds)
	for i := range kinds {
		kinds[i] = Kind(i)
	}
	return kinds
}

// ByAddress reports whether clients that share an address share the limit.
func (k Kind) ByAddress() bool {
	return slices.Contains([]Kind{AddressMessages, AddressConnections, Connects, Unauthenticated, Handshakes, Requests}, k)
}

// String returns the kind's name in metrics and in the log.
func (k Kind) String() string { return kindNames[k] }
