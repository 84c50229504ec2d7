package filter

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// arrayOf is the class of arrays of a class that has an order: they are equal where
// their elements and dimensions are, and ordered as PostgreSQL does. A datum is the
// text, read element by element when it is compared.
func arrayOf(elem *class) *class {
	if c := elem.array.Load(); c != nil {
		return c
	}
	c := &class{
		literal: func(text string) (datum, error) {
			canonical, err := canonicalArray(elem, text)
			return datum{bytes: canonical}, err
		},
		read:       func(text []byte) (datum, bool) { return datum{bytes: text}, validArray(elem, text) },
		comparison: arrays(elem),
		ordered:    true,
		unusable:   elem.unusable,
	}
	if elem.fold != nil {
		c.fold = foldElements(elem)
	}
	elem.array.CompareAndSwap(nil, c)
	return elem.array.Load()
}

func arrays(elem *class) *comparison {
	return &comparison{
		compare: func(a, b datum) int { return compareArrays(elem, a.bytes, b.bytes) },
		hash:    func(d datum) uint64 { return hashArray(elem, d.bytes) },
		rank: func(d datum) uint64 { // that of the first element
			r := newArrayReader(d.bytes)
			if !r.next() {
				return 0
			}
			first, known := r.read(elem)
			if !known {
				return math.MaxUint64
			}
			return elem.rank(first)
		},
	}
}

// compareArrays compares the elements, then their number, then the dimensions.
func compareArrays(elem *class, a, b []byte) int {
	r, s := newArrayReader(a), newArrayReader(b)
	for {
		more1, more2 := r.next(), s.next()
		if !more1 || !more2 {
			if order := cmp.Compare(btoi(more1), btoi(more2)); order != 0 {
				return order
			}
			return r.shape.compare(&s.shape)
		}
		d, known1 := r.read(elem)
		e, known2 := s.read(elem)
		var order int
		if known1 && known2 {
			order = elem.compare(d, e)
		} else { // NULL is equal to NULL, and greater than all else
			order = cmp.Compare(btoi(known2), btoi(known1))
		}
		if order != 0 {
			return order
		}
	}
}

// btoi is 1 for true, so that booleans can be ordered.
func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func hashArray(elem *class, text []byte) uint64 {
	r := newArrayReader(text)
	h := uint64(0)
	for r.next() {
		if d, known := r.read(elem); known {
			h = mix(h, elem.hash(d))
		} else {
			h = mix(h, 1)
		}
	}
	return h
}

func validArray(elem *class, text []byte) bool {
	r := newArrayReader(text)
	for r.next() {
		if r.null {
			continue
		}
		if _, ok := elem.read(r.element()); !ok {
			return false
		}
	}
	return r.valid
}

// maxDimensions is how many an array may have.
const maxDimensions = 6

// shape is an array's dimensions: how many there are, their lengths, and the indexes
// of their first elements.
type shape struct {
	dimensions     int
	lengths, first [maxDimensions]int64
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
		if order := cmp.Compare(s.first[i], t.first[i]); order != 0 {
			return order
		}
	}
	return 0
}

// arrayReader reads the elements of an array's text:
//
//	array    = [ 1*( "[" first ":" last "]" ) "=" ] braces
//	braces   = "{" [ item *( "," item ) ] "}"
//	item     = braces | "NULL" | element | DQUOTE escaped-element DQUOTE
//
// At the end its shape is known, and whether the text was an array at all.
type arrayReader struct {
	text  []byte
	at    int
	depth int
	// counts are the items of the braces that are open, by depth.
	counts [maxDimensions]int64
	shape  shape
	valid  bool

	start, end   int // of the element
	null, quoted bool
}

