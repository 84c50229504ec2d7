package value

import (
	"cmp"
	"math"
)

// arrayOpclassOf returns the opclass of arrays whose elements have the opclass elem, which
// must have an order. Arrays are equal if their elements, dimensions and bounds are, and
// ordered as PostgreSQL orders them (manual: Array Functions and Operators). A datum is the
// array's text; each comparison reads it, element by element.
func arrayOpclassOf(elem *Opclass) *Opclass {
	if o := elem.array.Load(); o != nil {
		return o
	}
	o := &Opclass{
		literal: func(text string) (Datum, error) {
			canonical, err := canonicalArray(elem, text)
			return Datum{bytes: canonical}, err
		},
		Read:       func(text []byte) (Datum, bool) { return Datum{bytes: text}, validArray(elem, text) },
		Comparison: arrays(elem),
		ordered:    true,
		unusable:   elem.unusable,
	}
	if elem.fold != nil {
		o.fold = foldElements(elem)
	}
	elem.array.CompareAndSwap(nil, o)
	return elem.array.Load()
}

func arrays(elem *Opclass) *Comparison {
	return &Comparison{
		Compare: func(a, b Datum) int { return compareArrays(elem, a.bytes, b.bytes) },
		Hash:    func(d Datum) uint64 { return hashArray(elem, d.bytes) },
		SortKey: func(d Datum) uint64 { // the first element's
			r := newArrayReader(d.bytes)
			if !r.next() {
				return 0
			}
			first, known := r.read(elem)
			if !known {
				return math.MaxUint64
			}
			return elem.SortKey(first)
		},
	}
}

// compareArrays compares the elements, then their number, then the dimensions and bounds.
func compareArrays(elem *Opclass, a, b []byte) int {
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
			order = elem.Compare(d, e)
		} else { // NULL equals NULL and is greater than all else
			order = cmp.Compare(btoi(known2), btoi(known1))
		}
		if order != 0 {
			return order
		}
	}
}

// btoi is 1 for true and 0 for false, so that cmp can order booleans.
func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func hashArray(elem *Opclass, text []byte) uint64 {
	r := newArrayReader(text)
	h := uint64(0)
	for r.next() {
		if d, known := r.read(elem); known {
			h = Mix(h, elem.Hash(d))
		} else {
			h = Mix(h, 1)
		}
	}
	return h
}
