package pgtext

import (
	"slices"

	"github.com/tablewire/tablewire/protocol/wal"
)

// Check returns a function that reports whether a value fits a type that may have been
// altered since it was read from the catalog: whether the labels of enums are known, and
// whether composites have as many fields as they should. It returns nil for a type without
// enums and composites. The function is for one goroutine at a time.
func Check(t wal.Type) func(text []byte) bool {
	if !alterable(t) {
		return nil
	}
	c := &checker{}
	walk := maker{c}.encoder(t)
	return func(text []byte) bool {
		c.misfit = false
		c.scratch = walk(c.scratch[:0], text)
		if cap(c.scratch) > maxScratch {
			c.scratch = nil
		}
		return !c.misfit
	}
}

// alterable reports whether a type is, or is made of, enums or composites.
func alterable(t wal.Type) bool {
	return t.Kind == wal.KindEnum || t.Kind == wal.KindComposite || t.Elem != nil && alterable(*t.Elem)
}

// maxScratch is the size of the largest buffer, in bytes, that a check keeps.
const maxScratch = 64 << 10

// checker collects what encoders find that does not fit; what they write is discarded.
type checker struct {
	misfit  bool
	scratch []byte // for quoted values
}

func (c *checker) enum(labels []string) encoder {
	return func(dst, text []byte) []byte {
		if !slices.Contains(labels, string(text)) {
			c.misfit = true
		}
		return dst
	}
}

func skip(dst, _ []byte) []byte { return dst }
