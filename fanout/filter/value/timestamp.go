package value

// timestampOpclass counts microseconds since 2000-01-01. It ignores a zone, as timestamp's
// input function does.
var timestampOpclass = newInstantOpclass("timestamp", "a timestamp as in 2024-01-15 10:30:00", false)

// timestampTZOpclass counts microseconds since 2000-01-01 00:00 UTC. A literal without a zone
// is in UTC.
var timestampTZOpclass = newInstantOpclass("timestamp with time zone", "a timestamp as in 2024-01-15T10:30:00Z", true)

func newInstantOpclass(name, what string, zoned bool) *Opclass {
	return &Opclass{
		literal: func(text string) (Datum, error) {
			m, ok := readMoment([]byte(trimBlanks(text)))
			if !ok {
				return Datum{}, errNot(what)
			}
			word, ok := m.instant(zoned)
			if !ok {
				return Datum{}, errRange(name)
			}
			return Datum{word: word}, nil
		},
		Read: func(text []byte) (Datum, bool) {
			m, ok := readMoment(text)
			word, inRange := m.instant(zoned)
			return Datum{word: word}, ok && inRange
		},
		Comparison: words,
		ordered:    true,
	}
}

// instant returns the microseconds since 2000-01-01, with zoned in UTC, or false if the type
// can't hold them.
func (m moment) instant(zoned bool) (micros int64, ok bool) {
	if m.infinite != 0 {
		return infinity(m.infinite), true
	}
	// A day beyond either end still fits into int64, and the zone may lead back.
	if m.days < minDay-1 || m.days > endTimestamp {
		return 0, false
	}
	micros = m.days*microsPerDay + m.micros
	if zoned {
		micros -= m.offset * microsPerSecond
	}
	return micros, micros >= minDay*microsPerDay && micros < endTimestamp*microsPerDay
}
