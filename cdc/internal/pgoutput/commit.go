package pgoutput

import (
	"time"

	"github.com/tablewire/tablewire/protocol/wal"
)

// Commit closes a transaction.
type Commit struct {
	CommitLSN  wal.LSN   // of the commit record: Begin's FinalLSN
	EndLSN     wal.LSN   // just after the commit record: the position to confirm
	CommitTime time.Time // UTC
}

// DecodeCommit reads a commit message. The error is a [*SyntaxError].
func DecodeCommit(msg []byte) (Commit, error) {
	r := open(msg, TypeCommit)
	// PostgreSQL's own subscriber refuses flags, too: an unknown flag would change what the
	// commit means.
	if r.uint8() != 0 {
		r.failBack("flags: want 0")
	}
	m := Commit{CommitLSN: r.lsn(), EndLSN: r.lsn(), CommitTime: r.time()}
	if err := r.close(); err != nil {
		return Commit{}, err
	}
	return m, nil
}
