package cdc

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tablewire/tablewire/protocol/pgcatalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// unseen keeps what the catalog knows to have happened to rows without changes that
// tell of it, until the stream has come to where that was: what it brings before may
// show rows as they were. Its methods may be called concurrently.
type unseen struct {
	next atomic.Uint64 // the least position that something waits for; 0: nothing does
	// woken is told when something waits: the stream may have come as far already.
	woken chan struct{}

	mu   sync.Mutex
	list []pgcatalog.Unseen
}

// accept takes over what a look at the catalog has found.
func (u *unseen) accept(exposure pgcatalog.PublicationState) {
	if len(exposure.Unseen) == 0 && u.next.Load() == 0 {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	// The end of the log may wait for long until it is sent. What an earlier look has seen
	// is before what is safe by now.
	for i := range u.list {
		if exposure.Flushed == 0 { // a look that saw no tables knows of no position
			break
		}
		u.list[i].At = min(u.list[i].At, exposure.Flushed)
	}
	u.list = append(u.list, exposure.Unseen...)
	u.renew()
	select {
	case u.woken <- struct{}{}:
	default:
	}
}

// take gives what happened before a position.
func (u *unseen) take(at wal.LSN) (passed []pgcatalog.Unseen) {
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
	u.renew()
	return passed
}

func (u *unseen) renew() {
	next := wal.LSN(0)
	for _, e := range u.list {
		if next == 0 || e.At < next {
			next = e.At
		}
	}
	u.next.Store(uint64(next))
}

// maxTruncations is how many transactions that truncated a table are remembered.
const maxTruncations = 16

// truncated notes that the stream has told of a table that was truncated.
func (p *progress) truncated(table uint32, xid uint32) {
	if p.truncations == nil {
		p.truncations = map[uint32][]uint32{}
	}
	list := p.truncations[table]
	if len(list) == maxTruncations {
		list = slices.Delete(list, 0, 1)
	}
	p.truncations[table] = append(list, xid)
}

// tellUnseen tells of what the stream has come to.
func (d *decoder) tellUnseen() {
	if d.catalog.unseen.next.Load() == 0 {
		return // quick: it is asked for every chunk
	}
	told := map[wal.TableName]bool{}
	for _, e := range d.catalog.unseen.take(wal.LSN(d.state.confirmed.Load())) {
		oid := d.catalog.oidOf(e.Table)
		if told[e.Table] || e.Truncated != 0 && slices.Contains(d.state.truncations[oid], e.Truncated) {
			continue
		}
		told[e.Table] = true
		d.log.Info("rows of a table came, went or changed without events: clients that follow transitions are told to come back", "table", e.Table, "reason", e.Why)
		d.unseen(e.Table, e.Why)
	}
}

// oidOf finds a table that is exposed; 0 if it is not.
func (c *Catalog) oidOf(name wal.TableName) uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.tables[name]
	return t.OID
}
