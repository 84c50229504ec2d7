package httpapi

import (
	"slices"
	"sync"

	"github.com/tablewire/tablewire/internal/swaplist"
)

// buckets is into how many parts the sockets are divided, for the pinger to
// spread its work over the interval.
const buckets = 64

// registry knows the sockets that are open.
type registry struct {
	goroutines *sync.WaitGroup // counts one for each socket: the one that reads

	mu     sync.Mutex
	parts  [buckets][]*socket
	next   uint8 // the bucket of the next socket
	count  int
	closed bool          // no more are taken
	empty  chan struct{} // closed when closed and count is 0
}

func (r *registry) init(goroutines *sync.WaitGroup) {
	r.goroutines = goroutines
	r.empty = make(chan struct{})
}

// add takes a socket in, unless no more are taken. The caller then starts the
// goroutine that reads, which is counted here: before shut, or not at all.
func (r *registry) add(s *socket) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	s.bucket = r.next % buckets
	r.next++
	s.index = uint32(len(r.parts[s.bucket]))
	r.parts[s.bucket] = append(r.parts[s.bucket], s)
	r.count++
	r.goroutines.Add(1)
	return true
}

// remove forgets a socket that was added.
func (r *registry) remove(s *socket) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.parts[s.bucket] = swaplist.Remove(r.parts[s.bucket], s.index, func(s *socket, at uint32) { s.index = at })
	r.count--
	if r.closed && r.count == 0 {
		close(r.empty)
	}
}

// shut takes no more sockets; the channel is closed when the last one is gone.
func (r *registry) shut() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.closed = true
		if r.count == 0 {
			close(r.empty)
		}
	}
	return r.empty
}

func (r *registry) isShut() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}

func (r *registry) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count
}

// bucket appends the sockets of one bucket to into.
func (r *registry) bucket(i int, into []*socket) []*socket {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append(into, r.parts[i]...)
}

// each calls do for every socket, with no lock held.
func (r *registry) each(do func(*socket)) {
	r.mu.Lock()
	all := slices.Concat(r.parts[:]...)
	r.mu.Unlock()
	for _, s := range all {
		do(s)
	}
}
