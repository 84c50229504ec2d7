package pgtext

// quoted appends the value that s begins with in double quotes, and returns what
// follows it. A backslash makes the next byte literal. If doubled is set, as for
// rows, two quotes stand for one. ok is false if the closing quote is missing.
func quoted(dst, s []byte, doubled bool, enc encoder) (_, rest []byte, ok bool) {
	escaped := false
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			escaped = true
			i++
		case '"':
			if doubled && i+1 < len(s) && s[i+1] == '"' {
				escaped = true
				i++
				continue
			}
			if escaped {
				return appendEscaped(dst, s[1:i], enc), s[i+1:], true
			}
			return enc(dst, s[1:i]), s[i+1:], true
		}
	}
	return dst, nil, false
}

// appendEscaped appends the value whose text form is s once its escapes are gone.
// The plain text is written to dst, the value behind it, and then the value is
// moved down over the text: that needs no other memory.
func appendEscaped(dst, s []byte, enc encoder) []byte {
	start := len(dst)
	dst = appendPlain(dst, s)
	mid := len(dst)
	dst = enc(dst, dst[start:mid:mid])
	return dst[:start+copy(dst[start:], dst[mid:])]
}

// appendPlain appends s without its escapes. Inside of quotes, a quote is always
// the first of two.
func appendPlain(dst, s []byte) []byte {
	start := 0
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' || s[i] == '"' {
			dst = append(dst, s[start:i]...)
			start = i + 1
			i++
		}
	}
	return append(dst, s[start:]...)
}
