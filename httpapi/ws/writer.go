package ws

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
)

const (
	// writeBuffer is the size in bytes of the buffer that a writer collects small frames in,
	// for one system call.
	writeBuffer = 64 << 10

	// directWrite is the length in bytes from which a frame is written without a copy.
	directWrite = 16 << 10

	// maxRounds is how often a writer goes on with the same connection while others wait.
	maxRounds = 4
)

// writers write what queues hold. A connection whose queue is awake is in the run queue or
// in one writer's hands, never both, because a queue wakes only once until it is found
// empty.
type writers struct {
	mu       sync.Mutex
	nonEmpty sync.Cond
	first    *Conn // the run queue, linked by Conn.next
	last     *Conn
	length   int  // of the run queue
	asleep   int  // writers that wait
	waking   bool // one of them has been woken, and has not dequeued anything yet
	stopped  bool

	goroutines *sync.WaitGroup // counts the connections' own writing goroutines

	calls, bytes atomic.Uint64
}

func (w *writers) init(goroutines *sync.WaitGroup) {
	w.nonEmpty.L = &w.mu
	w.goroutines = goroutines
}

// schedule puts a connection at the end of the run queue. It never blocks.
func (w *writers) schedule(c *Conn) {
	w.mu.Lock()
	if w.last == nil {
		w.first = c
	} else {
		w.last.next = c
	}
	w.last = c
	w.length++
	wake := w.asleep > 0 && !w.waking
	w.waking = w.waking || wake
	w.mu.Unlock()
	if wake {
		w.nonEmpty.Signal()
	}
}

// Wake is called by the queue when it has something to write.
func (c *Conn) Wake(*fanout.Queue) { c.transport.writers.schedule(c) }

// dequeue waits for a connection to write to. It returns nil when the writers are to end.
func (w *writers) dequeue() *Conn {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.first == nil {
		if w.stopped {
			return nil
		}
		w.asleep++
		w.nonEmpty.Wait()
		w.asleep--
		w.waking = false
	}
	c := w.first
	if w.first = c.next; w.first == nil {
		w.last = nil
	}
	c.next = nil
	w.length--
	if w.length >= wakeLength && w.asleep > 0 && !w.waking {
		w.waking = true
		w.nonEmpty.Signal()
	}
	return c
}

// wakeLength is how long the run queue must be for a busy writer to wake another one:
// waking one takes longer than a few writes.
const wakeLength = 4

// stop ends the writers once the run queue is empty.
func (w *writers) stop() {
	w.mu.Lock()
	w.stopped = true
	w.mu.Unlock()
	w.nonEmpty.Broadcast()
}

// wrote counts a system call.
func (w *writers) wrote(n int) {
	w.calls.Add(1)
	w.bytes.Add(uint64(n))
}

// work is a writer: it serves the run queue until the writers are stopped.
func (w *writers) work() {
	t := &writer{writers: w, call: newOneWrite(), buf: make([]byte, 0, writeBuffer)}
	for c := w.dequeue(); c != nil; c = w.dequeue() {
		t.serve(c)
	}
}

// writer is one of the writers with the memory that it uses again and again.
type writer struct {
	*writers
	call   *oneWrite
	buf    []byte
	frames []wsframe.Frame
}

// serve writes what waits for a connection, as far as that goes without blocking.
func (t *writer) serve(c *Conn) {
	for range maxRounds {
		var last bool
		t.frames, last = c.queue.Take(t.frames[:0])
		if len(t.frames) == 0 {
			if last {
				c.halfClosed(writeEnded)
			}
			return
		}
		p := writeCursor{frames: t.frames}
		if c.raw == nil || !t.write(c, &p) {
			t.handOver(c, p, last)
			return
		}
		clear(t.frames)
		if last {
			c.halfClosed(writeEnded)
			return
		}
	}
	t.schedule(c)
}

// write writes without blocking. It returns false if the connection does not take
// everything now. A connection that has failed is aborted, and counts as written.
func (t *writer) write(c *Conn, p *writeCursor) bool {
	for !p.done() {
		b := p.next(t.buf)
		n, err := t.call.write(c.raw, b)
		t.wrote(n)
		c.queue.Written(n)
		p.advance(n)
		if err != nil {
			c.Abort()
			return true
		}
		if n < len(b) {
			return false
		}
	}
	return true
}

