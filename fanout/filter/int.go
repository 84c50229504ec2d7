package filter

import (
	"errors"
	"math"
	"strconv"

	"github.com/tablewire/tablewire/protocol"
)

func intClass(t *protocol.Type) *class {
	bits, name := t.Bits, t.String()
	return &class{
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
		read:    readInt,
		compare: compareWords,
		ordered: true,
	}
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
