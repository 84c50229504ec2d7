package filter

import (
	"errors"
	"strconv"
)

// The integers that have no sign.
var (
	oidClass  = unsignedClass(32, "oid", "an object identifier as in 16384")
	oid8Class = unsignedClass(64, "oid8", "an object identifier as in 16384")
	xid8Class = unsignedClass(64, "xid8", "a transaction identifier as in 16384")
)

func unsignedClass(bits int, name, what string) *class {
	return &class{
		bare: wholeNumber,
		literal: func(text string) (datum, error) {
			digits := trimBlanks(text)
			n, err := strconv.ParseUint(digits, 10, bits)
			if errors.Is(err, strconv.ErrRange) {
				return datum{}, errRange(name)
			}
			// A zero in front makes the number octal, for oid from PostgreSQL 16 on.
			if err != nil || len(digits) > 1 && digits[0] == '0' {
				return datum{}, errNot(what)
			}
			return unsigned(n), nil
		},
		read:       readUnsigned,
		comparison: words,
		ordered:    true,
	}
}

// unsigned puts a number without a sign into the order of those that have one.
func unsigned(n uint64) datum { return datum{word: int64(n ^ 1<<63)} }

func readUnsigned(text []byte) (datum, bool) {
	if len(text) == 0 || len(text) > 20 {
		return datum{}, false
	}
	var n uint64
	for _, c := range text {
		digit := uint64(c - '0')
		if digit > 9 || n > (1<<64-1-digit)/10 {
			return datum{}, false
		}
		n = n*10 + digit
	}
	return unsigned(n), true
}

// lsnClass is of pg_lsn, a position in the write-ahead log: two hexadecimal numbers,
// the second of which has leading zeros from PostgreSQL 19 on.
var lsnClass = &class{
	literal: func(text string) (datum, error) {
		d, ok := readLSN([]byte(text))
		if !ok {
			return datum{}, errNot("a position of the log as in 16/B374D848")
		}
		return d, nil
	},
	read:       readLSN,
	comparison: words,
	ordered:    true,
}

func readLSN(text []byte) (datum, bool) {
	var n uint64
	digits, slashes := 0, 0
	for _, c := range text {
		if c == '/' {
			if digits == 0 {
				return datum{}, false
			}
			slashes++
			digits = 0
			n <<= 32
			continue
		}
		c, ok := lowerHex(c)
		digits++
		if !ok || digits > 8 || slashes > 1 {
			return datum{}, false
		}
		digit := c - '0'
		if c >= 'a' {
			digit = c - 'a' + 10
		}
		// The numbers are of 32 bits each.
		n = n&^(1<<32-1) | (n&(1<<32-1))<<4 | uint64(digit)
	}
	return unsigned(n), slashes == 1 && digits > 0
}
