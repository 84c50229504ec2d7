package filter

// cursor reads dates, times and intervals.
type cursor struct {
	text []byte
	at   int
}

func (c *cursor) done() bool { return c.at == len(c.text) }

// peek is the next byte, 0 at the end.
func (c *cursor) peek() byte {
	if c.done() {
		return 0
	}
	return c.text[c.at]
}

func (c *cursor) skip(b byte) bool {
	if c.peek() != b || b == 0 {
		return false
	}
	c.at++
	return true
}

// word skips a word given in lower case, in whatever case it stands.
func (c *cursor) word(w string) bool {
	if len(c.text)-c.at < len(w) {
		return false
	}
	for i := range len(w) {
		if c.text[c.at+i]|0x20 != w[i] {
			return false
		}
	}
	c.at += len(w)
	return true
}

// number reads at least least digits, and leaves what is beyond most.
func (c *cursor) number(least, most int) (n int64, ok bool) {
	start := c.at
	for c.at-start < most && isDigit(c.peek()) {
		n = n*10 + int64(c.peek()-'0')
		c.at++
	}
	return n, c.at-start >= least
}

// digits reads a number of exactly so many digits, or nothing.
func (c *cursor) digits(count int) (n int64, ok bool) {
	start := c.at
	n, ok = c.number(count, count)
	if !ok || isDigit(c.peek()) {
		c.at = start
		return 0, false
	}
	return n, true
}

// fraction reads digits behind a point as microseconds, rounded half to even as
// PostgreSQL does.
func (c *cursor) fraction() (micros int64, ok bool) {
	start, half, rest := c.at, byte('0'), false
	for ; isDigit(c.peek()); c.at++ {
		switch d := c.peek(); {
		case c.at-start < 6:
			micros = micros*10 + int64(d-'0')
		case c.at-start == 6:
			half = d
		default:
			rest = rest || d != '0'
		}
	}
	for n := c.at - start; n < 6; n++ {
		micros *= 10
	}
	if half > '5' || half == '5' && (rest || micros%2 == 1) {
		micros++
	}
	return micros, c.at > start
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
