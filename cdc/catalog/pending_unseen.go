package catalog

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tablewire/tablewire/protocol/pgcatalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// TakeUnseen returns, and forgets, what happened to rows without events before a
// position. It is cheap while there is nothing to return.
func (c *Catalog) TakeUnseen(at wal.LSN) []pgcatalog.Unseen { return c.unseen.take(at) }

// UnseenArrived receives when there is something that TakeUnseen may return, now or once
// the stream has come to its position.
func (c *Catalog) UnseenArrived() <-chan struct{} { return c.unseen.arrived }

// pendingUnseen is a waiting list: what happened to rows without events, because PostgreSQL
// sends none for it. Each item waits until the stream has passed its position: changes from
// before may still show rows as they were. Its methods may be called concurrently.
type pendingUnseen struct {
	next    atomic.Uint64 // the least position that something waits for; 0: nothing does
	arrived chan struct{} // receives when list grows; has room for one

	mu   sync.Mutex
	list []pgcatalog.Unseen
}

// accept takes over what a refresh has found.
func (u *pendingUnseen) accept(state pgcatalog.PublicationState) {
	if len(state.Unseen) == 0 && u.next.Load() == 0 {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	// The server may send the end of the log much later. What an earlier refresh has found
	// lies before the position that is flushed by now.
	for i := range u.list {
		if state.Flushed == 0 { // a refresh that saw no tables knows no position
			break
		}
		u.list[i].At = min(u.list[i].At, state.Flushed)
	}
	u.list = append(u.list, state.Unseen...)
	u.setNext()
	select {
	case u.arrived <- struct{}{}:
	default:
	}
}

// take returns what happened before a position.
func (u *pendingUnseen) take(at wal.LSN) (passed []pgcatalog.Unseen) {
	if next := u.next.Load(); next == 0 || uint64(at) < next {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.list = slices.DeleteFunc(u.list, func(e pgcatalog.Unseen) bool {
		if e.At <= at {
			passed = append(passed, e)
		}
		return e.At <= at
	})
	u.setNext()
	return passed
}

func (u *pendingUnseen) setNext() {
	next := wal.LSN(0)
	for _, e := range u.list {
		if next == 0 || e.At < next {
			next = e.At
		}
	}
	u.next.Store(uint64(next))
}
