package filter

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
)

// An address as a datum: word and low are its bits, from the first, and bytes is one
// byte of prefixes, which says the family and how long the network's prefix is. The
// order is PostgreSQL's: by family, by the network, by the prefix's length, by the rest.
var (
	addresses = &comparison{compare: compareAddresses, hash: hashAddress, rank: rankAddress}

	inetClass = &class{
		literal: func(text string) (datum, error) {
			d, ok := readAddress([]byte(text))
			if !ok {
				return datum{}, errNot("an address as in 192.168.0.1, 192.168.0.0/24 or 2001:db8::1")
			}
			return d, nil
		},
		read:       readAddress,
		comparison: addresses,
		ordered:    true,
		form:       addressForm,
	}

	cidrClass = &class{
		literal: func(text string) (datum, error) {
			d, ok := readAddress([]byte(text))
			if !ok {
				return datum{}, errNot("a network as in 192.168.0.0/24 or 2001:db8::/32")
			}
			if network(d, prefixLength(d)) != (address{d.word, d.low}) {
				return datum{}, errors.New("has bits set to the right of its mask")
			}
			return d, nil
		},
		read:       readAddress,
		comparison: addresses,
		ordered:    true,
	}

	// macaddrClass compares the text that PostgreSQL prints: lower-case digits with
	// the colons always at the same places have the order of the bytes.
	macaddrClass  = hardwareClass(6, "a hardware address as in 08:00:2b:01:02:03")
	macaddr8Class = hardwareClass(8, "a hardware address as in 08:00:2b:01:02:03:04:05")
)

// addressForm is inet's cast to text, which always has the prefix's length; what
// PostgreSQL prints leaves that of a whole address out.
func addressForm(text []byte) []byte {
	switch {
	case bytes.IndexByte(text, '/') >= 0:
		return text
	case bytes.IndexByte(text, ':') >= 0:
		return append(slices.Clip(text), "/128"...)
	}
	return append(slices.Clip(text), "/32"...)
}

// prefixes[n] is n: an IPv4 prefix has its length, an IPv6 one firstIPv6 and its length.
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

// address is the bits of an address, IPv4's at the beginning.
type address struct{ high, low int64 }

func isIPv6(d datum) bool { return d.bytes[0] >= firstIPv6 }

func prefixLength(d datum) int {
	if isIPv6(d) {
		return int(d.bytes[0]) - firstIPv6
	}
	return int(d.bytes[0])
}

// network is an address with no more than its first n bits.
func network(d datum, n int) address {
	high := uint64(d.word) &^ (1<<(64-min(n, 64)) - 1)
	low := uint64(0)
	if n > 64 {
		low = uint64(d.low) &^ (1<<(bitsIPv6-n) - 1)
	}
	return address{int64(high), int64(low)}
}

func compareAddresses(a, b datum) int {
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

func hashAddress(d datum) uint64 { return mix(hashPair(d), uint64(d.bytes[0])) }

// rankAddress has the family in its first bit, and the network behind it.
func rankAddress(d datum) uint64 {
	rank := uint64(network(d, prefixLength(d)).high) >> 1
	if isIPv6(d) {
		rank |= 1 << 63
	}
	return rank
}

// readAddress reads an address with or without its prefix's length. Short forms such
// as 10/8 are not read.
func readAddress(text []byte) (datum, bool) {
	text, length, hasLength := bytes.Cut(text, []byte{'/'})
	var d datum
	var ok bool
	first, most := 0, bitsIPv4
	if bytes.IndexByte(text, ':') >= 0 {
		d, ok = readIPv6(text)
		first, most = firstIPv6, bitsIPv6
	} else {
		var v4 uint32
		v4, ok = readIPv4(text)
		d.word = int64(uint64(v4) << 32)
	}
	n := int64(most)
	if hasLength {
		c := cursor{text: length}
		var digits bool
		n, digits = c.number(1, 3)
		ok = ok && digits && c.done() && n <= int64(most) && (len(length) == 1 || length[0] != '0')
	}
	if !ok {
		return datum{}, false
	}
	at := first + int(n)
	d.bytes = prefixes[at : at+1]
	return d, true
}

// readIPv4 reads four decimal numbers with points between them.
func readIPv4(text []byte) (v4 uint32, ok bool) {
	c := cursor{text: text}
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

// groupsIPv6 is how many groups of 16 bits an address has.
const groupsIPv6 = 8

// readIPv6 reads hexadecimal groups with colons between them, of which :: stands for
// as many zeros as are missing; the last two may be written as IPv4.
func readIPv6(text []byte) (datum, bool) {
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
			return datum{}, false
		}
		groups[n] = group
		n++
		if end < 0 {
			break
		}
		text = text[end+1:]
		switch {
		case len(text) == 0:
			return datum{}, false // a colon at the end
		case text[0] == ':' && gap >= 0:
			return datum{}, false // a second gap
		case text[0] == ':':
			text, gap = text[1:], n
		}
	}
	if (gap < 0) != (n == groupsIPv6) {
		return datum{}, false
	}
	if gap >= 0 {
		moved := copy(groups[groupsIPv6-(n-gap):], groups[gap:n])
		clear(groups[gap : groupsIPv6-moved])
	}
	var halves [2]uint64
	for i, group := range groups {
		halves[i/4] = halves[i/4]<<16 | uint64(group)
	}
	return datum{word: int64(halves[0]), low: int64(halves[1])}, true
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

// hardwareClass is of addresses of some bytes.
func hardwareClass(size int, what string) *class {
	length := 3*size - 1
	return &class{
		literal: func(text string) (datum, error) {
			text = trimBlanks(text)
			canonical := make([]byte, 0, length)
			for i := range len(text) {
				c, ok := lowerHex(text[i])
				if i%3 == 2 {
					// The separator is the same all the way.
					c, ok = ':', (text[i] == ':' || text[i] == '-') && text[i] == text[2]
				}
				if !ok {
					return datum{}, errNot(what)
				}
				canonical = append(canonical, c)
			}
			if len(canonical) != length {
				return datum{}, errNot(what)
			}
			return datum{bytes: canonical}, nil
		},
		read:       func(text []byte) (datum, bool) { return datum{bytes: text}, len(text) == length },
		comparison: texts,
		ordered:    true,
	}
}
