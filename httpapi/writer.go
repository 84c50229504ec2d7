package httpapi

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
)

const (
	// writeBuffer is what a writer collects small frames in, for one system call.
	writeBuffer = 64 << 10

	// wholeFrame is the size from which a frame is written from where it is.
	wholeFrame = 16 << 10

	// turns is how often a writer goes on with the same socket while others wait.
	turns = 4
)

// writers write what queues hold. A socket whose queue is awake is in the run
// queue or in one writer's hands, never both, because a queue wakes only once
// until it is found empty.
type writers struct {
	mu      sync.Mutex
	pending sync.Cond
	first   *socket // the run queue, linked by socket.next
	last    *socket
	length  int  // of the run queue
	asleep  int  // writers that wait
	called  bool // one of them has been woken, and has not taken anything yet
	stopped bool

	goroutines *sync.WaitGroup // counts the sockets' own writing goroutines

	calls, bytes atomic.Uint64
}

func (w *writers) init(goroutines *sync.WaitGroup) {
	w.pending.L = &w.mu
	w.goroutines = goroutines
}

// schedule puts a socket at the end of the run queue. It never blocks.
func (w *writers) schedule(s *socket) {
	w.mu.Lock()
	if w.last == nil {
		w.first = s
	} else {
		w.last.next = s
	}
	w.last = s
	w.length++
	call := w.asleep > 0 && !w.called
	w.called = w.called || call
	w.mu.Unlock()
	if call {
		w.pending.Signal()
	}
}

// take waits for a socket to write; nil when the writers are to end.
func (w *writers) take() *socket {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.first == nil {
		if w.stopped {
			return nil
		}
		w.asleep++
		w.pending.Wait()
		w.asleep--
		w.called = false
	}
	s := w.first
	if w.first = s.next; w.first == nil {
		w.last = nil
	}
	s.next = nil
	w.length--
	if w.length >= helpful && w.asleep > 0 && !w.called {
		w.called = true
		w.pending.Signal()
	}
	return s
}

// helpful is how many sockets must wait for a writer that is at work to wake another:
// waking one takes longer than a few writes.
const helpful = 4

// stop ends the writers once the run queue is empty.
func (w *writers) stop() {
	w.mu.Lock()
	w.stopped = true
	w.mu.Unlock()
	w.pending.Broadcast()
}

// wrote counts a system call.
func (w *writers) wrote(n int) {
	w.calls.Add(1)
	w.bytes.Add(uint64(n))
}

// work is a writer: it serves the run queue until the writers are stopped.
func (w *writers) work() {
	t := &writer{writers: w, call: newOneWrite(), buf: make([]byte, 0, writeBuffer)}
	for s := w.take(); s != nil; s = w.take() {
		t.serve(s)
	}
}

// writer is one of the writers with what it uses again and again.
type writer struct {
	*writers
	call   *oneWrite
	buf    []byte
	frames []wsframe.Frame
}

// serve writes what waits for a socket, as far as that goes without blocking.
func (t *writer) serve(s *socket) {
	for range turns {
		var last bool
		t.frames, last = s.queue.Take(t.frames[:0])
		if len(t.frames) == 0 {
			if last {
				s.ended(writeEnded)
			}
			return
		}
		p := pieces{frames: t.frames}
		if s.raw == nil || !t.write(s, &p) {
			t.handOver(s, p, last)
			return
		}
		clear(t.frames)
		if last {
			s.ended(writeEnded)
			return
		}
	}
	t.schedule(s)
}

// write writes without blocking. It reports false when the connection does not
// take everything now. A connection that has failed takes everything: it is cut.
func (t *writer) write(s *socket, p *pieces) bool {
	for !p.done() {
		b := p.next(t.buf)
		n, err := t.call.write(s.raw, b)
		t.wrote(n)
		s.queue.Written(n)
		p.advance(n)
		if err != nil {
			s.cut()
			return true
		}
		if n < len(b) {
			return false
		}
	}
	return true
}

