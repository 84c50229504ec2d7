package fanout

import (
	"sync"

	"github.com/tablewire/tablewire/protocol"
)

// encoding holds the frames of one change, one for each name under which a
// collection is subscribed to, so that every shard's nodes share them.
type encoding struct {
	mu     sync.Mutex
	frames []namedFrame
}

type namedFrame struct {
	label string
	frame protocol.Frame
}

// frame gives the change's frame under a name, building it the first time. The
// scratch buffer is the caller's; the frame is a copy of exactly its size.
func (e *encoding) frame(label string, c *protocol.Change, scratch *[]byte) (f protocol.Frame, built bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range e.frames {
		if e.frames[i].label == label {
			return e.frames[i].frame, false
		}
	}
	*scratch = protocol.AppendChange((*scratch)[:0], label, c)
	f = protocol.TextFrame(*scratch)
	e.frames = append(e.frames, namedFrame{label, f})
	return f, true
}

func (e *encoding) reset() {
	clear(e.frames)
	e.frames = e.frames[:0]
}
