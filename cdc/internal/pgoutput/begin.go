package pgoutput

import (
	"time"

	"github.com/tablewire/tablewire/protocol/wal"
)

// Begin opens a transaction.
type Begin struct {
	FinalLSN   wal.LSN   // of the transaction's commit record
	CommitTime time.Time // UTC
	XID        uint32
}

// DecodeBegin reads a begin message. The error is a [*SyntaxError].
func DecodeBegin(msg []byte) (Begin, error) {
	r := open(msg, TypeBegin)
	m := Begin{FinalLSN: r.lsn(), CommitTime: r.time(), XID: r.uint32()}
	if err := r.close(); err != nil {
		return Begin{}, err
	}
	return m, nil
}
