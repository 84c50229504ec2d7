package wal

import (
	"cmp"
	"fmt"
	"log/slog"
)

// LSN is a position in the write-ahead log, in bytes since its beginning.
type LSN uint64

// ParseLSN reads PostgreSQL's notation, two hexadecimal numbers as in "16/B374D848".
func ParseLSN(s string) (LSN, error) {
	var hi, lo uint32
	var rest string
	if n, _ := fmt.Sscanf(s+" ", "%X/%X%s", &hi, &lo, &rest); n != 2 {
		return 0, fmt.Errorf("%q is not a log position: want two hexadecimal numbers, as in 16/B374D848", s)
	}
	return LSN(hi)<<32 | LSN(lo), nil
}

// String gives PostgreSQL's notation.
func (l LSN) String() string { return fmt.Sprintf("%X/%X", uint32(l>>32), uint32(l)) }

// LogValue has every log write the position as String does.
func (l LSN) LogValue() slog.Value { return slog.StringValue(l.String()) }

// Position orders all changes of a database: by the commit record of their
// transaction, then by their place in it. Neither a change's own LSN nor a
// commit's timestamp is such an order, because transactions interleave.
type Position struct {
	Commit LSN    // of the commit record
	Index  uint64 // of the change in its transaction, from 0
}

// Compare is negative when p comes before q, 0 when they are the same.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Commit, q.Commit), cmp.Compare(p.Index, q.Index))
}

func (p Position) String() string { return fmt.Sprintf("%s+%d", p.Commit, p.Index) }
