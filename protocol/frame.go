package protocol

import (
	"encoding/binary"
	"strings"
)

// Frame is one WebSocket frame as the server sends it, header and payload
// (RFC 6455, section 5.2). It is never written to once built: all who receive it
// share it.
//
//	 0               1               2 …            (byte)
//	+-+-----+-------+-+-------------+-----------------+---------+
//	|F|RSV  |opcode |M|length       |longer length    |payload  |
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

// maxHeader is the longest header of a frame that is not masked.
const maxHeader = 10

// maxControl is the longest payload of a control frame (RFC 6455, section 5.5).
const maxControl = 125

// TextFrame makes a text frame of a message, which it copies.
func TextFrame(message []byte) Frame {
	f := make(Frame, 0, headerLen(len(message))+len(message))
	return append(appendHeader(f, opText, len(message)), message...)
}

// PingFrame makes a ping frame with no payload.
func PingFrame() Frame { return appendHeader(nil, opPing, 0) }

// PongFrame answers a ping with its own payload.
func PongFrame(payload string) Frame {
	payload = payload[:min(len(payload), maxControl)]
	return append(appendHeader(nil, opPong, len(payload)), payload...)
}

// CloseFrame makes a close frame (RFC 6455, section 5.5.1). A code of 0 makes one
// without a status; a reason that is too long is cut.
func CloseFrame(code CloseCode, reason string) Frame {
	if code == 0 {
		return appendHeader(nil, opClose, 0)
	}
	reason = strings.ToValidUTF8(reason[:min(len(reason), maxControl-2)], "")
	f := appendHeader(make(Frame, 0, 4+len(reason)), opClose, 2+len(reason))
	f = binary.BigEndian.AppendUint16(f, uint16(code))
	return append(f, reason...)
}

// Payload is the frame without its header.
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
