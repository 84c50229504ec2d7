package filter

import (
	"math/rand/v2"

	"github.com/tablewire/tablewire/protocol/wal"
)

// sample keeps some of the rows that were matched, to estimate how often a clause
// holds.
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
	// sampleEvery is of how many rows one is taken, once there are enough.
	sampleEvery = 256
	// maxSampleText is how much of a value is kept.
	maxSampleText = 512
)

// observe takes a row into the sample, now and then. What is not told of it counts as
// well: of a deleted row often nothing but the key is.
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

// holding says which rows of the sample a clause leads to, a bit for each: those that
// it holds for, and those that don't tell.
func (s *sample) rowsLedBy(c *clause) (rows uint32) {
	for i := range s.rows[:s.len] {
		if c.match(s.rows[i].values) != No {
			rows |= 1 << i
		}
	}
	return rows
}
