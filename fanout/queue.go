package fanout

import (
	"sync"

	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
)

// Waker is told that a queue has something for its socket. It must not block, and
// it must see to it that Take is called until it gives nothing.
type Waker interface {
	Wake(q *Queue)
}

// Queue holds the frames that wait for one socket, bounded in bytes. All methods
// may be called concurrently, Take and Written by one writer at a time.
//
// A queue sleeps until something is pushed; then its Waker is woken, once, and
// the queue is awake until Take finds it empty. So a socket needs a writer only
// while there is something to write.
type Queue struct {
	waker Waker
	limit int

	mu     sync.Mutex
	first  wsframe.Frame    // the oldest; apart, because most often there is one
	rest   *[]wsframe.Frame // the others, in order; nil when there are none
	bytes  int              // pushed, not yet written
	long   int              // of which a push that is longer than limit, or the rest of it, that does not count
	ahead  int              // of which all up to the end of that push
	awake  bool
	closed bool // nothing is accepted any more
	code   protocol.CloseCode
}

// Init makes the queue ready: at most limit bytes wait. Beside these one frame may that
// is longer than the limit, or all that is pushed together into an empty queue: a
// client that reads gets them, however long they are, and what comes meanwhile.
func (q *Queue) Init(limit int, w Waker) {
	q.limit, q.waker = limit, w
}

// Push queues frames together. It reports whether they were accepted: when they
// don't fit, what waits is dropped and the queue ends with
// [protocol.CloseSlowConsumer]; a queue that has ended accepts nothing.
func (q *Queue) Push(frames ...wsframe.Frame) bool {
	size := 0
	for _, f := range frames {
		size += len(f)
	}
	return q.push(frames, size)
}

func (q *Queue) push(frames []wsframe.Frame, size int) bool {
	q.mu.Lock()
	if q.closed || len(frames) == 0 {
		ok := !q.closed
		q.mu.Unlock()
		return ok
	}
	if !q.admit(frames, size) {
		q.dropAll()
		q.end(protocol.CloseSlowConsumer, "slow consumer")
		q.wakeAndUnlock()
		return false
	}
	q.add(frames, size)
	q.wakeAndUnlock()
	return true
}

// admit says whether there is room for frames, and notes what of them does not count.
func (q *Queue) admit(frames []wsframe.Frame, size int) bool {
	counted := q.bytes - q.long
	if counted+size <= q.limit {
		return true
	}
	if q.long > 0 {
		return false // one at a time
	}
	long := size
	if q.bytes > 0 {
		long = longest(frames)
		if long <= q.limit || counted+size-long > q.limit {
			return false
		}
	}
	q.long, q.ahead = long, q.bytes+size
	return true
}

func longest(frames []wsframe.Frame) (n int) {
	for _, f := range frames {
		n = max(n, len(f))
	}
	return n
}

// Close queues frames and then a close frame, after which nothing is accepted.
// What waits is still written. Only the first Close counts.
func (q *Queue) Close(code protocol.CloseCode, reason string, frames ...wsframe.Frame) {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return
	}
	size := 0
	for _, f := range frames {
		size += len(f)
	}
	q.add(frames, size)
	q.end(code, reason)
	q.wakeAndUnlock()
}

// Abandon ends the queue with nothing more to write: the socket is gone.
func (q *Queue) Abandon() {
	q.mu.Lock()
	q.dropAll()
	q.closed = true
	q.mu.Unlock()
}

// Take moves all that waits to the end of into. last says that the queue has
// ended and that nothing will follow. When nothing waits it gives into as it is
// and the queue falls asleep.
func (q *Queue) Take(into []wsframe.Frame) (frames []wsframe.Frame, last bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.first == nil {
		q.awake = false
		return into, q.closed
	}
	into = append(into, q.first)
	if q.rest != nil {
		into = append(into, *q.rest...)
	}
	q.clear()
	return into, q.closed
}

// Written tells that n bytes of what was taken have left.
func (q *Queue) Written(n int) {
	q.mu.Lock()
	q.bytes -= n
	q.ahead = max(q.ahead-n, 0)
	q.long = min(q.long, q.ahead) // what has left of it makes no room
	q.mu.Unlock()
}

// Closed gives the close code with which the queue ended, and whether it did.
func (q *Queue) Closed() (protocol.CloseCode, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.code, q.closed
}

// Bytes is how much waits to be written.
func (q *Queue) Bytes() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.bytes
}

func (q *Queue) add(frames []wsframe.Frame, size int) {
	if len(frames) == 0 {
		return
	}
	if q.first == nil {
		q.first, frames = frames[0], frames[1:]
	}
	if len(frames) > 0 {
		if q.rest == nil {
			q.rest = restPool.Get().(*[]wsframe.Frame)
		}
		*q.rest = append(*q.rest, frames...)
	}
	q.bytes += size
}

func (q *Queue) end(code protocol.CloseCode, reason string) {
	f := wsframe.Close(code, reason)
	q.add([]wsframe.Frame{f}, len(f))
	q.code, q.closed = code, true
}

// dropAll forgets what waits; what was taken stays counted until it is written.
func (q *Queue) dropAll() {
	q.bytes -= len(q.first)
	if q.rest != nil {
		for _, f := range *q.rest {
			q.bytes -= len(f)
		}
	}
	q.long, q.ahead = 0, 0
	q.clear()
}

func (q *Queue) clear() {
	q.first = nil
	if q.rest == nil {
		return
	}
	if cap(*q.rest) <= maxPooled {
		clear(*q.rest)
		*q.rest = (*q.rest)[:0]
		restPool.Put(q.rest)
	}
	q.rest = nil
}

func (q *Queue) wakeAndUnlock() {
	wake := !q.awake
	q.awake = true
	q.mu.Unlock()
	if wake {
		q.waker.Wake(q)
	}
}

// maxPooled is the capacity up to which a slice of frames is kept for the next
// queue that needs one: an idle queue holds none.
const maxPooled = 1024

var restPool = sync.Pool{New: func() any {
	s := make([]wsframe.Frame, 0, 16)
	return &s
}}
