package filter

import (
	"math/rand/v2"
	"slices"

	"github.com/tablewire/tablewire/protocol"
)

// sample keeps some of the rows that were matched, to estimate how often a clause
// holds.
type sample struct {
	rows [sampleRows]sampleRow
	len  int
}

type sampleRow struct {
	values []protocol.Value
	texts  []byte
}

const (
	sampleRows = 32
	// sampleEvery is of how many rows one is taken, once there are enough.
	sampleEvery = 256
	// maxSampleText is the longest value that is kept.
	maxSampleText = 512
)

// observe takes a row into the sample, now and then, if it was told: of a deleted
// row often nothing but the key is.
func (s *sample) observe(row []protocol.Value, columns int) {
	at := s.len
	switch {
	case at < sampleRows:
	case rand.Uint32N(sampleEvery) == 0:
		at = rand.IntN(sampleRows)
	default:
		return
	}
	if len(row) < columns || slices.ContainsFunc(row, untold) {
		return
	}
	s.rows[at].set(row[:columns])
	s.len = max(s.len, at+1)
}

func untold(v protocol.Value) bool { return v.State == protocol.Absent }

func (r *sampleRow) set(row []protocol.Value) {
	r.values = append(r.values[:0], row...)
	size := 0
	for i := range row {
		if len(row[i].Text) <= maxSampleText {
			size += len(row[i].Text)
		}
	}
	if cap(r.texts) < size {
		r.texts = make([]byte, 0, 2*size)
	}
	r.texts = r.texts[:0]
	for i := range r.values {
		v := &r.values[i]
		if len(v.Text) > maxSampleText {
			*v = protocol.Value{State: protocol.Absent}
			continue
		}
		start := len(r.texts)
		r.texts = append(r.texts, v.Text...)
		v.Text = r.texts[start:len(r.texts):len(r.texts)]
	}
}

// holding is how many rows of the sample one of the clauses holds for.
func (s *sample) holding(group []clause) int {
	n := 0
	for i := range s.rows[:s.len] {
		for j := range group {
			if group[j].match(s.rows[i].values) == Yes {
				n++
				break
			}
		}
	}
	return n
}

// both is how many rows of the sample two clauses hold for.
func (s *sample) both(a, b *clause) int {
	n := 0
	for i := range s.rows[:s.len] {
		if a.match(s.rows[i].values) == Yes && b.match(s.rows[i].values) == Yes {
			n++
		}
	}
	return n
}
