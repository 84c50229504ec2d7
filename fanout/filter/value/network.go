package value

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
)

// An address as a datum: word has its first 64 bits, low the next 64. bytes is one byte of
// prefixes, which says the family and the prefix's length. PostgreSQL orders addresses by family, by
// network, by the prefix's length, then by all bits.
var (
	addresses = &Comparison{Compare: compareAddresses, Hash: hashAddress, SortKey: sortKeyOfAddress}

	inetOpclass = &Opclass{
		literal: func(text string) (Datum, error) {
			d, ok := readAddress([]byte(text))
			if !ok {
				return Datum{}, errNot("an address as in 192.168.0.1, 192.168.0.0/24 or 2001:db8::1")
			}
			return d, nil
		},
		Read:       readAddress,
		Comparison: addresses,
		ordered:    true,
		castText:   addressText,
	}

	cidrOpclass = &Opclass{
		literal: func(text string) (Datum, error) {
			d, ok := readAddress([]byte(text))
			if !ok {
				return Datum{}, errNot("a network as in 192.168.0.0/24 or 2001:db8::/32")
			}
			if network(d, prefixLength(d)) != (address{d.word, d.low}) {
				return Datum{}, errors.New("has bits set to the right of its mask")
			}
			return d, nil
		},
		Read:       readAddress,
		Comparison: addresses,
		ordered:    true,
	}

	// Hardware addresses are compared as the text that PostgreSQL prints. Its digits are in
	// lower case and its colons always at the same places, so texts have the order of the bytes.
	macaddrOpclass  = newHardwareOpclass(6, "a hardware address as in 08:00:2b:01:02:03")
	macaddr8Opclass = newHardwareOpclass(8, "a hardware address as in 08:00:2b:01:02:03:04:05")
)

// addressText is inet's cast to text. It always has the prefix's length, which PostgreSQL
// does not print for a whole address.
func addressText(text []byte) []byte {
	switch {
	case bytes.IndexByte(text, '/') >= 0:
		return text
	case bytes.IndexByte(text, ':') >= 0:
		return append(slices.Clip(text), "/128"...)
	}
	return append(slices.Clip(text), "/32"...)
}

// prefixes[n] is n. It stands for IPv4 and a prefix of n bits or, from firstIPv6 on, for IPv6
// and a prefix of n-firstIPv6 bits. A datum's bytes point into it, so that reading an address
// does not allocate.
var prefixes = func() (all [firstIPv6 + bitsIPv6 + 1]byte) {
	for i := range all {
		all[i] = byte(i)
	}
	return all
}()

const (
	bitsIPv4, bitsIPv6 = 32, 128
	firstIPv6          = bitsIPv4 + 1
)

// address is the bits of an address. IPv4 has the first 32.
type address struct{ high, low int64 }

func isIPv6(d Datum) bool { return d.bytes[0] >= firstIPv6 }

func prefixLength(d Datum) int {
	if isIPv6(d) {
		return int(d.bytes[0]) - firstIPv6
	}
	return int(d.bytes[0])
}

// network returns the first n bits of an address, and zeros behind them.
func network(d Datum, n int) address {
	high := uint64(d.word) &^ (1<<(64-min(n, 64)) - 1)
	low := uint64(0)
	if n > 64 {
		low = uint64(d.low) &^ (1<<(bitsIPv6-n) - 1)
	}
	return address{int64(high), int64(low)}
}

func compareAddresses(a, b Datum) int {
	if a6, b6 := isIPv6(a), isIPv6(b); a6 != b6 {
		if a6 {
			return 1
		}
		return -1
	}
	m, n := prefixLength(a), prefixLength(b)
	shared := min(m, n)
	return cmp.Or(network(a, shared).compare(network(b, shared)), cmp.Compare(m, n), address{a.word, a.low}.compare(address{b.word, b.low}))
}

func (a address) compare(b address) int {
	return cmp.Or(cmp.Compare(uint64(a.high), uint64(b.high)), cmp.Compare(uint64(a.low), uint64(b.low)))
}

func hashAddress(d Datum) uint64 { return Mix(hashWordPair(d), uint64(d.bytes[0])) }

// sortKeyOfAddress returns a key with the family in the first bit, and then the first 63 bits of
// the network.
func sortKeyOfAddress(d Datum) uint64 {
	key := uint64(network(d, prefixLength(d)).high) >> 1
	if isIPv6(d) {
		key |= 1 << 63
	}
	return key
}

