package pgtext

// appendTimestamp appends "2024-05-06 07:08:09.5" with a T in the middle.
// Infinities are strings, an era stays at the end: "0044-03-15T00:00:00 BC".
func appendTimestamp(dst, text []byte) []byte { return appendMoment(dst, text, "", "") }

// appendTimestampTZ appends "2024-05-06 07:08:09.5+00" likewise, with a Z for the offset.
// The session's time zone is UTC. A value with another offset would stay as it is, in a
// string.
func appendTimestampTZ(dst, text []byte) []byte { return appendMoment(dst, text, "+00", "Z") }

// appendMoment appends a date and time of day as docs/types.md promises. The text must end in
// offset, but for an era; zone is written in the offset's place. Any other text, such as an
// infinity, is appended as a string.
func appendMoment(dst, text []byte, offset, zone string) []byte {
	day := dateLen(text)
	if day == 0 || day == len(text) || text[day] != ' ' {
		return appendString(dst, text)
	}
	clock := text[day+1:]
	n := clockLen(clock)
	era, ok := cutPrefix(clock[n:], offset)
	if n == 0 || !ok || len(era) > 0 && string(era) != " BC" {
		return appendString(dst, text)
	}
	dst = append(dst, '"')
	dst = append(dst, text[:day]...)
	dst = append(dst, 'T')
	dst = append(dst, clock[:n]...)
	dst = append(dst, zone...)
	dst = append(dst, era...)
	return append(dst, '"')
}

// dateLen is the length of the date that s begins with, as in 2024-05-06; 0 when
// there is no date. Years have four digits or more.
func dateLen(s []byte) int {
	n := digits(s)
	if n < 4 || !matches(s[n:], "-00-00") {
		return 0
	}
	return n + len("-00-00")
}

// clockLen is the length of the time of day that s begins with, as in
// 07:08:09.123, or 0.
func clockLen(s []byte) int {
	const layout = "00:00:00"
	if !matches(s, layout) {
		return 0
	}
	n := len(layout)
	if n < len(s) && s[n] == '.' {
		fraction := digits(s[n+1:])
		if fraction == 0 {
			return 0
		}
		n += 1 + fraction
	}
	return n
}

// matches reports whether s begins like the layout, in which 0 stands for any digit.
func matches(s []byte, layout string) bool {
	if len(s) < len(layout) {
		return false
	}
	for i := range len(layout) {
		if layout[i] == '0' && digits(s[i:i+1]) == 1 {
			continue
		}
		if s[i] != layout[i] {
			return false
		}
	}
	return true
}

func cutPrefix(s []byte, prefix string) (_ []byte, ok bool) {
	if len(s) < len(prefix) || string(s[:len(prefix)]) != prefix {
		return s, false
	}
	return s[len(prefix):], true
}
