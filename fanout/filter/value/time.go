package value

// timeOpclass counts microseconds since midnight. It ignores a zone, as time's input function
// does.
var timeOpclass = &Opclass{
	literal: func(text string) (Datum, error) {
		d, ok := readTime([]byte(trimBlanks(text)))
		if !ok {
			return Datum{}, errNot("a time as in 10:30:00")
		}
		return d, nil
	},
	Read:       readTime,
	Comparison: words,
	ordered:    true,
}

func readTime(text []byte) (Datum, bool) {
	c := scanner{text: text}
	c.timeMark()
	micros, _, ok := c.time()
	return Datum{word: micros}, ok && c.done() && micros <= microsPerDay
}

// timeTZOpclass has the order of timetz: by instant, then by zone. A literal without a zone is
// in UTC, as in a session whose TimeZone is UTC.
var timeTZOpclass = &Opclass{
	literal: func(text string) (Datum, error) {
		d, ok := readTimeTZ([]byte(trimBlanks(text)))
		if !ok {
			return Datum{}, errNot("a time as in 10:30:00+02")
		}
		return d, nil
	},
	Read:       readTimeTZ,
	Comparison: wordPairs,
	ordered:    true,
}

func readTimeTZ(text []byte) (Datum, bool) {
	c := scanner{text: text}
	c.timeMark()
	micros, offset, ok := c.time()
	return Datum{word: micros - offset*microsPerSecond, low: -offset}, ok && c.done() && micros <= microsPerDay
}

// timeMark skips the T that may stand before a time of day in ISO 8601.
func (c *scanner) timeMark() {
	if next := c.peek(); next == 'T' || next == 't' {
		c.at++
	}
}
