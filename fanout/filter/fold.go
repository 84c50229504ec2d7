package filter

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"github.com/tablewire/tablewire/protocol/wal"
)

// foldClass is of citext: texts are compared as the database's lower() makes them, and
// so are those that contains, startswith and endswith look at.
func foldClass(f *wal.Folding) *class {
	if f.Unknown != "" {
		return &class{unusable: "how this database folds the case of citext is not known here (" + f.Unknown + "): use isnull, or a column of the type text"}
	}
	folder := newFolder(f)
	return &class{
		literal: func(text string) (datum, error) {
			folded, ok := folder.append(nil, []byte(text))
			if !ok {
				return datum{}, errors.New("has a combining mark: how this database's locale folds the letter before it is not known here")
			}
			return datum{bytes: folded}, nil
		},
		read:       textClass.read,
		comparison: texts,
		ordered:    true,
		fold:       folder.append,
		foldsForm:  true,
	}
}

// lastFold is the class of the folding that was asked for last: there is one for a
// database, and one database for a server.
var lastFold atomic.Pointer[struct {
	of    *wal.Folding
	class *class
}]

func foldClassOf(f *wal.Folding) *class {
	if last := lastFold.Load(); last != nil && last.of == f {
		return last.class
	}
	last := &struct {
		of    *wal.Folding
		class *class
	}{f, foldClass(f)}
	lastFold.Store(last)
	return last.class
}

// folder folds text as a database's lower() does. It is safe for concurrent use.
type folder struct {
	// pages have what characters become, by 256 of them: 0 for themselves, manyRunes for
	// what is in long.
	pages [pagedRunes >> 8]*[256]rune
	long  map[rune]string

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

// append appends a text as it is folded; false if that is not known. Bytes that are
// no UTF-8 stay as they are.
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

// endsWord says whether the character at text[start:end] stands behind a cased one
// and not before one, with ignorable ones looked through (Unicode: Final_Sigma).
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

// skipBack gives the last character that is not in the ranges; of size 0 for none.
func skipBack(text []byte, ranges []wal.RuneRange) (c rune, size int) {
	for {
		c, size = utf8.DecodeLastRune(text)
		if size == 0 || !inRanges(ranges, c) {
			return c, size
		}
		text = text[:len(text)-size]
	}
}

// skipOn gives the first character that is not in the ranges; of size 0 for none.
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

// foldElements folds an array's text element by element: NULL is none.
func foldElements(elem *class) func(dst, text []byte) ([]byte, bool) {
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
			// Escapes are before quotes and backslashes, which no folding touches.
			var ok bool
			if dst, ok = elem.fold(dst, text[r.start:r.end]); !ok {
				return dst, false
			}
		}
		return append(dst, text[copied:]...), true
	}
}

// foldBuffers are for texts that are folded with no index around.
var foldBuffers = sync.Pool{New: func() any { return new([]byte) }}

// matchFolded evaluates the clause for a value of a class that folds.
func (c *clause) matchFolded(text []byte) Result {
	buffer := foldBuffers.Get().(*[]byte)
	folded, ok := c.class.fold((*buffer)[:0], text)
	result := Unknown
	if ok && c.op.onText() {
		result = resultOf(c.matchForm(folded))
	} else if ok {
		result = c.matchRead(c.class.read(folded))
	}
	if cap(folded) <= maxLower {
		*buffer = folded[:0]
		foldBuffers.Put(buffer)
	}
	return result
}
