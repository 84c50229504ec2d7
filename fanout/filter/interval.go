package filter

import (
	"bytes"
	"math"
	"slices"
	"strings"
)

// intervalClass compares as interval's own operators do: a month is 30 days, a
// day 24 hours. A datum holds whole days and the microseconds left.
var intervalClass = &class{
	literal: func(text string) (datum, error) {
		// Blanks around ISO 8601 are an error in PostgreSQL.
		if trimmed := trimBlanks(text); !strings.HasPrefix(trimmed, "P") {
			text = trimmed
		}
		d, ok := readInterval([]byte(text))
		if !ok {
			return datum{}, errNot("an interval as in 1 year 2 mons 3 days 04:05:06 or P1Y2M3DT4H5M6S")
		}
		return d, nil
	},
	read:       readInterval,
	comparison: pairs,
	ordered:    true,
}

// span is an interval as PostgreSQL keeps it.
type span struct {
	months, days, micros int64
}

// unit is a part of an interval: its names, and what one of it is.
type unit struct {
	names []string // longest first, where one begins like another
	iso   byte     // its letter in ISO 8601
	time  bool     // it stands behind the T there
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

// hourUnit is the unit in front of a clock's first colon; minutes and seconds are
// the next two.
const hourUnit = 4

// maxQuantity is how many digits a number has in front of its unit: enough for
// any interval that PostgreSQL prints, and for sums of a few to stay in int64.
const maxQuantity = 10

func readInterval(text []byte) (datum, bool) {
	c := cursor{text: text}
	negative := c.skip('-')
	if c.word("infinity") && c.done() {
		if negative {
			return datum{word: math.MinInt64}, true
		}
		return datum{word: math.MaxInt64}, true
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

func (s span) datum() datum {
	carry := floorDiv(s.micros, microsPerDay)
	return datum{word: s.months*daysPerMonth + s.days + carry, low: s.micros - carry*microsPerDay}
}

// isoSpan reads what follows a P: 1Y2M3DT4H5M6.5S.
func (c *cursor) isoSpan(s *span) bool {
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

// isoDate reads what follows a P in ISO 8601's alternative format, a date and a time
// of day: 0001-02-03T04:05:06 or 00010203T040506. It reads all or nothing.
func (c *cursor) isoDate(s *span) bool {
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

func (c *cursor) isoUnit(s *span, q quantity, inTime bool) bool {
	for i := range units {
		if units[i].time == inTime && c.skip(units[i].iso) {
			return s.add(q, &units[i])
		}
	}
	return false
}

// verboseSpan reads 1 year -2 mons +3 days -04:05:06.5, the time last, and each
// unit once.
func (c *cursor) verboseSpan(s *span) bool {
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

func (c *cursor) unitName() (index int, ok bool) {
	for i := range units {
		if slices.ContainsFunc(units[i].names, c.word) {
			return i, true
		}
	}
	return 0, false
}

// spanClock reads the rest of h:mm[:ss[.f]] behind the hours, which may be many.
func (c *cursor) spanClock(s *span, hours quantity) bool {
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

// quantity is a number in front of a unit.
type quantity struct {
	negative   bool
	whole      int64
	micros     int64 // the fraction, of a second
	fractional bool
}

func (c *cursor) quantity() (q quantity, ok bool) {
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

// add adds a quantity; only seconds have fractions, because PostgreSQL spreads
// those of other units over smaller ones in ways of its own.
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
