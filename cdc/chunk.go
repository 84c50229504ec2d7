package cdc

import "github.com/tablewire/tablewire/protocol/wal"

// chunk carries messages from the receiver's goroutine to the decoder's, which gives it
// back empty. So both goroutines work at once, and memory stays flat.
type chunk struct {
	buf  []byte
	ends []int // where each message in buf ends
	// keepalive is the position of a keepalive after the messages: the server has sent
	// everything before it. 0: there was no keepalive.
	keepalive wal.LSN
}

const (
	// chunkBytes is the length at which a chunk goes to the decoder although more could be
	// read.
	chunkBytes = 64 << 10
	// chunks is how many chunks a connection has.
	chunks = 3
	// maxIdle is the size of the largest buffer, in bytes, that a chunk keeps: a row may be huge.
	maxIdle = 4 << 20
)

func (c *chunk) add(message []byte) {
	c.buf = append(c.buf, message...)
	c.ends = append(c.ends, len(c.buf))
}

func (c *chunk) empty() bool { return len(c.ends) == 0 && c.keepalive == 0 }

func (c *chunk) reset() {
	if cap(c.buf) > maxIdle {
		c.buf = nil
	}
	c.buf, c.ends, c.keepalive = c.buf[:0], c.ends[:0], 0
}
