package value

import (
	"math"
	"strconv"
)

var (
	realOpclass   = newFloatOpclass(32, "real")
	doubleOpclass = newFloatOpclass(64, "double precision")
)

func floatOpclassOf(bits int) *Opclass {
	if bits == 32 {
		return realOpclass
	}
	return doubleOpclass
}

func newFloatOpclass(bits int, name string) *Opclass {
	return &Opclass{
		literal: func(text string) (Datum, error) {
			text = trimBlanks(text)
			d, err := parseNumeric(text)
			if err != nil {
				return Datum{}, err
			}
			f, err := strconv.ParseFloat(text, bits)
			if err != nil || f == 0 && d.word != signZero {
				return Datum{}, errRange(name)
			}
			return Datum{word: floatOrder(f)}, nil
		},
		Read: func(text []byte) (Datum, bool) {
			f, err := strconv.ParseFloat(string(text), bits)
			return Datum{word: floatOrder(f)}, err == nil
		},
		Comparison: words,
		ordered:    true,
	}
}

// floatOrder maps floats to integers in PostgreSQL's order (manual: Numeric Types): the two
// zeros are equal, and NaN equals itself and is greater than all else.
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
