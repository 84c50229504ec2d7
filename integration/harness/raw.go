package harness

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// The first byte of a frame: FIN and the opcode (RFC 6455, section 5.2).
const (
	frameText  = 0x81
	frameClose = 0x88
	framePing  = 0x89
	framePong  = 0x8a
)

// RawConn is a WebSocket connection on which only the caller writes, apart from the pongs
// of ReadText. Reading is for one goroutine.
type RawConn struct {
	net.Conn
	r *bufio.Reader
}

// DialRaw opens a connection below /realtime/ and sends hello as a text message, unless it
// is empty. The lines of header are added to the request. The error is a [StatusError] if
// the server refuses the upgrade.
func DialRaw(ctx context.Context, d *net.Dialer, addr, path, hello string, header ...string) (*RawConn, error) {
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	c := &RawConn{conn, bufio.NewReaderSize(conn, 4096)}
	if err = c.upgrade(addr, path, header...); err == nil && hello != "" {
		_, err = conn.Write(ClientFrame(frameText, hello))
	}
	if err != nil {
		_ = conn.Close() // the first error says more
		return nil, err
	}
	return c, nil
}

// StatusError is the HTTP status with which a server refused the upgrade.
type StatusError int

func (e StatusError) Error() string {
	return fmt.Sprintf("the server refused the upgrade with HTTP status %d", int(e))
}

func upgradeRequest(host, path string, header ...string) string {
	lines := append([]string{
		"GET /realtime/" + path + " HTTP/1.1", "Host: " + host, "Connection: Upgrade", "Upgrade: websocket",
		"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
	}, header...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

func (c *RawConn) upgrade(host, path string, header ...string) error {
	_ = c.SetDeadline(time.Now().Add(Patience))
	defer c.SetDeadline(time.Time{}) //nolint:errcheck // a connection that has ended says so when it is read
	if _, err := io.WriteString(c, upgradeRequest(host, path, header...)); err != nil {
		return err
	}
	response, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return err
	}
	_ = response.Body.Close() // the status says all
	if response.StatusCode != http.StatusSwitchingProtocols {
		return StatusError(response.StatusCode)
	}
	return nil
}

// readFrame reads a frame of the server, which is not masked. The first byte is as the
// first argument of [ClientFrame].
func (c *RawConn) readFrame() (first byte, payload []byte, err error) {
	var header [10]byte
	if _, err := io.ReadFull(c.r, header[:2]); err != nil {
		return 0, nil, err
	}
	n, extended := uint64(header[1]), header[2:2]
	switch n {
	case 126:
		extended = header[2:4]
	case 127:
		extended = header[2:10]
	}
	if len(extended) > 0 {
		if _, err := io.ReadFull(c.r, extended); err != nil {
			return 0, nil, err
		}
		n = bigEndian(extended)
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(c.r, payload)
	return header[0], payload, err
}

// ReadText returns the next text message, and answers pings before it. The error is a
// [ClosedError] if a close frame comes.
func (c *RawConn) ReadText() (string, error) {
	for {
		first, payload, err := c.readFrame()
		switch {
		case err != nil:
			return "", err
		case first == frameText:
			return string(payload), nil
		case first == frameClose && len(payload) >= 2:
			return "", ClosedError(bigEndian(payload[:2]))
		case first == frameClose:
			return "", ClosedError(1005)
		case first == framePing:
			if _, err := c.Write(ClientFrame(framePong, string(payload))); err != nil {
				return "", err
			}
		}
	}
}

// WaitClosed reads until the connection ends. It returns the close code, or 0 if there was
// no close frame, and the last text message.
func (c *RawConn) WaitClosed() (code int, last string) {
	_ = c.SetReadDeadline(time.Now().Add(Patience))
	for {
		text, err := c.ReadText()
		if err == nil {
			last = text
			continue
		}
		if closed, ok := errors.AsType[ClosedError](err); ok {
			code = int(closed)
		}
		return code, last
	}
}

// countInto counts text messages until the connection ends, and closes it.
func (c *RawConn) countInto(n *counter) {
	for {
		if err := c.skipText(); err != nil {
			_ = c.Close() // it has ended
			return
		}
		n.add()
	}
}

// skipText is ReadText without a copy of the message.
func (c *RawConn) skipText() error {
	for {
		header, err := c.r.Peek(2)
		if err != nil {
			return err
		}
		first, n, skip := header[0], int(header[1]), 2
		if n >= 126 {
			skip = map[int]int{126: 4, 127: 10}[n]
			if header, err = c.r.Peek(skip); err != nil {
				return err
			}
			n = int(bigEndian(header[2:]))
		}
		if _, err := c.r.Discard(skip + n); err != nil {
			return err
		}
		switch first {
		case frameText:
			return nil
		case frameClose:
			return io.EOF
		case framePing:
			if _, err := c.Write(ClientFrame(framePong, "")); err != nil {
				return err
			}
		}
	}
}

// ClientFrame returns a frame of a client, masked with four zero bytes. The first byte
// holds FIN, the reserved bits and the opcode, whatever they are (RFC 6455, section 5.2).
func ClientFrame(first byte, payload string) []byte {
	f := []byte{first}
	switch n := len(payload); {
	case n < 126:
		f = append(f, 0x80|byte(n))
	case n <= 0xffff:
		f = append(f, 0x80|126, byte(n>>8), byte(n))
	default:
		f = append(f, 0x80|127, 0, 0, 0, 0, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return append(append(f, 0, 0, 0, 0), payload...)
}

// bigEndian reads a number of up to eight bytes in network byte order.
func bigEndian(p []byte) (n uint64) {
	for _, b := range p {
		n = n<<8 | uint64(b)
	}
	return n
}
