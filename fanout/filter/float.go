package filter

import (
	"math"
	"strconv"
	"strings"
)

var (
	realClass   = floatClass(32, "real")
	doubleClass = floatClass(64, "double precision")
)

func floatClassOf(bits int) *class {
	if bits == 32 {
		return realClass
	}
	return doubleClass
}

func floatClass(bits int, name string) *class {
	return &class{
		literal: func(text string) (datum, error) {
			text = trimBlanks(text)
			d, err := parseNumeric(text)
			if err != nil {
				return datum{}, err
			}
			f, err := strconv.ParseFloat(text, bits)
			if err != nil || f == 0 && d.word != signZero {
				return datum{}, errRange(name)
			}
			return datum{word: floatOrder(f)}, nil
		},
		read: func(text []byte) (datum, bool) {
			f, err := strconv.ParseFloat(string(text), bits)
			return datum{word: floatOrder(f)}, err == nil
		},
		comparison: words,
		ordered:    true,
	}
}

// floatOrder maps floats to integers in PostgreSQL's order, where the two zeros
// are equal and NaN is equal to itself and greater than all.
func floatOrder(f float64) int64 {
	switch {
	case f != f:
		return math.MaxInt64
	case f == 0:
		return 0
	}
	n := int64(math.Float64bits(f))
	if n < 0 {
		n ^= math.MaxInt64
	}
	return n
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
