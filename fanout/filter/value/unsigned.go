package value

import (
	"errors"
	"strconv"
)

// The integers without a sign.
var (
	oidOpclass  = newUnsignedOpclass(32, "oid", "an object identifier as in 16384")
	oid8Opclass = newUnsignedOpclass(64, "oid8", "an object identifier as in 16384")
	xid8Opclass = newUnsignedOpclass(64, "xid8", "a transaction identifier as in 16384")
)

func newUnsignedOpclass(bits int, name, what string) *Opclass {
	return &Opclass{
		number: wholeNumber,
		literal: func(text string) (Datum, error) {
			digits := trimBlanks(text)
			n, err := strconv.ParseUint(digits, 10, bits)
			if errors.Is(err, strconv.ErrRange) {
				return Datum{}, errRange(name)
			}
			// A leading zero is refused: for oid it means octal from PostgreSQL 16 on.
			if err != nil || len(digits) > 1 && digits[0] == '0' {
				return Datum{}, errNot(what)
			}
			return unsigned(n), nil
		},
		Read:       readUnsigned,
		Comparison: words,
		ordered:    true,
	}
}

// unsigned maps numbers without a sign to int64, in the same order.
func unsigned(n uint64) Datum { return Datum{word: int64(n ^ 1<<63)} }

func readUnsigned(text []byte) (Datum, bool) {
	if len(text) == 0 || len(text) > 20 {
		return Datum{}, false
	}
	var n uint64
	for _, c := range text {
		digit := uint64(c - '0')
		if digit > 9 || n > (1<<64-1-digit)/10 {
			return Datum{}, false
		}
		n = n*10 + digit
	}
	return unsigned(n), true
}

// lsnOpclass is of pg_lsn, a position in the write-ahead log: two hexadecimal numbers. From
// PostgreSQL 19 on it prints the second one with leading zeros.
var lsnOpclass = &Opclass{
	literal: func(text string) (Datum, error) {
		d, ok := readLSN([]byte(text))
		if !ok {
			return Datum{}, errNot("a position of the log as in 16/B374D848")
		}
		return d, nil
	},
	Read:       readLSN,
	Comparison: words,
	ordered:    true,
}

func readLSN(text []byte) (Datum, bool) {
	var n uint64
	digits, slashes := 0, 0
	for _, c := range text {
		if c == '/' {
			if digits == 0 {
				return Datum{}, false
			}
			slashes++
			digits = 0
			n <<= 32
			continue
		}
		c, ok := lowerHex(c)
		digits++
		if !ok || digits > 8 || slashes > 1 {
			return Datum{}, false
		}
		digit := c - '0'
		if c >= 'a' {
			digit = c - 'a' + 10
		}
		// Each number has 32 bits.
		n = n&^(1<<32-1) | (n&(1<<32-1))<<4 | uint64(digit)
	}
	return unsigned(n), slashes == 1 && digits > 0
}