func newArrayReader(text []byte) arrayReader {
	r := arrayReader{text: text}
	for i := range r.shape.first {
		r.shape.first[i] = 1
	}
	bounds := cursor{text: text}
	for i := 0; bounds.skip('[') && i < maxDimensions; i++ {
		negative := bounds.skip('-')
		n, _ := bounds.number(1, 10)
		r.shape.first[i] = signed(n, negative)
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

// next goes to the next element; false at the end.
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

// close ends the innermost braces; false at the array's end, or where they have not
// as many items as others.
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

// item reads an element.
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

// element is the element's text. It allocates only to take out backslashes.
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

// read gives the element as a datum; false for NULL.
func (r *arrayReader) read(elem *class) (datum, bool) {
	if r.null {
		return datum{}, false
	}
	d, _ := elem.read(r.element())
	return d, true
}

// canonicalArray reads a literal and writes it as the reader takes it. It takes
// blanks around items, and no bounds. The error names the element that is not of its
// type.
func canonicalArray(elem *class, text string) ([]byte, error) {
	var canonical []byte
	for rest := trimBlanks(text); rest != ""; rest = strings.TrimLeft(rest, arrayBlanks) {
		switch rest[0] {
		case '{', '}', ',':
			canonical = append(canonical, rest[0])
			rest = rest[1:]
			continue
		}
		item, quoted, after, ok := cutItem(rest)
		if !ok || len(canonical) == 0 || canonical[len(canonical)-1] == '"' {
			return nil, errArray
		}
		rest = after
		if !quoted && strings.EqualFold(item, "NULL") {
			canonical = append(canonical, "NULL"...)
			continue
		}
		d, err := elem.literal(item)
		if err != nil {
			return nil, fmt.Errorf("can't be read: its element %s %w", literal{formString, item}, err)
		}
		spelt := spell(elem, d, item)
		if same, ok := elem.read(spelt); !ok || elem.compare(same, d) != 0 {
			return nil, errArray
		}
		canonical = appendQuoted(canonical, spelt)
	}
	if !wellFormed(canonical) || !validArray(elem, canonical) {
		return nil, errArray
	}
	return canonical, nil
}

var errArray = errNot("an array as in {1,2,NULL}, its elements of the type")

const arrayBlanks = " \t\n\v\f\r"

// cutItem takes the item off a literal's text that begins with one.
func cutItem(text string) (item string, quoted bool, rest string, ok bool) {
	if text[0] != '"' {
		end := strings.IndexAny(text, `,{}"\`)
		if end < 0 {
			return "", false, "", false
		}
		return strings.TrimRight(text[:end], arrayBlanks), false, text[end:], text[end] != '"' && text[end] != '\\' && text[end] != '{'
	}
	end := skipString([]byte(text), 0)
	if end < 2 || text[end-1] != '"' {
		return "", false, "", false
	}
	r := arrayReader{text: []byte(text), start: 1, end: end - 1, quoted: true}
	return string(r.element()), true, text[end:], true
}

// wellFormed says that commas stand between items and nowhere else, and that all
// items are as deep.
func wellFormed(array []byte) bool {
	depth, deepest := 0, -1
	before := byte(0)
	for i := 0; i < len(array); i++ {
		c := array[i]
		starts := before == 0 && i == 0 || before == '{' || before == ','
		switch c {
		case '{':
			if !starts {
				return false
			}
			depth++
		case '}':
			if before == ',' || before == '{' && len(array) > 2 {
				return false
			}
			depth--
		case ',':
			if starts {
				return false
			}
		default:
			if !starts || deepest >= 0 && deepest != depth {
				return false
			}
			deepest = depth
			if c == '"' {
				i = skipString(array, i) - 1
			} else {
				i += len("NULL") - 1
			}
		}
		before = c
	}
	return depth == 0 && len(array) > 0
}

// spell writes an element so that the class reads it.
func spell(elem *class, d datum, literal string) []byte {
	switch {
	case elem == boolClass:
		return []byte("ft"[d.word : d.word+1])
	case elem == smallintClass || elem == integerClass || elem == bigintClass:
		return strconv.AppendInt(nil, d.word, 10)
	case elem.comparison == texts:
		return d.bytes
	}
	return []byte(trimBlanks(literal))
}

func appendQuoted(dst, text []byte) []byte {
	dst = append(dst, '"')
	for _, c := range text {
		if c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}
