package httpapi

import (
	"runtime"
	"time"
)

// intake is how a socket takes what its peer sends; of the goroutine that reads. One
// that is sent more than it takes would keep a processor for as long as there is
// more: a few of those, and all others would wait. So it goes on in turns, and all who
// do share a few lanes.
type intake struct {
	ahead   *[spareBuffer]byte // what was read and not yet given; nil while nothing comes
	at, end uint16             // what of it is to be given
	more    bool               // the last read was filled: there may be more at once
	busy    bool               // it holds a lane
	work    uint32             // that it has done since it had to wait
}

// lanes are for the sockets that always have more to do: at most so many of them go
// on at a time, and leave the other processors to those that seldom have. Whoever
// waits for one is served in order.
type lanes chan struct{}

func newLanes() lanes { return make(lanes, max(1, runtime.GOMAXPROCS(0)/2)) }

// What a socket does is counted in units, each about as long as a short message takes.
const (
	workUnit = 1 << 10 // bytes that are read are a unit, as is a message
	turn     = 8       // units until others go first
	atOnce   = 128     // units without a lane, for one that had to wait for its peer before
)

// pause is for how long a lane rests after a turn. It is for the operating system, which
// would let a thread that is busy go on for some milliseconds before one that has just
// been woken; and so short a turn is hardly noticed by anybody.
const pause = time.Millisecond

// paced reports whether lanes rest: not where a socket may send more than the turns
// between pauses would let through.
func (c *Config) paced() bool {
	return c.MessageRate > 0 && c.MessageRate <= turn/4*float64(time.Second/pause)
}

// worked counts work. When a turn is done it lets others go first; one that has done
// more than may be done at once waits for a lane.
func (s *socket) worked(units int) {
	before := s.intake.work
	s.intake.work += uint32(units)
	done := s.intake.work/turn - before/turn
	if done == 0 {
		return
	}
	if s.intake.work <= atOnce {
		runtime.Gosched()
		return
	}
	s.leaveLane()
	select {
	case s.server.lanes <- struct{}{}:
		s.intake.busy = true
	case <-s.server.life.Done(): // it will find its connection cut
		return
	}
	s.hear()                      // while it waited it was not listened to
	_, closed := s.queue.Closed() // then it does not go on for long
	if s.server.cfg.paced() && !closed {
		time.Sleep(time.Duration(done) * pause)
	} else {
		runtime.Gosched()
	}
}

// leaveLane is called before anything that may take long without a processor.
func (s *socket) leaveLane() {
	if s.intake.busy {
		<-s.server.lanes
		s.intake.busy = false
	}
}

// readConn reads from the connection. Where more comes than p holds, it reads ahead.
// It waits by itself, and not in a function of its own, to keep the stack low.
func (s *socket) readConn(p []byte) (n int, err error) {
	in := &s.intake
	if in.at < in.end || in.more || in.busy && s.raw != nil {
		if n, err = s.readAhead(p); n > 0 || err != nil {
			return n, err
		}
	}
	s.rest()
	if s.raw == nil {
		return s.readAny(p)
	}
	n, err = s.reading.read(s.raw, p)
	in.more = n == len(p)
	if s.reading.waited {
		in.work = 0
	}
	s.worked(n / workUnit)
	return n, err
}

// readAny reads from a connection that does not tell whether it had to wait, as with
// TLS: then that it took so long tells it.
func (s *socket) readAny(p []byte) (n int, err error) {
	began := time.Now()
	n, err = s.conn.Read(p)
	if time.Since(began) >= pause {
		s.intake.work = 0
	}
	s.worked(n / workUnit)
	return n, err
}

// readAhead gives what has been read ahead or is there already; 0 means nothing.
func (s *socket) readAhead(p []byte) (n int, err error) {
	in := &s.intake
	if in.at == in.end {
		if len(p) >= spareBuffer {
			n, err = s.reading.readNow(s.raw, p)
			in.more = n == len(p)
			s.worked(n / workUnit)
			return n, err
		}
		if in.ahead == nil {
			in.ahead = spareBuffers.Get().(*[spareBuffer]byte)
		}
		n, err = s.reading.readNow(s.raw, in.ahead[:])
		in.at, in.end, in.more = 0, uint16(n), n == spareBuffer
		s.worked(n / workUnit)
	}
	n = copy(p, in.ahead[in.at:in.end])
	in.at += uint16(n)
	return n, err
}

// rest gives up what a socket holds that waits for its peer.
func (s *socket) rest() {
	in := &s.intake
	if in.ahead != nil {
		spareBuffers.Put(in.ahead)
		in.ahead, in.at, in.end = nil, 0, 0
	}
	s.leaveLane()
}
