package value

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

var (
	smallintOpclass = newIntOpclass(16, "smallint")
	integerOpclass  = newIntOpclass(32, "integer")
	bigintOpclass   = newIntOpclass(64, "bigint")
)

func intOpclassOf(bits int) *Opclass {
	switch bits {
	case 16:
		return smallintOpclass
	case 32:
		return integerOpclass
	}
	return bigintOpclass
}

func newIntOpclass(bits int, name string) *Opclass {
	return &Opclass{
		number: wholeNumber,
		literal: func(text string) (Datum, error) {
			n, err := strconv.ParseInt(trimBlanks(text), 10, bits)
			if errors.Is(err, strconv.ErrRange) {
				return Datum{}, errRange(name)
			}
			if err != nil {
				return Datum{}, errNot("an integer")
			}
			return Datum{word: n}, nil
		},
		Read:       readInt,
		Comparison: words,
		ordered:    true,
	}
}

// maxWhole is more digits than any integer has.
const maxWhole = 20

// wholeNumber spells a number as an integer, if it is one: many languages write 18.0 or 1e2
// for 18 or 100. Any other number stays as it is.
func wholeNumber(text string) string {
	d, err := parseNumeric(text)
	if err != nil {
		return text
	}
	digits, exponent := len(d.bytes), int(d.low*d.word)
	switch {
	case d.word == signZero:
		return "0"
	case exponent < digits:
		return text
	}
	whole := string(d.bytes) + strings.Repeat("0", min(exponent, maxWhole)-min(digits, maxWhole))
	if d.word < 0 {
		return "-" + whole
	}
	return whole
}

func readInt(text []byte) (Datum, bool) {
	digits := text
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		digits = text[1:]
	}
	if len(digits) == 0 || len(digits) > 19 {
		return Datum{}, false
	}
	var n uint64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return Datum{}, false
		}
		n = n*10 + uint64(c-'0')
	}
	switch {
	case negative && n <= math.MaxInt64+1:
		return Datum{word: -int64(n)}, true
	case !negative && n <= math.MaxInt64:
		return Datum{word: int64(n)}, true
	}
	return Datum{}, false
}
