package value

// scanner reads a text from its beginning: dates, times, intervals, addresses, bounds of arrays.
// A method that returns false may have read a part; the text is refused then, or scanned again.
type scanner struct {
	text []byte
	at   int
}

func (c *scanner) done() bool { return c.at == len(c.text) }

// peek returns the next byte, or 0 at the end.
func (c *scanner) peek() byte {
	if c.done() {
		return 0
	}
	return c.text[c.at]
}

func (c *scanner) skip(b byte) bool {
	if c.peek() != b || b == 0 {
		return false
	}
	c.at++
	return true
}

// word skips the word w, which is given in lower case and may stand in any case.
func (c *scanner) word(w string) bool {
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

// number reads at least minDigits digits and at most maxDigits.
func (c *scanner) number(minDigits, maxDigits int) (n int64, ok bool) {
	start := c.at
	for c.at-start < maxDigits && isDigit(c.peek()) {
		n = n*10 + int64(c.peek()-'0')
		c.at++
	}
	return n, c.at-start >= minDigits
}

// digits reads a number of exactly count digits, or nothing.
func (c *scanner) digits(count int) (n int64, ok bool) {
	start := c.at
	n, ok = c.number(count, count)
	if !ok || isDigit(c.peek()) {
		c.at = start
		return 0, false
	}
	return n, true
}

// fraction reads the digits behind a point as microseconds. Like PostgreSQL it rounds half to
// even.
func (c *scanner) fraction() (micros int64, ok bool) {
	start, seventh, more := c.at, byte('0'), false
	for ; isDigit(c.peek()); c.at++ {
		switch d := c.peek(); {
		case c.at-start < 6:
			micros = micros*10 + int64(d-'0')
		case c.at-start == 6:
			seventh = d
		default:
			more = more || d != '0'
		}
	}
	for n := c.at - start; n < 6; n++ {
		micros *= 10
	}
	if seventh > '5' || seventh == '5' && (more || micros%2 == 1) {
		micros++
	}
	return micros, c.at > start
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
