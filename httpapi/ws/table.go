package ws

import (
	"slices"
	"sync"

	"github.com/tablewire/tablewire/internal/swaplist"
)

// buckets is into how many parts the connections are divided, for the pinger to spread its
// work over the interval.
const buckets = 64

// connTable holds the connections that are open.
type connTable struct {
	goroutines *sync.WaitGroup // counts one for each connection: the one that reads

	mu     sync.Mutex
	parts  [buckets][]*Conn
	next   uint8 // the bucket of the next connection
	count  int
	opened uint64        // connections that were ever added
	closed bool          // no more are added
	empty  chan struct{} // closed when closed is set and count is 0
}

func (t *connTable) init(goroutines *sync.WaitGroup) {
	t.goroutines = goroutines
	t.empty = make(chan struct{})
}

// add adds a connection unless the table is closed. The caller then starts the goroutine
// that reads, which add counts: before close, or not at all.
func (t *connTable) add(c *Conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	c.bucket = t.next % buckets
	t.next++
	c.index = uint32(len(t.parts[c.bucket]))
	t.parts[c.bucket] = append(t.parts[c.bucket], c)
	t.count++
	t.opened++
	t.goroutines.Add(1)
	return true
}

// remove forgets a connection that was added.
func (t *connTable) remove(c *Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.parts[c.bucket] = swaplist.Remove(t.parts[c.bucket], c.index, func(c *Conn, at uint32) { c.index = at })
	t.count--
	if t.closed && t.count == 0 {
		close(t.empty)
	}
}

// close lets no more connections in. The channel is closed when the last one is gone.
func (t *connTable) close() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.closed = true
		if t.count == 0 {
			close(t.empty)
		}
	}
	return t.empty
}

func (t *connTable) isClosed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.closed
}

func (t *connTable) counts() (open int, opened uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.count, t.opened
}

// appendBucket appends the connections of one bucket to dst.
func (t *connTable) appendBucket(dst []*Conn, i int) []*Conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append(dst, t.parts[i]...)
}

// each calls do for every connection, with no lock held.
func (t *connTable) each(do func(*Conn)) {
	t.mu.Lock()
	all := slices.Concat(t.parts[:]...)
	t.mu.Unlock()
	for _, c := range all {
		do(c)
	}
}
