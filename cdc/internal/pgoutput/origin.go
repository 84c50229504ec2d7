package pgoutput

import "github.com/tablewire/tablewire/protocol/wal"

// Origin says that a transaction was replicated from another server (manual: Replication
// Progress Tracking). It follows Begin.
type Origin struct {
	CommitLSN wal.LSN // on the origin's server
	Name      string
}

// DecodeOrigin reads an origin message. The error is a [*SyntaxError].
func DecodeOrigin(msg []byte) (Origin, error) {
	r := open(msg, TypeOrigin)
	m := Origin{CommitLSN: r.lsn(), Name: r.string()}
	if err := r.close(); err != nil {
		return Origin{}, err
	}
	return m, nil
}
