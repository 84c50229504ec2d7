package pgoutput

import "github.com/tablewire/tablewire/protocol/wal"

// Message is a logical decoding message, which an application has written to the log with
// pg_logical_emit_message. PostgreSQL sends it only if START_REPLICATION asks for messages.
type Message struct {
	// Transactional says that the message belongs to the transaction around it;
	// otherwise PostgreSQL sends it as soon as it is written, outside of Begin and Commit.
	Transactional bool
	LSN           wal.LSN
	Prefix        string
	Content       []byte // aliases the message
}

// flagTransactional marks a message of a transaction.
const flagTransactional = 1

// DecodeMessage reads a logical decoding message. The error is a [*SyntaxError].
func DecodeMessage(msg []byte) (Message, error) {
	r := open(msg, TypeMessage)
	m := Message{
		Transactional: r.uint8()&flagTransactional != 0,
		LSN:           r.lsn(),
		Prefix:        r.string(),
		Content:       r.bytes(),
	}
	if err := r.close(); err != nil {
		return Message{}, err
	}
	return m, nil
}
