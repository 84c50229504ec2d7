package wal

import (
	"cmp"
	"fmt"
	"log/slog"
)

// LSN is a position in the write-ahead log: a log sequence number, in bytes from the log's
// beginning (manual: pg_lsn Type).
type LSN uint64

// ParseLSN parses PostgreSQL's notation: two hexadecimal numbers, as in "16/B374D848".
func ParseLSN(s string) (LSN, error) {
	var hi, lo uint32
	var rest string
	if n, _ := fmt.Sscanf(s+" ", "%X/%X%s", &hi, &lo, &rest); n != 2 {
		return 0, fmt.Errorf("%q is not a log position: want two hexadecimal numbers, as in 16/B374D848", s)
	}
	return LSN(hi)<<32 | LSN(lo), nil
}

// String returns PostgreSQL's notation.
func (l LSN) String() string { return fmt.Sprintf("%X/%X", uint32(l>>32), uint32(l)) }

// LogValue makes logs show the position in PostgreSQL's notation.
func (l LSN) LogValue() slog.Value { return slog.StringValue(l.String()) }

// Position is the place of a change or a message in commit order. It orders by the commit
// record of the transaction, then by the place in the transaction. A change's own LSN does
// not give that order, nor does the commit's timestamp, because transactions interleave.
type Position struct {
	Commit LSN    // of the transaction's commit record
	Index  uint64 // in the transaction, from 0
}

// Compare returns a negative number if p is before q, 0 if they are equal, and a positive
// number if p is after q.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Commit, q.Commit), cmp.Compare(p.Index, q.Index))
}

// String returns the commit record's LSN and the index, as in "16/B374D848+3".
func (p Position) String() string { return fmt.Sprintf("%s+%d", p.Commit, p.Index) }