// handOver leaves a socket to a goroutine of its own, with the frames.
func (t *writer) handOver(s *socket, p pieces, last bool) {
	t.frames = nil
	t.goroutines.Go(func() { s.writePatiently(p, last) })
}

// writePatiently writes to a connection that does not take everything at once,
// until nothing waits any more.
func (s *socket) writePatiently(p pieces, last bool) {
	buf := spareBuffers.Get().(*[spareBuffer]byte)
	defer spareBuffers.Put(buf)
	frames := p.frames
	for {
		if !s.writeAll(&p, buf[:0]) {
			s.cut()
			return
		}
		// Nobody else writes until the queue is found empty: now the deadline can go.
		_ = s.conn.SetWriteDeadline(time.Time{}) // fails when closed: then so does the next write
		if last {
			s.ended(writeEnded)
			return
		}
		clear(frames)
		frames, last = s.queue.Take(frames[:0])
		if len(frames) == 0 {
			if last {
				s.ended(writeEnded)
			}
			return
		}
		p = pieces{frames: frames}
	}
}

// writeAll writes with patience: it reports false when the connection has failed
// or is to be given up.
func (s *socket) writeAll(p *pieces, buf []byte) bool {
	times := &s.server.times
	wait := times.probe
	if s.raw == nil {
		wait = times.stall // a TLS connection is of no use after a deadline has passed
	}
	var closedAt time.Time
	progress := time.Now()
	for !p.done() {
		began := time.Now()
		_ = s.conn.SetWriteDeadline(began.Add(wait)) // as in writePatiently
		n, err := s.conn.Write(p.next(buf))
		s.server.writers.wrote(n)
		s.queue.Written(n)
		p.advance(n)

		now := time.Now()
		if n > 0 {
			progress = now
			if now.Sub(began) >= waited {
				s.hear()
			}
		}
		if err != nil && (s.raw == nil || !errors.Is(err, os.ErrDeadlineExceeded)) || now.Sub(progress) >= times.stall {
			return false
		}
		code, closed := s.queue.Closed()
		switch {
		case !closed:
		case closedAt.IsZero():
			closedAt = now
		case now.Sub(closedAt) >= times.farewell(code):
			return false
		}
	}
	return true
}

// waited is how long a write takes when it had to wait for the peer to take
// something. So the peer is there, though our pings stand behind all the rest.
const waited = 10 * time.Millisecond

// farewell is how long a closed socket may take for what is still to be written.
func (t *times) farewell(code protocol.CloseCode) time.Duration {
	if code == protocol.CloseSlowConsumer {
		return t.slow
	}
	return t.flush
}

// spareBuffer is what a slow socket's goroutine collects small frames in, and how much
// is read at once of a peer that sends more than the WebSocket library's small buffer
// holds. No other socket has one.
const spareBuffer = 16 << 10

var spareBuffers = sync.Pool{New: func() any { return new([spareBuffer]byte) }}

// pieces are frames that are being written, in pieces that suit a system call.
type pieces struct {
	frames []wsframe.Frame
	at     int // the frame that is next
	offset int // what of it has been written
}

func (p *pieces) done() bool { return p.at == len(p.frames) }

// next is what to write next: as many frames as fit into buf together, or a frame
// alone, from where it is, when it is long or the only one.
func (p *pieces) next(buf []byte) []byte {
	first := p.frames[p.at][p.offset:]
	if len(first) >= min(wholeFrame, cap(buf)) || p.at == len(p.frames)-1 {
		return first
	}
	buf = append(buf[:0], first...)
	for _, f := range p.frames[p.at+1:] {
		if len(f) > cap(buf)-len(buf) {
			break
		}
		buf = append(buf, f...)
	}
	return buf
}

// advance notes that n bytes have been written.
func (p *pieces) advance(n int) {
	for n > 0 {
		rest := len(p.frames[p.at]) - p.offset
		if n < rest {
			p.offset += n
			return
		}
		n -= rest
		p.frames[p.at] = nil
		p.at, p.offset = p.at+1, 0
	}
}
