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
	micros, _, ok := c.time()
	return datum{word: micros}, ok && c.done() && micros <= microsPerDay
}
