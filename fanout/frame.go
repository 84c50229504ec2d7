package fanout

import (
	"sync"

	"github.com/tablewire/tablewire/internal/wsframe"
)

// textFrame makes a frame of what is appended to dst, in memory that is used again: so
// the frame is all that is allocated, whatever its length.
func textFrame(appendTo func(dst []byte) []byte) wsframe.Frame {
	s := scratches.Get().(*[]byte)
	*s = appendTo((*s)[:0])
	f := wsframe.Text(*s)
	if cap(*s) <= maxPooledScratch {
		scratches.Put(s)
	}
	return f
}

// maxPooledScratch is the capacity up to which a scratch buffer is kept.
const maxPooledScratch = 256 << 10

var scratches = sync.Pool{New: func() any { return new([]byte) }}
