package pgoutput

import (
	"bytes"
	"encoding/binary"
	"time"

	"github.com/tablewire/tablewire/protocol/wal"
)

// epoch is PostgreSQL's: 2000-01-01 00:00 UTC, in Unix seconds.
const epoch = 946684800

// reader reads a message from its start to its end. After the first error all reads return
// zero values, so that a decoder needs to check only once, at its end.
type reader struct {
	msg []byte
	off int
	err *SyntaxError
}

// open begins to read a message that must be of type t.
func open(msg []byte, t byte) reader {
	r := reader{msg: msg}
	if len(msg) == 0 || msg[0] != t {
		r.fail("want a " + typeName(t) + " message")
		return r
	}
	r.off = 1
	return r
}

// close ends the reading. Bytes left over are an error.
func (r *reader) close() error {
	if r.err == nil && r.rest() > 0 {
		r.fail("bytes left over")
	}
	if r.err != nil {
		return r.err
	}
	return nil
}

func (r *reader) fail(reason string) {
	if r.err != nil {
		return
	}
	r.err = &SyntaxError{Offset: r.off, Reason: reason}
	if len(r.msg) > 0 {
		r.err.Type = r.msg[0]
	}
	r.off = len(r.msg)
}

// failBack fails at the byte that was last read, unless reading it has failed.
func (r *reader) failBack(reason string) {
	if r.err == nil {
		r.off--
		r.fail(reason)
	}
}

// rest is the number of bytes that are not read yet.
func (r *reader) rest() int { return len(r.msg) - r.off }

func (r *reader) uint8() byte {
	if r.rest() < 1 {
		r.fail("cut short: want 1 byte")
		return 0
	}
	b := r.msg[r.off]
	r.off++
	return b
}

func (r *reader) uint16() uint16 {
	if r.rest() < 2 {
		r.fail("cut short: want 2 bytes")
		return 0
	}
	n := binary.BigEndian.Uint16(r.msg[r.off:])
	r.off += 2
	return n
}

func (r *reader) uint32() uint32 {
	if r.rest() < 4 {
		r.fail("cut short: want 4 bytes")
		return 0
	}
	n := binary.BigEndian.Uint32(r.msg[r.off:])
	r.off += 4
	return n
}

func (r *reader) uint64() uint64 {
	if r.rest() < 8 {
		r.fail("cut short: want 8 bytes")
		return 0
	}
	n := binary.BigEndian.Uint64(r.msg[r.off:])
	r.off += 8
	return n
}

func (r *reader) lsn() wal.LSN { return wal.LSN(r.uint64()) }

// time reads microseconds since PostgreSQL's epoch. They are split before the
// epoch is added because the sum would overflow at the ends of the range.
func (r *reader) time() time.Time {
	micros := int64(r.uint64())
	if r.err != nil {
		return time.Time{}
	}
	return time.Unix(micros/1e6+epoch, micros%1e6*1e3).UTC()
}

// string reads up to a zero byte.
func (r *reader) string() string {
	n := bytes.IndexByte(r.msg[r.off:], 0)
	if n < 0 {
		r.fail("a string without its end")
		return ""
	}
	s := string(r.msg[r.off : r.off+n])
	r.off += n + 1
	return s
}

// schema reads a namespace: PostgreSQL sends pg_catalog as the empty string.
func (r *reader) schema() string {
	s := r.string()
	if s == "" && r.err == nil {
		return "pg_catalog"
	}
	return s
}

// bytes reads a length and as many bytes. They alias the message, and their capacity ends
// with them: an append by the caller can't overwrite the bytes behind them.
func (r *reader) bytes() []byte {
	at := r.off
	n := int(int32(r.uint32()))
	if r.err != nil {
		return nil
	}
	if n < 0 || n > r.rest() {
		r.off = at
		r.fail("a length beyond the message")
		return nil
	}
	b := r.msg[r.off : r.off+n : r.off+n]
	r.off += n
	return b
}
