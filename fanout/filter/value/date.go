package value

import "math"

// dateOpclass counts days since 2000-01-01.
var dateOpclass = &Opclass{
	literal: func(text string) (Datum, error) {
		m, ok := readMoment([]byte(trimBlanks(text)))
		if !ok {
			return Datum{}, errNot("a date as in 2024-01-15")
		}
		if m.infinite == 0 && (m.days < minDay || m.days >= endDate) {
			return Datum{}, errRange("date")
		}
		return Datum{word: m.day()}, nil
	},
	Read: func(text []byte) (Datum, bool) {
		m, ok := readMoment(text)
		return Datum{word: m.day()}, ok
	},
	Comparison: words,
	ordered:    true,
}

// The range of date and timestamp (manual: Date/Time Types), in days since 2000-01-01.
const (
	minDay       = -2451545   // 4714-11-24 BC, Julian day 0
	endDate      = 2145031949 // 5874898-01-01
	endTimestamp = 106751983  // 294277-01-01
)

// day returns the days since 2000-01-01. Like date's input function it ignores the time and
// the zone.
func (m moment) day() int64 {
	if m.infinite != 0 {
		return infinity(m.infinite)
	}
	return m.days
}

// infinity is the word that is less or greater than every finite one.
func infinity(sign int) int64 {
	if sign < 0 {
		return math.MinInt64
	}
	return math.MaxInt64
}
