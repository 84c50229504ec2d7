package filter

import "math"

var dateClass = &class{
	literal: func(text string) (datum, error) {
		m, ok := readMoment([]byte(trimBlanks(text)))
		if !ok {
			return datum{}, errNot("a date as in 2024-01-15")
		}
		if m.infinite == 0 && (m.days < minDay || m.days >= endDate) {
			return datum{}, errRange("date")
		}
		return datum{word: m.day()}, nil
	},
	read: func(text []byte) (datum, bool) {
		m, ok := readMoment(text)
		return datum{word: m.day()}, ok
	},
	comparison: words,
	ordered:    true,
}

// The days that PostgreSQL knows: 4714-11-24 BC is Julian day 0.
const (
	minDay       = -2451545
	endDate      = 2145031949 // 5874898-01-01
	endTimestamp = 106751983  // 294277-01-01
)

// day gives the days since 2000-01-01. Like date's input function it leaves the
// time and the zone aside.
func (m moment) day() int64 {
	if m.infinite != 0 {
		return infinity(m.infinite)
	}
	return m.days
}

func infinity(sign int) int64 {
	if sign < 0 {
		return math.MinInt64
	}
	return math.MaxInt64
}
