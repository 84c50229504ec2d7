package value

import "bytes"

// moment is a date with or without a time of day, as it is written: before its offset is applied.
type moment struct {
	infinite int   // -1 or 1 for -infinity and infinity
	days     int64 // since 2000-01-01
	micros   int64 // since midnight
	offset   int64 // seconds east of UTC; 0 if none was written
}

// readMoment reads ISO 8601, extended or basic, and what PostgreSQL prints:
//
//	(YYYY-MM-DD | YYYYMMDD) [("T"|" ") time] [" BC"|" AD"] | infinity | -infinity
//
// It returns false if the text is neither, or if there is no such day or time.
func readMoment(text []byte) (m moment, ok bool) {
	c := scanner{text: text}
	negative := c.skip('-')
	if c.word("infinity") {
		m.infinite = 1
		if negative {
			m.infinite = -1
		}
		return m, c.done()
	}
	if negative {
		return m, false
	}
	year, month, day, ok := c.date()
	if !ok || year == 0 {
		return m, false
	}
	if next := c.peek(); next == 'T' || next == 't' || next == ' ' && !c.eraFollows() {
		c.at++
		if m.micros, m.offset, ok = c.time(); !ok {
			return m, false
		}
	}
	if c.skip(' ') {
		switch {
		case c.word("bc"):
			year = 1 - year
		case !c.word("ad"):
			return m, false
		}
	}
	m.days, ok = daysOf(year, month, day)
	return m, ok && c.done()
}

func (c *scanner) eraFollows() bool {
	next := *c
	return next.skip(' ') && (next.word("bc") || next.word("ad"))
}

// date reads YYYY-MM-DD or the basic form YYYYMMDD. It does not check that there is such a day.
func (c *scanner) date() (year, month, day int64, ok bool) {
	if digits, basic := c.digits(8); basic {
		return digits / 10000, digits / 100 % 100, digits % 100, true
	}
	year, ok1 := c.number(4, 7)
	ok1 = ok1 && c.skip('-')
	month, ok2 := c.number(1, 2)
	ok2 = ok2 && c.skip('-')
	day, ok3 := c.number(1, 2)
	return year, month, day, ok1 && ok2 && ok3
}

// time reads h:m[:s[.f]], hhmm or hhmmss[.f], with or without a zone.
func (c *scanner) time() (micros, offset int64, ok bool) {
	if digits, basic := c.digits(4); basic {
		return c.basicTime(digits*100, false)
	}
	if digits, basic := c.digits(6); basic {
		return c.basicTime(digits, true)
	}
	hour, ok1 := c.number(1, 2)
	ok1 = ok1 && c.skip(':')
	minute, ok2 := c.number(1, 2)
	if !ok1 || !ok2 {
		return 0, 0, false
	}
	var second, fraction int64
	if c.skip(':') {
		if second, ok = c.number(1, 2); !ok {
			return 0, 0, false
		}
		if c.skip('.') {
			if fraction, ok = c.fraction(); !ok {
				return 0, 0, false
			}
		}
	}
	return c.clock(hour, minute, second, fraction)
}

// basicTime reads the rest behind hhmm or hhmmss. It refuses a minus right behind these digits
// if a T begins the text or colons follow: there PostgreSQL reads a date.
func (c *scanner) basicTime(digits int64, seconds bool) (micros, offset int64, ok bool) {
	var fraction int64
	switch {
	case seconds && c.skip('.'):
		if fraction, ok = c.fraction(); !ok {
			return 0, 0, false
		}
	case c.peek() == '-' && (bytes.IndexByte(c.text[c.at:], ':') >= 0 || c.text[0]|0x20 == 't'):
		return 0, 0, false
	}
	return c.clock(digits/10000, digits/100%100, digits%100, fraction)
}

// clock checks a time of day and reads the zone behind it.
func (c *scanner) clock(hour, minute, second, fraction int64) (micros, offset int64, ok bool) {
	micros = (hour*3600+minute*60+second)*microsPerSecond + fraction
	// Second 60 is the next minute's first second, and 24:00 the next day's midnight.
	if hour > 24 || minute > 59 || second > 60 || hour == 24 && micros > microsPerDay {
		return 0, 0, false
	}
	offset, ok = c.zone()
	return micros, offset, ok
}

// maxOffset is how many hours a zone may be from UTC in PostgreSQL.
const maxOffset = 15

// zone reads Z, UTC, GMT, ±hh, ±hhmm or ±hh:mm[:ss], as seconds east of UTC. No zone is UTC.
func (c *scanner) zone() (seconds int64, ok bool) {
	start := c.at
	c.skip(' ')
	if c.word("utc") || c.word("gmt") || c.word("z") {
		return 0, true
	}
	negative := c.peek() == '-'
	if !c.skip('-') && !c.skip('+') {
		c.at = start
		return 0, true
	}
	hour, ok := c.number(1, 2)
	var minute, second int64
	switch {
	case !ok:
		return 0, false
	case isDigit(c.peek()):
		minute, ok = c.number(2, 2)
	case c.skip(':'):
		if minute, ok = c.number(2, 2); ok && c.skip(':') {
			second, ok = c.number(2, 2)
		}
	}
	ok = ok && hour <= maxOffset && minute <= 59 && second <= 59
	return signed(hour*3600+minute*60+second, negative), ok
}

func signed(n int64, negative bool) int64 {
	if negative {
		return -n
	}
	return n
}
