package pgoutput

import "github.com/tablewire/tablewire/protocol/wal"

// Message is what an application wrote to the log with pg_logical_emit_message.
// It travels only where START_REPLICATION asked for messages (PostgreSQL 14).
type Message struct {
	// Transactional says that the message belongs to the transaction around it;
	// otherwise it comes as soon as it was written, outside of Begin and Commit.
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
