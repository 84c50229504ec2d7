package pgtext

import "strconv"

// ordinateDigits is how many decimals PostGIS writes, with or without an exponent.
const ordinateDigits = 15

// Outside of these bounds PostGIS writes an exponent, and the decimals are the mantissa's.
const (
	leastPlain = 1e-8
	mostPlain  = 1e15
)

// appendOrdinate appends a number as PostGIS' cast to json and then to_jsonb have it:
// the shortest digits that tell it from others, rounded half to even to 15 decimals,
// with no exponent.
func appendOrdinate(dst []byte, f float64) []byte {
	if f == 0 {
		return append(dst, '0')
	}
	if f < 0 {
		dst, f = append(dst, '-'), -f
	}
	// 1.2345e-07 as digits and a power of ten: 0.12345 and -6.
	var buf [32]byte
	text := strconv.AppendFloat(buf[:0], f, 'e', -1, 64)
	var digits [20]byte
	n, i := 0, 0
	for ; text[i] != 'e'; i++ {
		if text[i] != '.' {
			digits[n] = text[i]
			n++
		}
	}
	exp := 0
	for _, c := range text[i+2:] {
		exp = 10*exp + int(c-'0')
	}
	if text[i+1] == '-' {
		exp = -exp
	}
	point := exp + 1
	keep := ordinateDigits + 1
	if f > leastPlain && f < mostPlain {
		keep = ordinateDigits + point
	}
	n, carried := roundDigits(digits[:n], keep)
	if carried {
		point++
	}
	return appendPlainNumber(dst, digits[:n], point)
}

// roundDigits rounds a number's digits to the first keep ones, half to even, and gives
// how many are left without zeros at the end. It carries where they become a 1.
func roundDigits(digits []byte, keep int) (n int, carried bool) {
	n = len(digits)
	if keep < n {
		up := roundsUp(digits, keep)
		for n = max(keep, 0); up && n > 0; n-- {
			if digits[n-1] != '9' {
				digits[n-1]++
				up = false
				break
			}
		}
		if up {
			digits[0] = '1'
			return 1, true
		}
	}
	for n > 0 && digits[n-1] == '0' {
		n--
	}
	return n, false
}

func roundsUp(digits []byte, keep int) bool {
	if keep < 0 || digits[keep] < '5' {
		return false
	}
	half := digits[keep] == '5' && keep == len(digits)-1
	return !half || keep > 0 && digits[keep-1]%2 == 1
}

// appendPlainNumber appends 0.digits times ten to the power of point.
func appendPlainNumber(dst, digits []byte, point int) []byte {
	switch {
	case len(digits) == 0:
		return append(dst, '0')
	case point <= 0:
		dst = appendZeros(append(dst, "0."...), -point)
		return append(dst, digits...)
	case point >= len(digits):
		return appendZeros(append(dst, digits...), point-len(digits))
	}
	dst = append(dst, digits[:point]...)
	return append(append(dst, '.'), digits[point:]...)
}