// handOver leaves a connection to a goroutine of its own, with the frames.
func (t *writer) handOver(c *Conn, p writeCursor, last bool) {
	t.frames = nil
	t.goroutines.Go(func() { c.writePatiently(p, last) })
}

// writePatiently writes to a connection that does not take everything at once, until
// nothing waits any more.
func (c *Conn) writePatiently(p writeCursor, last bool) {
	buf := spareBuffers.Get().(*[spareBuffer]byte)
	defer spareBuffers.Put(buf)
	frames := p.frames
	for {
		if !c.writeAll(&p, buf[:0]) {
			c.Abort()
			return
		}
		// Nobody else writes until the queue is found empty: now the deadline can go.
		_ = c.conn.SetWriteDeadline(time.Time{}) // fails when closed: then so does the next write
		if last {
			c.halfClosed(writeEnded)
			return
		}
		clear(frames)
		frames, last = c.queue.Take(frames[:0])
		if len(frames) == 0 {
			if last {
				c.halfClosed(writeEnded)
			}
			return
		}
		p = writeCursor{frames: frames}
	}
}

// writeAll writes everything and waits as often as it must. It returns false if the
// connection has failed or is to be given up.
func (c *Conn) writeAll(p *writeCursor, buf []byte) bool {
	timeouts := &c.transport.cfg.Timeouts
	wait := timeouts.Probe
	if c.raw == nil {
		wait = timeouts.Stall // a TLS connection is of no use after a deadline has passed
	}
	var closedAt time.Time
	progress := time.Now()
	for !p.done() {
		began := time.Now()
		_ = c.conn.SetWriteDeadline(began.Add(wait)) // as in writePatiently
		n, err := c.conn.Write(p.next(buf))
		c.transport.writers.wrote(n)
		c.queue.Written(n)
		p.advance(n)

		now := time.Now()
		if n > 0 {
			progress = now
			if now.Sub(began) >= peerWait {
				c.touch()
			}
		}
		if err != nil && (c.raw == nil || !errors.Is(err, os.ErrDeadlineExceeded)) || now.Sub(progress) >= timeouts.Stall {
			return false
		}
		code, closed := c.queue.Closed()
		switch {
		case !closed:
		case closedAt.IsZero():
			closedAt = now
		case now.Sub(closedAt) >= timeouts.afterClose(code):
			return false
		}
	}
	return true
}

// peerWait is the length of a write from which it must have waited for the peer to read
// something. So the peer is there, though our pings are queued behind all the rest.
const peerWait = 10 * time.Millisecond

// afterClose is how long a closed connection may take for what is still to be written.
func (t *Timeouts) afterClose(code protocol.CloseCode) time.Duration {
	if code == protocol.CloseSlowConsumer {
		return t.SlowConsumer
	}
	return t.Flush
}

// spareBuffer is the size in bytes of the buffers that connections have only at times: one
// that is written slowly collects small frames in it, and one whose peer sends more than
// readBuffer holds reads ahead into it.
const spareBuffer = 16 << 10

var spareBuffers = sync.Pool{New: func() any { return new([spareBuffer]byte) }}

// writeCursor is how far frames have been written, in pieces that suit a system call.
type writeCursor struct {
	frames []wsframe.Frame
	at     int // the frame that is next
	offset int // bytes of it that have been written
}

func (p *writeCursor) done() bool { return p.at == len(p.frames) }

// next returns what to write next: as many frames as fit into buf together, or one frame
// without a copy if it is long or the only one.
func (p *writeCursor) next(buf []byte) []byte {
	first := p.frames[p.at][p.offset:]
	if len(first) >= min(directWrite, cap(buf)) || p.at == len(p.frames)-1 {
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
func (p *writeCursor) advance(n int) {
	for n > 0 {
		left := len(p.frames[p.at]) - p.offset
		if n < left {
			p.offset += n
			return
		}
		n -= left
		p.frames[p.at] = nil
		p.at, p.offset = p.at+1, 0
	}
}
