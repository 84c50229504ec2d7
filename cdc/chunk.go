package cdc

import "github.com/tablewire/tablewire/protocol/wal"

// chunk carries messages from the walsender's goroutine to the decoder's, which
// gives it back: two goroutines work at once, and memory stays flat.
type chunk struct {
	buf  []byte
	ends []int // where each message in buf ends
	// keepalive is a position before which everything has been sent, from a
	// keepalive that came after the messages; 0 when none did.
	keepalive wal.LSN
}

const (
	// chunkBytes is when a chunk is handed over though more is there to be read.
	chunkBytes = 64 << 10
	// chunks is how many there are.
	chunks = 3
	// maxIdle is the longest buffer that a chunk keeps: a row may be huge.
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
