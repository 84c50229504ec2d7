package fanout

import (
	"sync"

	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// encoding caches the frames of one change for all shards: one frame for each projection
// and outcome, built by the first shard that needs it.
type encoding struct {
	mu              sync.Mutex
	key             frameKey
	first           wsframe.Frame              // of key; apart from others, because mostly there is one
	others          map[frameKey]wsframe.Frame // nil if there are none
	projectedBytes  int                        // of the frames that show a choice of columns
	touchedByChoice map[wal.Columns]bool       // results of touches
}

type frameKey struct {
	projection protocol.Projection
	outcome    protocol.Outcome
}

// MaxProjectedBytes bounds the bytes of one change's frames that show a choice of columns.
// Without it, clients could make the server hold as many copies of a long row as there are
// choices. The frame that reaches the bound is still built. Frames of whole rows don't
// count: there are few of them.
const MaxProjectedBytes = 64 << 20

// frame returns the change's frame for a key, and whether this call built it. The frame is
// nil if the change's budget is spent. scratch is the caller's encoding buffer; the frame
// is a copy of exactly its own length.
func (e *encoding) frame(key frameKey, c *wal.Change, scratch *[]byte) (f wsframe.Frame, built bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.first != nil && e.key == key {
		return e.first, false
	}
	if f, ok := e.others[key]; ok {
		return f, false
	}
	if key.projection.Columns != "" && e.projectedBytes >= MaxProjectedBytes {
		return nil, false
	}
	*scratch = protocol.AppendEvent((*scratch)[:0], key.projection, key.outcome, c)
	f = wsframe.Text(*scratch)
	if key.projection.Columns != "" {
		e.projectedBytes += len(f)
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

// touches is [wal.Change.Touches], computed once for each choice of columns.
func (e *encoding) touches(columns wal.Columns, c *wal.Change) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	yes, ok := e.touchedByChoice[columns]
	if !ok {
		yes = c.Touches(columns)
		if e.touchedByChoice == nil {
			e.touchedByChoice = make(map[wal.Columns]bool)
		}
		e.touchedByChoice[columns] = yes
	}
	return yes
}

// maxKept is the number of entries up to which reset keeps a map for the next change.
const maxKept = 64

// reset prepares the encoding for another change.
func (e *encoding) reset() {
	e.key, e.first, e.projectedBytes = frameKey{}, nil, 0
	if len(e.others) > maxKept {
		e.others = nil
	}
	if len(e.touchedByChoice) > maxKept {
		e.touchedByChoice = nil
	}
	clear(e.others)
	clear(e.touchedByChoice)
}
