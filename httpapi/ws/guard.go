package ws

import "github.com/tablewire/tablewire/protocol"

// frameGuard checks the headers of the frames that a client sends, before the WebSocket
// library reads them. It stops what the library lets pass: control frames and empty fragments
// without end, which never become a message that could be charged, and what RFC 6455
// forbids.
type frameGuard struct {
	remaining uint64 // bytes of the mask and the payload that are still to come
	length    uint64
	have      uint8 // bytes of the header that have come
	need      uint8 // bytes that the header has
	head      [2]byte
	frames    uint32 // in this tick
	tick      uint32 // of the pinger
}

// maxFrames is how many control frames and fragments a client may send in a tick of
// the pinger, which by default is about half a second.
const maxFrames = 4096

// check checks bytes that were read. It returns what is wrong with them, or nil.
func (g *frameGuard) check(p []byte, tick uint32) *violation {
	for len(p) > 0 {
		if g.remaining > 0 {
			n := min(g.remaining, uint64(len(p)))
			g.remaining -= n
			p = p[n:]
			continue
		}
		if g.addHeaderByte(p[0]) {
			if v := g.checkHeader(tick); v != nil {
				return v
			}
		}
		p = p[1:]
	}
	return nil
}

// addHeaderByte takes the next byte of a header. It reports whether the header is whole.
func (g *frameGuard) addHeaderByte(b byte) bool {
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
	g.remaining = g.length
	if g.head[1]&0x80 != 0 {
		g.remaining += 4 // the mask; the library refuses a length beyond counting
	}
	g.have = 0
	return true
}

// checkHeader checks a whole header.
func (g *frameGuard) checkHeader(tick uint32) *violation {
	if g.tick != tick {
		g.tick, g.frames = tick, 0
	}
	if op := g.head[0]; op != 0x81 && op != 0x82 { // the handler charges whole messages
		g.frames++
	}
	switch {
	case g.frames > maxFrames:
		return tooManyFrames
	case g.head[0]&0x0f == 0x8 && g.length == 1:
		return shortCloseCode
	case g.need == 4 && g.length < 126, g.need == 10 && g.length <= 0xffff:
		return longLength
	}
	return nil
}

// violation is why a frameGuard closes a connection.
type violation struct {
	code      protocol.CloseCode
	reason    string
	clientErr *protocol.Error // closes the connection in place of code and reason, if it is set
}

var (
	tooManyFrames  = &violation{clientErr: protocol.ErrRateLimit("too many frames")}
	shortCloseCode = &violation{code: protocol.CloseProtocolError, reason: "a close code of one byte"}           // RFC 6455, section 5.5.1
	longLength     = &violation{code: protocol.CloseProtocolError, reason: "a length in more bytes than needed"} // RFC 6455, section 5.2
)
