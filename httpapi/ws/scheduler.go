package ws

import (
	"runtime"
	"time"
)

// readScheduler keeps flooding connections from monopolising the CPUs: they take turns, of
// which a few may go on at a time, and read one quantum a turn. The goroutine that reads
// owns it.
type readScheduler struct {
	ahead   *[spareBuffer]byte // what was read and not given to the library yet; nil while nothing comes
	at, end uint16             // the part of ahead that is still to be given
	more    bool               // the last read filled its buffer: there may be more
	hasTurn bool               // it has one of the transport's turns
	work    uint32             // units of work since it last waited for its peer
}

// turns is a semaphore for the connections that always have more to do. Only as many of
// them go on at a time as it has room for, which leaves the other processors to the
// connections that seldom have more. Those that wait get a turn in order.
type turns chan struct{}

func newTurns() turns { return make(turns, max(1, runtime.GOMAXPROCS(0)/2)) }

// Work is counted in units. One is about as long as a short message takes.
const (
	workUnit = 1 << 10 // bytes that are read are a unit; so is a message
	quantum  = 8       // units until others go first
	burst    = 128     // units without a turn, after having waited for the peer
)

// cooldown is how long a turn rests after a quantum. It is for the operating system, which
// would let a busy thread go on for some milliseconds before one that has just been
// woken. Hardly anybody notices a pause that short.
const cooldown = time.Millisecond

// coolsDown reports whether turns rest. They don't if a client may send more messages than
// the quanta between the cooldowns let through.
func (c *Config) coolsDown() bool {
	return c.MessageRate > 0 && c.MessageRate <= quantum/4*float64(time.Second/cooldown)
}

// charge counts work. At the end of a quantum it lets others go first; a connection that has
// used up its burst waits for a turn.
func (c *Conn) charge(units int) {
	before := c.scheduler.work
	c.scheduler.work += uint32(units)
	quanta := c.scheduler.work/quantum - before/quantum
	if quanta == 0 {
		return
	}
	if c.scheduler.work <= burst {
		runtime.Gosched()
		return
	}
	c.endTurn()
	select {
	case c.transport.turns <- struct{}{}:
		c.scheduler.hasTurn = true
	case <-c.transport.ctx.Done(): // the next read finds the connection aborted
		return
	}
	c.touch()                     // it has not been read while it waited
	_, closed := c.queue.Closed() // then it does not go on for long
	if c.transport.cfg.coolsDown() && !closed {
		time.Sleep(time.Duration(quanta) * cooldown)
	} else {
		runtime.Gosched()
	}
}

// endTurn is called before anything that may take long without a processor. It does nothing
// if the connection has no turn.
func (c *Conn) endTurn() {
	if c.scheduler.hasTurn {
		<-c.transport.turns
		c.scheduler.hasTurn = false
	}
}

// readConn reads from the network's connection. If more comes than p holds, it reads
// ahead. It waits by itself, and not in a function of its own, to keep the stack shallow.
func (c *Conn) readConn(p []byte) (n int, err error) {
	s := &c.scheduler
	if s.at < s.end || s.more || s.hasTurn && c.raw != nil {
		if n, err = c.readAhead(p); n > 0 || err != nil {
			return n, err
		}
	}
	c.releaseBuffers()
	if c.raw == nil {
		return c.readAny(p)
	}
	n, err = c.reading.read(c.raw, p)
	s.more = n == len(p)
	if c.reading.waited {
		s.work = 0
	}
	c.charge(n / workUnit)
	return n, err
}

// readAny reads from a connection without raw access (TLS). A read longer than cooldown is
// taken to have waited for the peer.
func (c *Conn) readAny(p []byte) (n int, err error) {
	began := time.Now()
	n, err = c.conn.Read(p)
	if time.Since(began) >= cooldown {
		c.scheduler.work = 0
	}
	c.charge(n / workUnit)
	return n, err
}

// readAhead returns what has been read ahead or is there already, without waiting; 0
// means nothing.
func (c *Conn) readAhead(p []byte) (n int, err error) {
	s := &c.scheduler
	if s.at == s.end {
		if len(p) >= spareBuffer {
			n, err = c.reading.readNow(c.raw, p)
			s.more = n == len(p)
			c.charge(n / workUnit)
			return n, err
		}
		if s.ahead == nil {
			s.ahead = spareBuffers.Get().(*[spareBuffer]byte)
		}
		n, err = c.reading.readNow(c.raw, s.ahead[:])
		s.at, s.end, s.more = 0, uint16(n), n == spareBuffer
		c.charge(n / workUnit)
	}
	n = copy(p, s.ahead[s.at:s.end])
	s.at += uint16(n)
	return n, err
}

// releaseBuffers gives up what only a connection with something to read holds.
func (c *Conn) releaseBuffers() {
	s := &c.scheduler
	if s.ahead != nil {
		spareBuffers.Put(s.ahead)
		s.ahead, s.at, s.end = nil, 0, 0
	}
	c.endTurn()
}
