package filter

// timeClass leaves a zone aside, as the type's input function does.
var timeClass = &class{
	literal: func(text string) (datum, error) {
		d, ok := readTime([]byte(trimBlanks(text)))
		if !ok {
			return datum{}, errNot("a time as in 10:30:00")
		}
		return d, nil
	},
	read:       readTime,
	comparison: words,
	ordered:    true,
}

func readTime(text []byte) (datum, bool) {
	c := cursor{text: text}
	c.timeMark()
	micros, _, ok := c.time()
	return datum{word: micros}, ok && c.done() && micros <= microsPerDay
}

// timeTZClass has the order of timetz: of the instants, and of the zones where these
// are the same. As in a session whose time zone is UTC, that is the zone of a literal
// without one.
var timeTZClass = &class{
	literal: func(text string) (datum, error) {
		d, ok := readTimeTZ([]byte(trimBlanks(text)))
		if !ok {
			return datum{}, errNot("a time as in 10:30:00+02")
		}
		return d, nil
	},
	read:       readTimeTZ,
	comparison: pairs,
	ordered:    true,
}

func readTimeTZ(text []byte) (datum, bool) {
	c := cursor{text: text}
	c.timeMark()
	micros, offset, ok := c.time()
	return datum{word: micros - offset*microsPerSecond, low: -offset}, ok && c.done() && micros <= microsPerDay
}

// timeMark skips the T that a time of day may have in ISO 8601.
func (c *cursor) timeMark() {
	if next := c.peek(); next == 'T' || next == 't' {
		c.at++
	}
}
