package filter

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

var (
	smallintClass = intClass(16, "smallint")
	integerClass  = intClass(32, "integer")
	bigintClass   = intClass(64, "bigint")
)

func intClassOf(bits int) *class {
	switch bits {
	case 16:
		return smallintClass
	case 32:
		return integerClass
	}
	return bigintClass
}

func intClass(bits int, name string) *class {
	return &class{
		bare: wholeNumber,
		literal: func(text string) (datum, error) {
			n, err := strconv.ParseInt(trimBlanks(text), 10, bits)
			if errors.Is(err, strconv.ErrRange) {
				return datum{}, errRange(name)
			}
			if err != nil {
				return datum{}, errNot("an integer")
			}
			return datum{word: n}, nil
		},
		read:       readInt,
		comparison: words,
		ordered:    true,
	}
}

// maxWhole is how many digits are more than any integer has.
const maxWhole = 20

// wholeNumber spells a number as an integer, if it is one: many languages write 18.0
// or 1e2 where they mean 18 or 100.
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

func readInt(text []byte) (datum, bool) {
	digits := text
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		digits = text[1:]
	}
	if len(digits) == 0 || len(digits) > 19 {
		return datum{}, false
	}
	var n uint64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return datum{}, false
		}
		n = n*10 + uint64(c-'0')
	}
	switch {
	case negative && n <= math.MaxInt64+1:
		return datum{word: -int64(n)}, true
	case !negative && n <= math.MaxInt64:
		return datum{word: int64(n)}, true
	}
	return datum{}, false
}
