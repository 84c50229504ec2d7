package fanout

import (
	"sync"

	"github.com/tablewire/tablewire/internal/wsframe"
)

// textFrame builds a text frame of the message that appendTo appends. It encodes into a
// pooled buffer, so the frame is all that it allocates.
func textFrame(appendTo func(dst []byte) []byte) wsframe.Frame {
	s := scratchPool.Get().(*[]byte)
	*s = appendTo((*s)[:0])
	f := wsframe.Text(*s)
	if cap(*s) <= maxPooledScratch {
		scratchPool.Put(s)
	}
	return f
}

// maxPooledScratch is the capacity in bytes up to which the pool keeps a buffer.
const maxPooledScratch = 256 << 10

var scratchPool = sync.Pool{New: func() any { return new([]byte) }}
