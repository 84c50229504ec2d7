package fanout

import (
	"sync"

	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
)

// Waker learns that a queue has frames for its socket. The goroutine that pushed calls
// Wake, perhaps while it holds a room's lock: so Wake must neither block nor call this
// package. After a Wake, the Waker's owner calls Take until Take returns nothing.
type Waker interface {
	Wake(q *Queue)
}

// Queue holds the frames that wait for one socket, bounded in bytes. Its methods may be
// called concurrently, but for Init, and for Take and Written, which one writer at a time
// calls.
//
// A queue sleeps until something is pushed. Then it wakes its Waker, once, and is awake
// until Take finds it empty. So a socket needs a writer only while it has frames. A second
// wake would put the socket into the run queue twice, and two writers would write to it.
type Queue struct {
	waker Waker
	limit int

	mu     sync.Mutex
	first  wsframe.Frame    // the oldest; kept outside more, so that a single frame needs no slice
	more   *[]wsframe.Frame // the others, in order; nil if there are none
	bytes  int              // pushed and not yet written
	awake  bool
	closed bool // nothing is accepted any more
	code   protocol.CloseCode

	// An oversized push is exempt from limit until it is written. Say limit is 100, 30 bytes
	// wait, and a frame of 500 is pushed: bytes is 530, exempt 500, untilOversizedEnd 530.
	// When 40 bytes are written, 490 are left of the frame, and all three are 490. So 100
	// bytes of other frames have room, but no second oversized push has.
	exempt            int // of bytes: those that do not count against limit
	untilOversizedEnd int // of bytes: those up to the end of the oversized push
}

// Init readies the queue; call it once, before anything else. At most limit bytes wait.
// One oversized frame, or one batch pushed into an empty queue, may exceed the limit once,
// so that a client that reads can always receive it.
func (q *Queue) Init(limit int, w Waker) {
	q.limit, q.waker = limit, w
}

// Push queues frames, all or none, and reports whether it did. If they don't fit, the
// queue drops what waits and ends with [protocol.CloseSlowConsumer]. A queue that has ended
// accepts nothing.
func (q *Queue) Push(frames ...wsframe.Frame) bool {
	size := 0
	for _, f := range frames {
		size += len(f)
	}
	return q.push(frames, size)
}

// push is Push for frames of size bytes in all. It keeps the frames, not the slice.
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

// admit reports whether there is room for frames. If the push is oversized, it sets how
// many bytes are exempt from the limit.
func (q *Queue) admit(frames []wsframe.Frame, size int) bool {
	counted := q.bytes - q.exempt
	if counted+size <= q.limit {
		return true
	}
	if q.exempt > 0 {
		return false // one oversized push at a time
	}
	exempt := size
	if q.bytes > 0 {
		exempt = longest(frames)
		if exempt <= q.limit || counted+size-exempt > q.limit {
			return false
		}
	}
	q.exempt, q.untilOversizedEnd = exempt, q.bytes+size
	return true
}

func longest(frames []wsframe.Frame) (n int) {
	for _, f := range frames {
		n = max(n, len(f))
	}
	return n
}

// Close queues frames and a close frame, whatever the limit, and ends the queue: it
// accepts nothing more, and what waits is still written. Only the first Close counts.
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

// Abandon ends the queue and drops what waits: the socket is gone.
func (q *Queue) Abandon() {
	q.mu.Lock()
	q.dropAll()
	q.closed = true
	q.mu.Unlock()
}

// Take moves all waiting frames to the end of into. If nothing waits, it returns into
// unchanged, and the queue falls asleep. last says that the queue has ended: no frame will
// follow these. Take does not make room; Written does.
func (q *Queue) Take(into []wsframe.Frame) (frames []wsframe.Frame, last bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.first == nil {
		q.awake = false
		return into, q.closed
	}
	into = append(into, q.first)
	if q.more != nil {
		into = append(into, *q.more...)
	}
	q.clear()
	return into, q.closed
}

// Written makes room: n bytes of the taken frames were written to the socket.
func (q *Queue) Written(n int) {
	q.mu.Lock()
	q.bytes -= n
	q.untilOversizedEnd = max(q.untilOversizedEnd-n, 0)
	q.exempt = min(q.exempt, q.untilOversizedEnd) // the written bytes of an oversized push make no room
	q.mu.Unlock()
}

// Closed returns the close code with which the queue ended, and whether it has ended.
func (q *Queue) Closed() (protocol.CloseCode, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.code, q.closed
}

// Bytes returns how many bytes were pushed and not yet written.
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
		if q.more == nil {
			q.more = framesPool.Get().(*[]wsframe.Frame)
		}
		*q.more = append(*q.more, frames...)
	}
	q.bytes += size
}

// end adds a close frame and ends the queue.
func (q *Queue) end(code protocol.CloseCode, reason string) {
	f := wsframe.Close(code, reason)
	q.add([]wsframe.Frame{f}, len(f))
	q.code, q.closed = code, true
}

// dropAll drops what waits. Taken frames still count until they are written.
func (q *Queue) dropAll() {
	q.bytes -= len(q.first)
	if q.more != nil {
		for _, f := range *q.more {
			q.bytes -= len(f)
		}
	}
	q.exempt, q.untilOversizedEnd = 0, 0
	q.clear()
}

// clear empties the queue and returns its slice to the pool.
func (q *Queue) clear() {
	q.first = nil
	if q.more == nil {
		return
	}
	if cap(*q.more) <= maxPooled {
		clear(*q.more)
		*q.more = (*q.more)[:0]
		framesPool.Put(q.more)
	}
	q.more = nil
}

func (q *Queue) wakeAndUnlock() {
	wake := !q.awake
	q.awake = true
	q.mu.Unlock()
	if wake {
		q.waker.Wake(q)
	}
}

// maxPooled is the capacity up to which a slice of frames is kept for later use.
const maxPooled = 1024

// framesPool has empty slices for Queue.more, so that an idle queue holds none.
var framesPool = sync.Pool{New: func() any {
	s := make([]wsframe.Frame, 0, 16)
	return &s
}}
