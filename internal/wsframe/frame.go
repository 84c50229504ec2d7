// Package wsframe builds the WebSocket frames that the server sends (RFC 6455, section
// 5.2). It does no I/O and reads nothing: the server's WebSocket library reads the frames
// of clients. Server frames are not masked, so one [Frame] serves all who receive it.
package wsframe

import (
	"encoding/binary"
	"strings"

	"github.com/tablewire/tablewire/protocol"
)

// Frame is one WebSocket frame as the server sends it: header and payload, FIN set. Nobody
// writes to a frame once it is built, because all receivers share it.
//
//	 0               1               2 …              (byte)
//	+-+-----+-------+-+-------------+-----------------+---------+
//	|F|RSV  |opcode |M|length       |extended length  |payload  |
//	|1|0 0 0|  4 bit|0|0–125,126,127|0, 2 or 8 bytes  |         |
//	+-+-----+-------+-+-------------+-----------------+---------+
type Frame []byte

// The opcodes that the server sends (RFC 6455, section 11.8).
const (
	opText  = 0x1
	opClose = 0x8
	opPing  = 0x9
	opPong  = 0xA

	finBit = 0x80
)

// maxHeader is the length in bytes of the longest header without a mask.
const maxHeader = 10

// maxControl is the longest payload of a control frame, in bytes (RFC 6455, section 5.5).
const maxControl = 125

// Text builds a text frame. It copies message, which must be UTF-8, into memory of
// exactly the frame's length.
func Text(message []byte) Frame {
	f := make(Frame, 0, headerLen(len(message))+len(message))
	return append(appendHeader(f, opText, len(message)), message...)
}

// Ping builds a ping frame without a payload.
func Ping() Frame { return appendHeader(nil, opPing, 0) }

// Pong builds the answer to a ping, which repeats the ping's payload (RFC 6455, section
// 5.5.3). Payload bytes past the 125 of a control frame are dropped.
func Pong(payload string) Frame {
	payload = payload[:min(len(payload), maxControl)]
	return append(appendHeader(nil, opPong, len(payload)), payload...)
}

// Close builds a close frame (RFC 6455, section 5.5.1). A code of 0 builds one without a
// status. A reason longer than 123 bytes is cut between two characters.
func Close(code protocol.CloseCode, reason string) Frame {
	if code == 0 {
		return appendHeader(nil, opClose, 0)
	}
	reason = strings.ToValidUTF8(reason[:min(len(reason), maxControl-2)], "")
	f := appendHeader(make(Frame, 0, 4+len(reason)), opClose, 2+len(reason))
	f = binary.BigEndian.AppendUint16(f, uint16(code))
	return append(f, reason...)
}

// Payload returns the frame without its header. It shares the frame's memory.
func (f Frame) Payload() []byte {
	switch {
	case len(f) < 2:
		return nil
	case f[1] == 126:
		return f[4:]
	case f[1] == 127:
		return f[10:]
	}
	return f[2:]
}

// headerLen is the length in bytes of the header for a payload of n bytes.
func headerLen(n int) int {
	switch {
	case n <= 125:
		return 2
	case n <= 0xffff:
		return 4
	}
	return maxHeader
}

func appendHeader(dst []byte, opcode byte, n int) []byte {
	dst = append(dst, finBit|opcode)
	switch {
	case n <= 125:
		return append(dst, byte(n))
	case n <= 0xffff:
		return binary.BigEndian.AppendUint16(append(dst, 126), uint16(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, 127), uint64(n))
}
