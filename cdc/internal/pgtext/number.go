package pgtext

// appendNumber appends an integer or numeric as it is: PostgreSQL writes them as
// JSON does, without an exponent and without leading zeros. NaN and the
// infinities are strings.
func appendNumber(dst, text []byte) []byte {
	if n := decimal(text); n == 0 || n < len(text) {
		return appendString(dst, text)
	}
	return append(dst, text...)
}

// appendFloat appends a floating-point number as a numeric would be written,
// which is what to_jsonb makes of it: no exponent, no negative zero.
func appendFloat(dst, text []byte) []byte {
	n := decimal(text)
	switch {
	case n == 0:
		return appendString(dst, text)
	case n < len(text):
		return appendExponent(dst, text, n)
	case string(text) == "-0":
		return append(dst, '0')
	}
	return append(dst, text...)
}

// appendExponent appends a number whose exponent begins at text[n].
func appendExponent(dst, text []byte, n int) []byte {
	exp, ok := exponent(text[n:])
	start := len(dst)
	digits := text[:n]
	if digits[0] == '-' {
		dst = append(dst, '-')
		digits = digits[1:]
	}
	// The server always has one digit before the point, and it is not 0.
	if !ok || digits[0] == '0' || len(digits) > 1 && digits[1] != '.' {
		return appendString(dst[:start], text)
	}
	fraction := digits[min(2, len(digits)):]
	if exp < 0 {
		dst = append(dst, '0', '.')
		dst = appendZeros(dst, -exp-1)
		dst = append(dst, digits[0])
		return append(dst, fraction...)
	}
	dst = append(dst, digits[0])
	if len(fraction) <= exp {
		dst = append(dst, fraction...)
		return appendZeros(dst, exp-len(fraction))
	}
	dst = append(dst, fraction[:exp]...)
	dst = append(dst, '.')
	return append(dst, fraction[exp:]...)
}

func appendZeros(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, '0')
	}
	return dst
}

// decimal is the length of the number without exponent that s begins with, as in
// -12.50, or 0.
func decimal(s []byte) int {
	i := 0
	if len(s) > 0 && s[0] == '-' {
		i = 1
	}
	whole := digits(s[i:])
	if whole == 0 || whole > 1 && s[i] == '0' {
		return 0
	}
	i += whole
	if i < len(s) && s[i] == '.' {
		fraction := digits(s[i+1:])
		if fraction == 0 {
			return 0
		}
		i += 1 + fraction
	}
	return i
}

// exponent reads all of s as an exponent, as in e-07. It has at most three digits.
func exponent(s []byte) (_ int, ok bool) {
	if len(s) < 3 || len(s) > 5 || s[0] != 'e' || s[1] != '+' && s[1] != '-' || digits(s[2:]) != len(s)-2 {
		return 0, false
	}
	n := 0
	for _, c := range s[2:] {
		n = n*10 + int(c-'0')
	}
	if s[1] == '-' {
		n = -n
	}
	return n, true
}

// digits counts the decimal digits that s begins with.
func digits(s []byte) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}
