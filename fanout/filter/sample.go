package filter

import (
	"math/rand/v2"

	"github.com/tablewire/tablewire/protocol/wal"
)

// sample keeps some of the rows that were matched. The planner estimates by them how many rows
// an access path leads to.
type sample struct {
	rows [sampleRows]sampleRow
	len  int
}

type sampleRow struct {
	values []wal.Value
	texts  []byte
}

const (
	sampleRows = 32
	// Once the sample is full, one of sampleEvery rows replaces a random one.
	sampleEvery = 256
	// maxSampleText is how many bytes of a value are kept.
	maxSampleText = 512
)

// observe takes a row into the sample now and then, as it is: rows with unknown values count
// as well, such as deleted rows, if the log has only their key.
func (s *sample) observe(row []wal.Value, columns int) {
	at := s.len
	switch {
	case at < sampleRows:
	case rand.Uint32N(sampleEvery) == 0:
		at = rand.IntN(sampleRows)
	default:
		return
	}
	if len(row) < columns {
		return
	}
	s.rows[at].set(row[:columns])
	s.len = max(s.len, at+1)
}

func (r *sampleRow) set(row []wal.Value) {
	r.values = append(r.values[:0], row...)
	size := 0
	for i := range row {
		size += min(len(row[i].Text), maxSampleText)
	}
	if cap(r.texts) < size {
		r.texts = make([]byte, 0, 2*size)
	}
	r.texts = r.texts[:0]
	for i := range r.values {
		v := &r.values[i]
		start := len(r.texts)
		r.texts = append(r.texts, v.Text[:min(len(v.Text), maxSampleText)]...)
		v.Text = r.texts[start:len(r.texts):len(r.texts)]
	}
}

// rowsLedBy returns which rows of the sample a clause leads to, one bit a row: those for which
// it holds, and those for which it is unknown.
func (s *sample) rowsLedBy(c *clause) (rows uint32) {
	for i := range s.rows[:s.len] {
		if c.match(s.rows[i].values) != No {
			rows |= 1 << i
		}
	}
	return rows
}
