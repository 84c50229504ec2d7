package value

import (
	"bytes"
	"cmp"
	"strings"
)

// maxDimensions is PostgreSQL's limit (MAXDIM).
const maxDimensions = 6

// shape is an array's dimensions: their number, their lengths, and their lower bounds.
type shape struct {
	dimensions     int
	lengths, lower [maxDimensions]int64
}

func (s *shape) compare(t *shape) int {
	if order := cmp.Compare(s.dimensions, t.dimensions); order != 0 {
		return order
	}
	for i := range s.dimensions {
		if order := cmp.Compare(s.lengths[i], t.lengths[i]); order != 0 {
			return order
		}
	}
	for i := range s.dimensions {
		if order := cmp.Compare(s.lower[i], t.lower[i]); order != 0 {
			return order
		}
	}
	return 0
}

// arrayReader reads an array as PostgreSQL prints it (manual: Arrays), one element a call of
// next:
//
//	array    = [ 1*( "[" lower ":" upper "]" ) "=" ] braces
//	braces   = "{" [ item *( "," item ) ] "}"
//	item     = braces | "NULL" | element | DQUOTE escaped-element DQUOTE
//
// When next has returned false, shape is complete and valid says whether the text was an
// array at all.
type arrayReader struct {
	text  []byte
	at    int
	depth int
	// counts[i] is the number of items so far in the open braces at depth i+1.
	counts [maxDimensions]int64
	shape  shape
	valid  bool

	start, end   int // of the present element: text[start:end]
	null, quoted bool
}

func newArrayReader(text []byte) arrayReader {
	r := arrayReader{text: text}
	for i := range r.shape.lower {
		r.shape.lower[i] = 1
	}
	bounds := scanner{text: text}
	for i := 0; bounds.skip('[') && i < maxDimensions; i++ {
		negative := bounds.skip('-')
		n, _ := bounds.number(1, 10)
		r.shape.lower[i] = signed(n, negative)
		for bounds.at < len(text) && text[bounds.at] != ']' {
			bounds.at++
		}
		bounds.skip(']')
	}
	if bounds.at > 0 {
		bounds.skip('=')
	}
	r.at = bounds.at
	return r
}

func (r *arrayReader) peek() byte {
	if r.at == len(r.text) {
		return 0
	}
	return r.text[r.at]
}

// next goes to the next element. It returns false at the end, and where the text is no array.
func (r *arrayReader) next() bool {
	for {
		switch c := r.peek(); {
		case c == '{' && r.depth < maxDimensions:
			r.at++
			r.depth++
			r.shape.dimensions = max(r.shape.dimensions, r.depth)
			r.counts[r.depth-1] = 0
			if r.peek() == '}' && r.depth == 1 { // the empty array has no dimensions
				r.at++
				r.shape.dimensions = 0
				r.valid = r.at == len(r.text)
				return false
			}
		case c == '}' && r.depth > 0:
			if !r.close() {
				return false
			}
		case c == ',' && r.depth > 0:
			r.at++
		case c == 0 || r.depth == 0:
			return false
		default:
			return r.item()
		}
	}
}

// close ends the innermost braces. It returns false at the array's end, and where the braces
// have another number of items than those before them at the same depth.
func (r *arrayReader) close() bool {
	r.at++
	length := &r.shape.lengths[r.depth-1]
	if *length != 0 && *length != r.counts[r.depth-1] {
		return false
	}
	*length = r.counts[r.depth-1]
	r.depth--
	if r.depth == 0 {
		r.valid = r.at == len(r.text)
		return false
	}
	r.counts[r.depth-1]++
	return true
}

// item reads the element that begins here.
func (r *arrayReader) item() bool {
	r.counts[r.depth-1]++
	r.null, r.quoted = false, r.peek() == '"'
	if r.quoted {
		r.start = r.at + 1
		r.at = skipString(r.text, r.at)
		r.end = r.at - 1
		return r.end >= r.start
	}
	r.start = r.at
	for r.at < len(r.text) && strings.IndexByte(`,{}"\`, r.text[r.at]) < 0 {
		r.at++
	}
	r.end = r.at
	r.null = string(r.text[r.start:r.end]) == "NULL"
	return r.end > r.start
}

// element returns the present element's text. It allocates only to take out backslashes.
func (r *arrayReader) element() []byte {
	text := r.text[r.start:r.end]
	if !r.quoted || bytes.IndexByte(text, '\\') < 0 {
		return text
	}
	plain := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		plain = append(plain, text[i])
	}
	return plain
}

// read returns the present element as a datum, or false if it is NULL.
func (r *arrayReader) read(elem *Opclass) (Datum, bool) {
	if r.null {
		return Datum{}, false
	}
	d, _ := elem.Read(r.element())
	return d, true
}

// validArray reports whether a text is an array whose elements the opclass elem reads.
func validArray(elem *Opclass, text []byte) bool {
	r := newArrayReader(text)
	for r.next() {
		if r.null {
			continue
		}
		if _, ok := elem.Read(r.element()); !ok {
			return false
		}
	}
	return r.valid
}
