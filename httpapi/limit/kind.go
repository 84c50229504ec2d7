package limit

// Kind is one of the limits that clients hit.
type Kind uint8

// The kinds of limits. Package limit itself hits those that [Limits] and [Client] are
// about; the others are reported by whoever enforces them.
const (
	Messages Kind = iota
	AddressMessages
	Frames
	Connections
	AddressConnections
	Connects
	Unauthenticated
	Handshakes
	Rooms
	Participants
	Requests
	Origins
	MessageBytes
	TextBytes
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

// String returns the kind's name in metrics and in the log.
func (k Kind) String() string { return kindNames[k] }
