package value

import (
	"errors"
	"slices"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"github.com/tablewire/tablewire/protocol/wal"
)

// newFoldOpclass returns the opclass of citext (manual: citext): it compares texts after the
// database's lower(), and contains, startswith and endswith look at that form, too.
func newFoldOpclass(f *wal.Folding) *Opclass {
	if f.Unknown != "" {
		return &Opclass{unusable: "how this database folds the case of citext is not known here (" + f.Unknown + "): use isnull, or a column of the type text"}
	}
	folder := newFolder(f)
	return &Opclass{
		literal: func(text string) (Datum, error) {
			folded, ok := folder.append(nil, []byte(text))
			if !ok {
				return Datum{}, errors.New("has a combining mark: how this database's locale folds the letter before it is not known here")
			}
			return Datum{bytes: folded}, nil
		},
		Read:       Text.Read,
		Comparison: texts,
		ordered:    true,
		fold:       folder.append,
		foldsText:  true,
	}
}

// lastFold is the opclass of the folding that somebody asked for last. A server follows one
// database, and a database folds in one way, so that one is enough.
var lastFold atomic.Pointer[struct {
	of      *wal.Folding
	opclass *Opclass
}]

func foldOpclassOf(f *wal.Folding) *Opclass {
	if last := lastFold.Load(); last != nil && last.of == f {
		return last.opclass
	}
	last := &struct {
		of      *wal.Folding
		opclass *Opclass
	}{f, newFoldOpclass(f)}
	lastFold.Store(last)
	return last.opclass
}

// folder folds text as a database's lower() does. It is never altered, and safe for concurrent
// use.
type folder struct {
	// pages[c>>8][c&0xff] is what the character c becomes: 0 if it stays, manyRunes if long
	// has it. A page in which all stay is nil.
	pages [pagedRunes >> 8]*[256]rune
	long  map[rune]string // what becomes several characters, or is beyond the pages

	*wal.Folding
}

const (
	pagedRunes = 0x20000
	manyRunes  = -1

	sigma      = 'Σ'
	finalSigma = 'ς'
)

func newFolder(f *wal.Folding) *folder {
	d := &folder{long: map[rune]string{}, Folding: f}
	for from, to := range f.Lower {
		c, size := utf8.DecodeRuneInString(to)
		if size != len(to) || from >= pagedRunes {
			d.long[from], c = to, manyRunes
		}
		if from >= pagedRunes {
			continue
		}
		if d.pages[from>>8] == nil {
			d.pages[from>>8] = new([256]rune)
		}
		d.pages[from>>8][from&0xff] = c
	}
	return d
}

// append appends a text in its folded form. It returns false if that form is not known. Bytes
// that are not UTF-8 stay as they are.
func (d *folder) append(dst, text []byte) ([]byte, bool) {
	for i := 0; i < len(text); {
		c, size := rune(text[i]), 1
		if c >= utf8.RuneSelf {
			c, size = utf8.DecodeRune(text[i:])
		}
		switch {
		case c == utf8.RuneError && size == 1:
			dst = append(dst, text[i])
		case c == sigma && d.FinalSigma && d.endsWord(text, i, i+size):
			dst = utf8.AppendRune(dst, finalSigma)
		case d.Marks && c >= utf8.RuneSelf && unicode.Is(unicode.M, c):
			return dst, false
		default:
			dst = d.appendRune(dst, c)
		}
		i += size
	}
	return dst, true
}

func (d *folder) appendRune(dst []byte, c rune) []byte {
	to := rune(0)
	if c < pagedRunes {
		if page := d.pages[c>>8]; page != nil {
			to = page[c&0xff]
		}
	} else if _, ok := d.long[c]; ok {
		to = manyRunes
	}
	switch {
	case to == 0 && c < utf8.RuneSelf:
		return append(dst, byte(c))
	case to == 0:
		return utf8.AppendRune(dst, c)
	case to == manyRunes:
		return append(dst, d.long[c]...)
	}
	return utf8.AppendRune(dst, to)
}

// endsWord reports whether the character text[start:end] stands behind a cased character and
// not before one, where ignorable characters between them don't count (Unicode, 3.13:
// Final_Sigma).
func (d *folder) endsWord(text []byte, start, end int) bool {
	before, size := skipBack(text[:start], d.Ignorable)
	switch {
	case size == 0 && (start == 0 || !d.IgnorableStart):
		return false
	case size > 0 && !inRanges(d.Cased, before):
		return false
	}
	after, size := skipOn(text[end:], d.Ignorable)
	return size == 0 || !inRanges(d.Cased, after)
}

// skipBack returns the last character that is not in the ranges. The size is 0 if there is none.
func skipBack(text []byte, ranges []wal.RuneRange) (c rune, size int) {
	for {
		c, size = utf8.DecodeLastRune(text)
		if size == 0 || !inRanges(ranges, c) {
			return c, size
		}
		text = text[:len(text)-size]
	}
}

// skipOn returns the first character that is not in the ranges. The size is 0 if there is none.
func skipOn(text []byte, ranges []wal.RuneRange) (c rune, size int) {
	for {
		c, size = utf8.DecodeRune(text)
		if size == 0 || !inRanges(ranges, c) {
			return c, size
		}
		text = text[size:]
	}
}

func inRanges(ranges []wal.RuneRange, c rune) bool {
	_, found := slices.BinarySearchFunc(ranges, c, func(r wal.RuneRange, c rune) int {
		switch {
		case c < r.First:
			return 1
		case c > r.Last:
			return -1
		}
		return 0
	})
	return found
}

// foldElements folds an array's text, element by element. An unquoted NULL stays.
func foldElements(elem *Opclass) func(dst, text []byte) ([]byte, bool) {
	return func(dst, text []byte) ([]byte, bool) {
		r := newArrayReader(text)
		copied := 0
		for r.next() {
			dst = append(dst, text[copied:r.start]...)
			copied = r.end
			if r.null {
				dst = append(dst, text[r.start:r.end]...)
				continue
			}
			// Escapes stand before quotes and backslashes, which no folding alters.
			var ok bool
			if dst, ok = elem.fold(dst, text[r.start:r.end]); !ok {
				return dst, false
			}
		}
		return append(dst, text[copied:]...), true
	}
}
