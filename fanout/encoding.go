package fanout

import (
	"sync"

	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// encoding holds what was made of one change for all shards' nodes: the frames, one
// for each view and each sight of it.
type encoding struct {
	mu      sync.Mutex
	key     frameKey
	first   wsframe.Frame              // of key; apart, because most often there is one
	others  map[frameKey]wsframe.Frame // nil when there are none
	chosen  int                        // bytes of those that show a choice of columns
	touched map[wal.Columns]bool
}

type frameKey struct {
	view protocol.Projection
	seen protocol.Outcome
}

// MaxProjectedBytes is how long the frames of one change may be together that each show
// another choice of columns; the last one may pass it. So a long row does not fill the
// memory, whatever clients choose. Frames of whole rows are always built: there are few.
const MaxProjectedBytes = 64 << 20

// frame gives the change's frame, building it the first time; nil for one too many.
// The scratch buffer is the caller's; the frame is a copy of exactly its size.
func (e *encoding) frame(key frameKey, c *wal.Change, scratch *[]byte) (f wsframe.Frame, built bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.first != nil && e.key == key {
		return e.first, false
	}
	if f, ok := e.others[key]; ok {
		return f, false
	}
	if key.view.Columns != "" && e.chosen >= MaxProjectedBytes {
		return nil, false
	}
	*scratch = protocol.AppendEvent((*scratch)[:0], key.view, key.seen, c)
	f = wsframe.Text(*scratch)
	if key.view.Columns != "" {
		e.chosen += len(f)
	}
	if e.first == nil {
		e.key, e.first = key, f
		return f, true
	}
	if e.others == nil {
		e.others = make(map[frameKey]wsframe.Frame)
	}
	e.others[key] = f
	return f, true
}

// touches reports whether an update may have changed one of the columns; it looks
// the first time that it is asked.
func (e *encoding) touches(columns wal.Columns, c *wal.Change) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	yes, ok := e.touched[columns]
	if !ok {
		yes = c.Touches(columns)
		if e.touched == nil {
			e.touched = make(map[wal.Columns]bool)
		}
		e.touched[columns] = yes
	}
	return yes
}

// maxKept is how many frames, or choices of columns, make a map that is not kept
// for the next change.
const maxKept = 64

func (e *encoding) reset() {
	e.key, e.first, e.chosen = frameKey{}, nil, 0
	if len(e.others) > maxKept {
		e.others = nil
	}
	if len(e.touched) > maxKept {
		e.touched = nil
	}
	clear(e.others)
	clear(e.touched)
}
