package filter

// timestampClass leaves a zone aside, as the type's input function does.
var timestampClass = instantClass("timestamp", "a timestamp as in 2024-01-15 10:30:00", false)

var timestampTZClass = instantClass("timestamp with time zone", "a timestamp as in 2024-01-15T10:30:00Z", true)

func instantClass(name, what string, zoned bool) *class {
	return &class{
		literal: func(text string) (datum, error) {
			m, ok := readMoment([]byte(trimBlanks(text)))
			if !ok {
				return datum{}, errNot(what)
			}
			word, ok := m.instant(zoned)
			if !ok {
				return datum{}, errRange(name)
			}
			return datum{word: word}, nil
		},
		read: func(text []byte) (datum, bool) {
			m, ok := readMoment(text)
			word, inRange := m.instant(zoned)
			return datum{word: word}, ok && inRange
		},
		comparison: words,
		ordered:    true,
	}
}

// instant gives the microseconds since 2000-01-01.
func (m moment) instant(zoned bool) (micros int64, ok bool) {
	if m.infinite != 0 {
		return infinity(m.infinite), true
	}
	// One day more to either side is within int64; the zone may lead back.
	if m.days < minDay-1 || m.days > endTimestamp {
		return 0, false
	}
	micros = m.days*microsPerDay + m.micros
	if zoned {
		micros -= m.offset * microsPerSecond
	}
	return micros, micros >= minDay*microsPerDay && micros < endTimestamp*microsPerDay
}
