package value

import (
	"bytes"
	"math"
	"slices"
	"strings"
)

// intervalOpclass compares as interval's own operators do: a month is 30 days, a day 24
// hours. A datum has the whole days and the microseconds that are left.
var intervalOpclass = &Opclass{
	literal: func(text string) (Datum, error) {
		// Blanks around ISO 8601 are an error in PostgreSQL.
		if trimmed := trimBlanks(text); !strings.HasPrefix(trimmed, "P") {
			text = trimmed
		}
		d, ok := readInterval([]byte(text))
		if !ok {
			return Datum{}, errNot("an interval as in 1 year 2 mons 3 days 04:05:06 or P1Y2M3DT4H5M6S")
		}
		return d, nil
	},
	Read:       readInterval,
	Comparison: wordPairs,
	ordered:    true,
}

// span is an interval as PostgreSQL stores it.
type span struct {
	months, days, micros int64
}

// unit is a unit of intervals: its names, and its length.
type unit struct {
	names []string // a longer one before its own beginning
	iso   byte     // its letter in ISO 8601
	time  bool     // in ISO 8601 it stands behind the T
	span  span
}

var units = [...]unit{
	{names: []string{"years", "year"}, iso: 'Y', span: span{months: 12}},
	{names: []string{"months", "month", "mons", "mon"}, iso: 'M', span: span{months: 1}},
	{names: []string{"weeks", "week"}, iso: 'W', span: span{days: 7}},
	{names: []string{"days", "day"}, iso: 'D', span: span{days: 1}},
	{names: []string{"hours", "hour"}, iso: 'H', time: true, span: span{micros: 3600 * microsPerSecond}},
	{names: []string{"minutes", "minute", "mins", "min"}, iso: 'M', time: true, span: span{micros: 60 * microsPerSecond}},
	{names: []string{"seconds", "second", "secs", "sec"}, iso: 'S', time: true, span: span{micros: microsPerSecond}},
}

// hourUnit is the index of the unit before a clock's first colon. Minutes and seconds are the
// next two.
const hourUnit = 4

// maxQuantity is how many digits the number before a unit may have: enough for any interval
// that PostgreSQL prints, and few enough for their sum to stay in int64.
const maxQuantity = 10

func readInterval(text []byte) (Datum, bool) {
	c := scanner{text: text}
	negative := c.skip('-')
	if c.word("infinity") && c.done() {
		if negative {
			return Datum{word: math.MinInt64}, true
		}
		return Datum{word: math.MaxInt64}, true
	}
	c.at = 0
	var s span
	var ok bool
	if c.skip('P') {
		ok = c.isoDate(&s) || c.isoSpan(&s)
	} else {
		ok = c.verboseSpan(&s)
	}
	return s.datum(), ok && s.inRange()
}

func (s span) inRange() bool {
	return s.months == int64(int32(s.months)) && s.days == int64(int32(s.days))
}

func (s span) datum() Datum {
	carry := floorDiv(s.micros, microsPerDay)
	return Datum{word: s.months*daysPerMonth + s.days + carry, low: s.micros - carry*microsPerDay}
}

// isoSpan reads 1Y2M3DT4H5M6.5S, which follows a P.
func (c *scanner) isoSpan(s *span) bool {
	inTime := false
	for first := true; first || !c.done(); first = false {
		if !inTime && c.skip('T') {
			inTime = true
		}
		plus := c.peek() == '+'
		q, ok := c.quantity()
		if plus || !ok || !c.isoUnit(s, q, inTime) {
			return false
		}
	}
	return true
}

// isoDate reads ISO 8601's alternative format, a date and a time of day that follow a P:
// 0001-02-03T04:05:06 or 00010203T040506. It reads all or nothing.
func (c *scanner) isoDate(s *span) bool {
	d := *c
	year, month, day, ok := d.date()
	if !ok || d.at != len("P00010203") && d.at != len("P0001-02-03") || month > 12 || day > 30 {
		return false
	}
	var micros int64
	if !d.done() {
		start := d.at
		if !d.skip('T') {
			return false
		}
		if micros, _, ok = d.time(); !ok || !d.done() || bytes.ContainsAny(d.text[start:], "+-Zz ") {
			return false
		}
	}
	*c = d
	s.months, s.days = 12*year+month, day
	return s.addMicros(micros)
}

func (c *scanner) isoUnit(s *span, q quantity, inTime bool) bool {
	for i := range units {
		if units[i].time == inTime && c.skip(units[i].iso) {
			return s.add(q, &units[i])
		}
	}
	return false
}

// verboseSpan reads 1 year -2 mons +3 days -04:05:06.5. The time stands last, and each unit
// at most once.
func (c *scanner) verboseSpan(s *span) bool {
	var seen [len(units)]bool
	for first := true; first || !c.done(); first = false {
		if !first && !c.skip(' ') {
			return false
		}
		q, ok := c.quantity()
		if !ok {
			return false
		}
		if c.peek() == ':' {
			timeSeen := seen[hourUnit] || seen[hourUnit+1] || seen[hourUnit+2]
			return !timeSeen && !q.fractional && c.spanClock(s, q) && c.done()
		}
		c.skip(' ')
		i, ok := c.unitName()
		if !ok || seen[i] || !s.add(q, &units[i]) {
			return false
		}
		seen[i] = true
	}
	return true
}

func (c *scanner) unitName() (index int, ok bool) {
	for i := range units {
		if slices.ContainsFunc(units[i].names, c.word) {
			return i, true
		}
	}
	return 0, false
}

// spanClock reads :mm[:ss[.f]] behind the hours, which may be more than 24.
func (c *scanner) spanClock(s *span, hours quantity) bool {
	c.skip(':')
	minute, ok := c.number(1, 2)
	if !ok || minute > 59 {
		return false
	}
	var second, fraction int64
	if c.skip(':') {
		if second, ok = c.number(1, 2); !ok || second > 60 {
			return false
		}
		if c.skip('.') {
			if fraction, ok = c.fraction(); !ok {
				return false
			}
		}
	}
	rest := (minute*60+second)*microsPerSecond + fraction
	return s.add(hours, &units[hourUnit]) && s.addMicros(signed(rest, hours.negative))
}

// quantity is the number before a unit.
type quantity struct {
	negative   bool
	whole      int64
	micros     int64 // the fraction, in microseconds of a second
	fractional bool
}

func (c *scanner) quantity() (q quantity, ok bool) {
	q.negative = c.peek() == '-'
	if !c.skip('-') {
		c.skip('+')
	}
	if q.whole, ok = c.number(1, maxQuantity); !ok {
		return q, false
	}
	if c.skip('.') {
		q.fractional = true
		q.micros, ok = c.fraction()
	}
	return q, ok
}

// add adds a quantity of a unit. It takes a fraction of seconds alone: PostgreSQL spreads the
// fractions of other units over smaller units in ways of its own.
func (s *span) add(q quantity, u *unit) bool {
	if q.fractional && u.iso != 'S' {
		return false
	}
	if u.span.micros > 0 && q.whole > math.MaxInt64/u.span.micros {
		return false
	}
	s.months += signed(q.whole*u.span.months, q.negative)
	s.days += signed(q.whole*u.span.days, q.negative)
	return s.addMicros(signed(q.whole*u.span.micros+q.micros, q.negative))
}

func (s *span) addMicros(n int64) bool {
	sum := s.micros + n
	if (sum > s.micros) != (n > 0) && n != 0 {
		return false
	}
	s.micros = sum
	return true
}
