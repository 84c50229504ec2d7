package value

import (
	"bytes"
	"cmp"
	"strconv"
	"strings"
)

// A decimal number as a datum: word is its sign, or stands for NaN or an infinity. bytes has
// its significant digits d1 d2 d3…, with or without the point among them. low is the exponent
// of 0.d1d2d3…×10^low, negated for a negative number so that it orders. All digits are
// compared, however many there are.
const (
	signZero     = 0
	signPlus     = 1
	signInfinity = 2
	signNaN      = 3 // greater than all else, and equal to itself
)

var decimals = &Comparison{Compare: compareDecimals, Hash: hashDecimal, SortKey: sortKeyOfDecimal}

var numericOpclass = &Opclass{
	literal: func(text string) (Datum, error) {
		text = trimBlanks(text)
		d, err := parseNumeric(text)
		if err != nil {
			return Datum{}, err
		}
		if isNumber := d.word >= -signPlus && d.word <= signPlus; isNumber && !numericHolds(d, text) {
			return Datum{}, errRange("numeric")
		}
		return d, nil
	},
	Read:       readNumeric,
	Comparison: decimals,
	ordered:    true,
}

// The digits that numeric can hold (manual: Numeric Types), and the exponents that its input
// function reads.
const (
	maxWholeDigits    = 131072
	maxFractionDigits = 16383
	maxReadExponent   = 1<<30 - 1
)

// numericHolds reports whether PostgreSQL's numeric can hold the number d, which was read from
// text. Zeros that are written count as digits of the fraction, even if the number is 0.
func numericHolds(d Datum, text string) bool {
	mantissa, power, _ := strings.Cut(strings.ToLower(text), "e")
	exponent, _ := strconv.ParseInt(power, 10, 64) // out of range: the largest or smallest int64
	_, fraction, _ := strings.Cut(mantissa, ".")
	return exponent < maxReadExponent && exponent > -maxReadExponent &&
		d.low*d.word <= maxWholeDigits &&
		int64(len(fraction))-exponent <= maxFractionDigits
}

// parseNumeric reads a literal. The datum's digits have no point among them.
func parseNumeric(text string) (Datum, error) {
	if sign, ok := isSpecial(text); ok {
		return Datum{word: sign}, nil
	}
	d, ok := readDecimal([]byte(text))
	if !ok {
		return Datum{}, errNot("a number")
	}
	d.bytes = bytes.ReplaceAll(d.bytes, []byte("."), nil)
	return d, nil
}

// isSpecial reads the numbers that have no digits.
func isSpecial(text string) (sign int64, ok bool) {
	switch strings.ToLower(text) {
	case "nan":
		return signNaN, true
	case "infinity", "+infinity", "inf", "+inf":
		return signInfinity, true
	case "-infinity", "-inf":
		return -signInfinity, true
	}
	return 0, false
}

func readNumeric(text []byte) (Datum, bool) {
	switch string(text) {
	case "NaN":
		return Datum{word: signNaN}, true
	case "Infinity":
		return Datum{word: signInfinity}, true
	case "-Infinity":
		return Datum{word: -signInfinity}, true
	}
	return readDecimal(text)
}

// readDecimal reads [+-]digits[.digits][e[+-]digits], or .digits in their place.
func readDecimal(text []byte) (Datum, bool) {
	i := 0
	sign := int64(signPlus)
	if i < len(text) && (text[i] == '-' || text[i] == '+') {
		if text[i] == '-' {
			sign = -signPlus
		}
		i++
	}
	start, point, first, last := i, -1, -1, -1
	for ; i < len(text); i++ {
		c := text[i]
		if c == '.' && point < 0 {
			point = i
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		if c != '0' {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	end := i
	if point < 0 {
		point = end
	}
	if end == start || end == start+1 && point == start {
		return Datum{}, false
	}
	exponent, ok := readExponent(text[end:])
	if !ok {
		return Datum{}, false
	}
	if first < 0 {
		return Datum{word: signZero}, true
	}
	exponent += int64(point - first)
	if first > point {
		exponent++
	}
	return Datum{word: sign, low: exponent * sign, bytes: text[first : last+1]}, true
}

// maxExponent bounds an exponent, so that sums of exponents don't overflow. No number of
// PostgreSQL has a larger one.
const maxExponent = 1 << 40

func readExponent(text []byte) (int64, bool) {
	if len(text) == 0 {
		return 0, true
	}
	if text[0] != 'e' && text[0] != 'E' {
		return 0, false
	}
	text = text[1:]
	sign := int64(1)
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		if text[0] == '-' {
			sign = -1
		}
		text = text[1:]
	}
	if len(text) == 0 {
		return 0, false
	}
	var n int64
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = min(n*10+int64(c-'0'), maxExponent)
	}
	return n * sign, true
}

func compareDecimals(a, b Datum) int {
	if order := cmp.Or(cmp.Compare(a.word, b.word), cmp.Compare(a.low, b.low)); order != 0 {
		return order
	}
	order := compareDigits(a.bytes, b.bytes)
	if a.word < 0 {
		return -order
	}
	return order
}

// compareDigits compares digits as the fractions 0.d1d2d3…, and passes over points.
func compareDigits(a, b []byte) int {
	for {
		if len(a) > 0 && a[0] == '.' {
			a = a[1:]
		}
		if len(b) > 0 && b[0] == '.' {
			b = b[1:]
		}
		if len(a) == 0 || len(b) == 0 {
			return cmp.Compare(len(a), len(b))
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
}

func hashDecimal(d Datum) uint64 {
	h := Mix(uint64(d.word), uint64(d.low))
	digits := uint64(0)
	n := 0
	for _, c := range d.bytes {
		if c == '.' {
			continue
		}
		digits = digits*10 + uint64(c-'0')
		if n++; n%decimalRun == 0 {
			h = Mix(h, digits)
			digits = 0
		}
	}
	return Mix(h, digits)
}

// decimalRun is how many digits always fit into a uint64.
const decimalRun = 19

// sortKeyOfDecimal has the sign in 3 bits, the exponent in 20 and the first 12 digits in 40.
func sortKeyOfDecimal(d Datum) uint64 {
	const runDigits, maxExponent = 12, 1<<19 - 1
	run, n := uint64(0), 0
	for _, c := range d.bytes {
		if c == '.' {
			continue
		}
		run = run*10 + uint64(c-'0')
		if n++; n == runDigits {
			break
		}
	}
	for ; n < runDigits; n++ {
		run *= 10
	}
	if d.word < 0 {
		run = 999_999_999_999 - run
	}
	exponent := min(max(d.low, -maxExponent), maxExponent) + maxExponent
	if exponent == 0 || exponent == 2*maxExponent { // or beyond: its digits say nothing
		run = 0
	}
	return uint64(d.word+signInfinity)<<60 | uint64(exponent)<<40 | run
}