// readAddress reads an address with or without its prefix's length. It does not read short
// forms such as 10/8.
func readAddress(text []byte) (Datum, bool) {
	text, length, hasLength := bytes.Cut(text, []byte{'/'})
	var d Datum
	var ok bool
	first, limit := 0, bitsIPv4
	if bytes.IndexByte(text, ':') >= 0 {
		d, ok = readIPv6(text)
		first, limit = firstIPv6, bitsIPv6
	} else {
		var v4 uint32
		v4, ok = readIPv4(text)
		d.word = int64(uint64(v4) << 32)
	}
	n := int64(limit)
	if hasLength {
		c := scanner{text: length}
		var digits bool
		n, digits = c.number(1, 3)
		ok = ok && digits && c.done() && n <= int64(limit) && (len(length) == 1 || length[0] != '0')
	}
	if !ok {
		return Datum{}, false
	}
	at := first + int(n)
	d.bytes = prefixes[at : at+1]
	return d, true
}

// readIPv4 reads four decimal numbers with points between them.
func readIPv4(text []byte) (v4 uint32, ok bool) {
	c := scanner{text: text}
	for i := range 4 {
		if i > 0 && !c.skip('.') {
			return 0, false
		}
		start := c.at
		n, ok := c.number(1, 3)
		if !ok || n > 255 || c.at-start > 1 && text[start] == '0' {
			return 0, false
		}
		v4 = v4<<8 | uint32(n)
	}
	return v4, c.done()
}

// groupsIPv6 is how many groups of 16 bits an IPv6 address has.
const groupsIPv6 = 8

// readIPv6 reads hexadecimal groups with colons between them (RFC 4291, 2.2). A :: stands for
// the zero groups that are missing, and the last two groups may be written as IPv4.
func readIPv6(text []byte) (Datum, bool) {
	var groups [groupsIPv6]uint16
	n, gap := 0, -1
	if bytes.HasPrefix(text, []byte("::")) {
		text, gap = text[2:], 0
	}
	for len(text) > 0 {
		end := bytes.IndexByte(text, ':')
		part := text
		if end >= 0 {
			part = text[:end]
		}
		if v4, ok := readIPv4(part); ok && end < 0 && n <= groupsIPv6-2 {
			groups[n], groups[n+1] = uint16(v4>>16), uint16(v4)
			n += 2
			break
		}
		group, ok := readHexGroup(part)
		if !ok || n == groupsIPv6 {
			return Datum{}, false
		}
		groups[n] = group
		n++
		if end < 0 {
			break
		}
		text = text[end+1:]
		switch {
		case len(text) == 0:
			return Datum{}, false // a colon at the end
		case text[0] == ':' && gap >= 0:
			return Datum{}, false // a second gap
		case text[0] == ':':
			text, gap = text[1:], n
		}
	}
	if (gap < 0) != (n == groupsIPv6) {
		return Datum{}, false
	}
	if gap >= 0 {
		moved := copy(groups[groupsIPv6-(n-gap):], groups[gap:n])
		clear(groups[gap : groupsIPv6-moved])
	}
	var halves [2]uint64
	for i, group := range groups {
		halves[i/4] = halves[i/4]<<16 | uint64(group)
	}
	return Datum{word: int64(halves[0]), low: int64(halves[1])}, true
}

func readHexGroup(text []byte) (group uint16, ok bool) {
	if len(text) == 0 || len(text) > 4 {
		return 0, false
	}
	for _, b := range text {
		digit, ok := lowerHex(b)
		if !ok {
			return 0, false
		}
		n := digit - '0'
		if digit >= 'a' {
			n = digit - 'a' + 10
		}
		group = group<<4 | uint16(n)
	}
	return group, true
}

// newHardwareOpclass returns the opclass of hardware addresses of size bytes. what describes
// one to a client.
func newHardwareOpclass(size int, what string) *Opclass {
	length := 3*size - 1
	return &Opclass{
		literal: func(text string) (Datum, error) {
			text = trimBlanks(text)
			canonical := make([]byte, 0, length)
			for i := range len(text) {
				c, ok := lowerHex(text[i])
				if i%3 == 2 {
					// The separator is the same all the way.
					c, ok = ':', (text[i] == ':' || text[i] == '-') && text[i] == text[2]
				}
				if !ok {
					return Datum{}, errNot(what)
				}
				canonical = append(canonical, c)
			}
			if len(canonical) != length {
				return Datum{}, errNot(what)
			}
			return Datum{bytes: canonical}, nil
		},
		Read:       func(text []byte) (Datum, bool) { return Datum{bytes: text}, len(text) == length },
		Comparison: texts,
		ordered:    true,
	}
}
