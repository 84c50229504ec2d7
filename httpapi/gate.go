package httpapi

import (
	"time"

	"github.com/tablewire/tablewire/protocol"
)

// gate looks at the headers of the frames that a client sends, before the
// WebSocket library does. It sees to what the library leaves alone: control frames
// and empty fragments without end, which never become a message that could be
// counted, and what RFC 6455 forbids and the library lets pass.
type gate struct {
	rest   uint64 // bytes of the mask and the payload that are still to come
	length uint64
	have   uint8 // bytes of the header that have come
	need   uint8 // bytes that the header has
	head   [2]byte
	frames uint32 // in this tick
	tick   uint32 // of the pinger
}

// maxFrames is how many control frames and fragments a client may send in a tick of
// the pinger, by default about half a second.
const maxFrames = 4096

// pass looks at bytes that were read. It says what is wrong with them.
func (g *gate) pass(p []byte, tick uint32) *fault {
	for len(p) > 0 {
		if g.rest > 0 {
			n := min(g.rest, uint64(len(p)))
			g.rest -= n
			p = p[n:]
			continue
		}
		if g.take(p[0]) {
			if f := g.check(tick); f != nil {
				return f
			}
		}
		p = p[1:]
	}
	return nil
}

// take takes a byte of a header. It reports whether the header is whole.
func (g *gate) take(b byte) bool {
	switch g.have {
	case 0:
		g.head[0], g.need = b, 2
	case 1:
		g.head[1] = b
		switch g.length = uint64(b & 0x7f); g.length {
		case 126:
			g.need, g.length = 4, 0
		case 127:
			g.need, g.length = 10, 0
		}
	default:
		g.length = g.length<<8 | uint64(b)
	}
	g.have++
	if g.have < g.need {
		return false
	}
	g.rest = g.length
	if g.head[1]&0x80 != 0 {
		g.rest += 4 // the mask; a length beyond counting is the library's to refuse
	}
	g.have = 0
	return true
}

// check looks at a header.
func (g *gate) check(tick uint32) *fault {
	if g.tick != tick {
		g.tick, g.frames = tick, 0
	}
	if op := g.head[0]; op != 0x81 && op != 0x82 { // a whole message is counted by the meter
		g.frames++
	}
	switch {
	case g.frames > maxFrames:
		return faultFlood
	case g.head[0]&0x0f == 0x8 && g.length == 1:
		return faultClose
	case g.need == 4 && g.length < 126, g.need == 10 && g.length <= 0xffff:
		return faultLength
	}
	return nil
}

// fault is why a socket is closed by its gate.
type fault struct {
	code   protocol.CloseCode
	reason string
	told   *protocol.Error // in place of these
}

var (
	faultFlood  = &fault{told: protocol.ErrRateLimit("too many frames")}
	faultClose  = &fault{code: protocol.CloseProtocolError, reason: "a close code of one byte"}           // RFC 6455, section 5.5.1
	faultLength = &fault{code: protocol.CloseProtocolError, reason: "a length in more bytes than needed"} // RFC 6455, section 5.2
)

// maxParsedAfterClose is how much is read, of a client that was sent a close frame and
// goes on as if it had not been, to find its own close frame.
const maxParsedAfterClose = 16 << 10

// inspect looks at what was read from the connection. It reports false when
// nothing more is to be read.
func (s *socket) inspect(p []byte) bool {
	if _, closed := s.queue.Closed(); closed {
		s.after += uint32(len(p))
		return s.after <= maxParsedAfterClose || s.discard()
	}
	f := s.gate.pass(p, s.server.pinger.tick.Load())
	switch {
	case f == nil:
	case f.told != nil:
		s.server.limits.count(limitFrames, s.from.ip)
		s.fail(f.told)
	default:
		s.queue.Close(f.code, f.reason)
	}
	return true
}

// discard reads on without looking, slowly, until the client has closed or its time
// is up: so one that does not stop costs little. Were the connection closed at once,
// what has not been read would be answered with a reset, and the client might never
// see our close frame. It always reports false.
func (s *socket) discard() bool {
	s.rest()
	buf := spareBuffers.Get().(*[spareBuffer]byte)
	defer spareBuffers.Put(buf)
	pace := time.NewTicker(discardEvery)
	defer pace.Stop()
	for until := time.Now().Add(s.server.times.closeWait); time.Now().Before(until); {
		for range discardAtOnce {
			n, err := s.conn.Read(buf[:]) // which is no work for a lane
			if err != nil {
				return false
			}
			if n < len(buf) {
				break
			}
		}
		select {
		case <-pace.C:
		case <-s.server.life.Done():
			return false
		}
	}
	return false
}

// What discard reads: so many buffers at once, as often.
const (
	discardAtOnce = 4
	discardEvery  = 20 * time.Millisecond
)
