package pgtext

import "math"

// ewkb reads the text form of a geometry: binary in hexadecimal digits (PostGIS: EWKB).
type ewkb struct {
	text      []byte
	bigEndian bool
}

// byteAt reads the byte of the two digits at text[2*i].
func (g *ewkb) byteAt(i int) (b uint64, ok bool) {
	high, low := digitValues[g.text[2*i]], digitValues[g.text[2*i+1]]
	return uint64(high<<4 | low), high|low <= 0xf
}

// digitValues are the values of hexadecimal digits, and 0xff for any other byte.
var digitValues = func() (values [256]byte) {
	for i := range values {
		values[i] = 0xff
	}
	for i := range byte(10) {
		values['0'+i] = i
	}
	for i := range byte(6) {
		values['A'+i], values['a'+i] = 10+i, 10+i
	}
	return values
}()

// word reads a word of so many bytes.
func (g *ewkb) word(size int) (w uint64, ok bool) {
	if len(g.text) < 2*size {
		return 0, false
	}
	for i := range size {
		b, ok := g.byteAt(i)
		if !ok {
			return 0, false
		}
		if g.bigEndian {
			w = w<<8 | b
		} else {
			w |= b << (8 * i)
		}
	}
	g.text = g.text[2*size:]
	return w, true
}

func (g *ewkb) uint32() (uint32, bool) {
	w, ok := g.word(4)
	return uint32(w), ok
}

func (g *ewkb) float64() (float64, bool) {
	w, ok := g.word(8)
	return math.Float64frombits(w), ok
}

// count reads how many things follow, each of size bytes at least.
func (g *ewkb) count(size int) (int, bool) {
	n, ok := g.uint32()
	return int(n), ok && uint64(n)*uint64(size)*2 <= uint64(len(g.text))
}

// kind reads, without consuming it, which type of geometry follows.
func (g *ewkb) kind() (uint32, bool) {
	look := *g
	s, ok := look.readHeader()
	return s.kind, ok
}
