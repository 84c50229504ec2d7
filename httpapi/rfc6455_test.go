package httpapi

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tablewire/tablewire/httpapi/ws"
	"github.com/tablewire/tablewire/integration/harness"
)

// wireCase is one of the cases with which the Autobahn suite tests a server, with the
// section of RFC 6455 that it is about.
type wireCase struct {
	id, section, name string
	send              []byte
	want              []string // frames, as readRawFrame shows them
	ends              bool     // the server closes the connection; else the socket must still work
}

// masked returns a client's frame with a mask of zeros.
func masked(op byte, payload string) []byte { return harness.ClientFrame(op, payload) }

// clientFrame is a frame with a mask that changes every byte.
func clientFrame(op byte, payload string) []byte {
	f, mask := masked(op, payload), [4]byte{0xa5, 0x3c, 0x99, 0x0f}
	if len(payload) > 0xffff {
		f = append(binary.BigEndian.AppendUint64([]byte{op, 0x80 | 127}, uint64(len(payload))), 0, 0, 0, 0)
		f = append(f, payload...)
	}
	body := f[len(f)-len(payload):]
	copy(f[len(f)-len(payload)-4:], mask[:])
	for i := range body {
		body[i] ^= mask[i%4]
	}
	return f
}

func closing(code int, reason string) []byte {
	return clientFrame(0x88, string(binary.BigEndian.AppendUint16(nil, uint16(code)))+reason)
}

// padded returns a ping of n bytes.
func padded(n int) string { return `{"type":"ping"}` + strings.Repeat(" ", n-15) }

// fragments sends a text in frames of at most size bytes.
func fragments(text string, size int) (all []byte) {
	op := byte(0x01)
	for ; len(text) > size; text = text[size:] {
		all, op = append(all, clientFrame(op, text[:size])...), 0
	}
	return append(all, clientFrame(op|0x80, text)...)
}

// roomInfo matches the part of a message that is not compared, because each case has a room of its own.
var roomInfo = regexp.MustCompile(`,"room_info":\{[^}]*\}\}`)

// readRawFrame shows a frame of the server's: "text …", "pong …", "close 1000".
func readRawFrame(r *bufio.Reader) (string, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return "", err
	}
	n := uint64(head[1])
	if n >= 126 {
		ext := make([]byte, map[uint64]int{126: 2, 127: 8}[n])
		if _, err := io.ReadFull(r, ext); err != nil {
			return "", err
		}
		n = binary.BigEndian.Uint64(append(make([]byte, 8-len(ext)), ext...))
	}
	p := make([]byte, n)
	if _, err := io.ReadFull(r, p); err != nil {
		return "", err
	}
	switch head[0] {
	case 0x81:
		text := stamp.ReplaceAllString(string(p), `"timestamp":"T"`)
		return "text " + roomInfo.ReplaceAllString(text, "}"), nil
	case 0x8a:
		return "pong " + string(p), nil
	case 0x88:
		if len(p) == 0 {
			return "close", nil
		}
		return fmt.Sprint("close ", binary.BigEndian.Uint16(p)), nil
	}
	return fmt.Sprintf("frame %x %q", head[0], p), nil
}

func wireCases() []wireCase {
	const pong, fail = `text {"type":"pong"}`, "close 1002"
	const tooLong = `text {"error":"Message too long","error_detail":"want at most 65536 bytes"}`
	const wantTextFrame = `text {"error":"Invalid message","error_detail":"want a text message, not a binary one"}`
	echo := func(s string) string {
		return `text {"type":"message","user_id":"a","user_name":"N a","content":"` + s + `","timestamp":"T"}`
	}
	say := func(s string) string { return `{"type":"message","content":"` + s + `"}` }
	join := slices.Concat[[]byte]
	ping := func(s string) []byte { return clientFrame(0x89, s) }
	var cases []wireCase
	add := func(id, section, name string, send []byte, want ...string) {
		ends := len(want) > 0 && strings.HasPrefix(want[len(want)-1], "close")
		cases = append(cases, wireCase{id, section, name, send, want, ends})
	}
	// 1: framing
	add("1.1.1", "5.2", "empty text", clientFrame(0x81, ""), `text {"error":"Invalid message","error_detail":"the message is empty: want a JSON object"}`)
	for i, n := range []int{125, 126, 127, 128, 65535, 65536} {
		add(fmt.Sprint("1.1.", i+2), "5.2", fmt.Sprint("text of ", n), clientFrame(0x81, padded(n)), pong)
		add(fmt.Sprint("1.2.", i+2), "5.6", fmt.Sprint("binary of ", n), clientFrame(0x82, padded(n)), wantTextFrame)
	}
	add("1.2.1", "5.6", "empty binary", clientFrame(0x82, ""), wantTextFrame)
	add("1.x", "5.2", "16-bit length that 7 bits hold", []byte{0x81, 0x80 | 126, 0, 2, 0, 0, 0, 0, '{', '}'}, fail)
	add("1.x", "5.2", "64-bit length that 16 bits hold", []byte{0x81, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, '{', '}'}, fail)
	add("1.x", "5.1", "not masked", []byte{0x81, 2, '{', '}'}, fail)
	// 2: pings and pongs
	add("2.1", "5.5.2", "ping without payload", ping(""), "pong ")
	add("2.2", "5.5.3", "ping with payload", ping("Hello"), "pong Hello")
	add("2.3", "5.5.2", "ping that is not UTF-8", ping("\x00\xff\xfe\xfd"), "pong \x00\xff\xfe\xfd")
	add("2.4", "5.5", "ping of 125", ping(strings.Repeat("\xfe", 125)), "pong "+strings.Repeat("\xfe", 125))
	add("2.5", "5.5", "ping of 126", ping(strings.Repeat("\xfe", 126)), fail)
	add("2.7", "5.5.3", "pong unasked", clientFrame(0x8a, ""))
	add("2.8", "5.5.3", "pong unasked, with payload", clientFrame(0x8a, "unsolicited"))
	add("2.9", "5.5.3", "pong unasked, then ping", join(clientFrame(0x8a, "x"), ping("y")), "pong y")
	var pings []byte
	var pongs []string
	for i := range 10 {
		pings, pongs = append(pings, ping(fmt.Sprint("p", i))...), append(pongs, fmt.Sprint("pong p", i))
	}
	add("2.10", "5.5.2", "ten pings", pings, pongs...)
	// 3: reserved bits, also the one of a compression that was not agreed on
	for rsv := byte(0x10); rsv <= 0x70; rsv += 0x10 {
		for _, op := range []byte{0x81, 0x82, 0x88, 0x89} {
			add("3.x", "5.2", fmt.Sprintf("reserved bits %x on %x", rsv, op), clientFrame(op|rsv, ""), fail)
		}
	}
	add("3.2", "5.2", "reserved bit after a message", join(clientFrame(0x81, padded(15)), clientFrame(0xa1, "x")), pong, fail)
	// 4: opcodes
	for _, op := range []byte{3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf} {
		add("4.x", "5.2", fmt.Sprint("opcode ", op), clientFrame(0x80|op, ""), fail)
		add("4.x", "5.2", fmt.Sprint("opcode with payload ", op), clientFrame(0x80|op, "x"), fail)
	}
	// 5: fragmentation
	two := fragments(padded(20), 10)
	add("5.1", "5.5", "ping in fragments", join(clientFrame(0x09, "a"), clientFrame(0x80, "b")), fail)
	add("5.2", "5.5", "pong in fragments", join(clientFrame(0x0a, "a"), clientFrame(0x80, "b")), fail)
	add("5.3", "5.4", "text in two fragments", two, pong)
	add("5.6", "5.4", "ping between fragments", join(clientFrame(0x01, `{"type":`), ping("mid"), clientFrame(0x80, `"ping"}`)), "pong mid", pong)
	for i, op := range []byte{0x80, 0x00} {
		add(fmt.Sprint("5.", 9+3*i), "5.4", "continuation of nothing", join(clientFrame(op, "x"), two), fail)
		add(fmt.Sprint("5.", 15+i), "5.4", "continuation after the end", join(two, clientFrame(op, "x")), pong, fail)
	}
	add("5.18", "5.4", "text within fragments", join(clientFrame(0x01, "x"), clientFrame(0x81, "y")), fail)
	add("5.19", "5.4", "five fragments and two pings", join(clientFrame(0x01, `{"t`), clientFrame(0, `ype`), ping("1"), clientFrame(0, `":`), ping("2"), clientFrame(0, `"ping`), clientFrame(0x80, `"}`)), "pong 1", "pong 2", pong)
	add("6.1.2", "5.4", "empty fragments", join(clientFrame(0x01, ""), clientFrame(0, ""), clientFrame(0x80, padded(15))), pong)
	// 6: UTF-8
	for i, s := range []string{"Hello-µ@ßöäüàá", "κόσμε", "\x7f", "\u0080", "\u07ff", "\u0800", "\uffff", "\U00010000", "\U0010ffff", "\uD7FF", "\uE000", "\ufffd", "\ufdd0", "\U0001fffe"} {
		add(fmt.Sprint("6.valid.", i), "8.1", "valid", clientFrame(0x81, say(s)), echo(s))
		add(fmt.Sprint("6.2.", i), "8.1", "valid, each byte a fragment", fragments(say(s), 1), echo(s))
	}
	for i, s := range []string{
		"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited", "\xce", "\xe1\xbd", "\xf0\x90\x80", "\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80", "\x80", "\xbf",
		"\xfe", "\xff", "\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xc1\xbf", "\xf4\x90\x80\x80", "\xed\xa0\x80", "\xed\xbf\xbf", "\xed\xa0\x80\xed\xb0\x80", "\xf7\xbf\xbf\xbf",
	} {
		add(fmt.Sprint("6.invalid.", i), "8.1", "invalid", clientFrame(0x81, say(s)), "close 1007")
		add(fmt.Sprint("6.4.", i), "8.1", "invalid, each byte a fragment", fragments(say(s), 1), "close 1007")
	}
	// 6.4: seen before the rest of the message comes, as it never does here
	unfinished := func(s string) []byte { return clientFrame(0x01, s) }
	add("6.4.1", "8.1", "invalid, and no end of the message", unfinished("\xce\xba\xf4\x90\x80\x80"), "close 1007")
	add("6.4.2", "8.1", "invalid in the second fragment", join(unfinished("\xce\xba\xf4"), clientFrame(0, "\x90")), "close 1007")
	add("6.4.3", "8.1", "invalid in the midst of a frame", clientFrame(0x81, "\xce\xba\xf4\x90\x80\x80edited")[:12], "close 1007")
	// 7: closing
	add("7.1.1", "5.5.1", "message, then close", join(clientFrame(0x81, padded(15)), closing(1000, "")), pong, "close 1000")
	add("7.1.2", "5.5.1", "close twice", join(closing(1000, ""), closing(1000, "")), "close 1000")
	add("7.1.3", "5.5.1", "ping after close", join(closing(1000, ""), ping("x")), "close 1000")
	add("7.1.4", "5.5.1", "text after close", join(closing(1000, ""), clientFrame(0x81, padded(15))), "close 1000")
	add("7.1.5", "5.5.1", "close within fragments", join(clientFrame(0x01, "x"), closing(1000, ""), clientFrame(0x80, "y")), "close 1000")
	add("7.3.1", "7.1.5", "close without a code", clientFrame(0x88, ""), "close")
	add("7.3.2", "5.5.1", "close of one byte", clientFrame(0x88, "a"), fail)
	add("7.3.4", "5.5.1", "close with a reason", closing(1000, "Hello"), "close 1000")
	add("7.3.5", "5.5", "longest reason", closing(1000, strings.Repeat("*", 123)), "close 1000")
	add("7.3.6", "5.5", "reason too long", closing(1000, strings.Repeat("*", 124)), fail)
	add("7.5.1", "8.1", "reason that is not UTF-8", closing(1000, "\xce\xba\xed\xa0\x80"), "close 1007")
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999} {
		add("7.7", "7.4.1", fmt.Sprint("code ", code), closing(code, ""), fmt.Sprint("close ", code))
	}
	for _, code := range []int{0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		add("7.9", "7.4", fmt.Sprint("code ", code), closing(code, ""), fail)
	}
	// 9 and 10: limits
	add("9.1", "10.4", "as long as may be", clientFrame(0x81, padded(64<<10)), pong)
	add("9.1", "10.4", "one byte longer", clientFrame(0x81, padded(64<<10+1)), tooLong, "close 1009")
	add("9.3", "10.4", "one byte longer, in fragments", fragments(padded(64<<10+1), 1024), tooLong, "close 1009")
	add("9.5", "10.4", "a length beyond counting", append([]byte{0x81}, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00"...), tooLong, "close 1009")
	add("10.1.1", "5.4", "65,536 bytes in fragments of 1,300", fragments(padded(64<<10), 1300), pong)
	return cases
}

// TestRFC6455 runs each case in one piece and, where it is short, byte by byte.
func TestRFC6455(t *testing.T) {
	t.Parallel()
	timeouts := ws.DefaultTimeouts
	timeouts.CloseAnswer = 50 * time.Millisecond // a client that broke the protocol can't close
	w := setupTimes(t, timeouts, func(c *Config) {
		c.AddressMessageRate = -1
		c.PingInterval = time.Hour // the server's pings would come between the answers
	})
	for _, tt := range wireCases() {
		for _, piece := range []int{len(tt.send), 1} {
			if piece == 1 && len(tt.send) > 300 {
				continue
			}
			t.Run(fmt.Sprintf("%s/section %s/%s/pieces of %d", tt.id, tt.section, tt.name, piece), func(t *testing.T) {
				t.Parallel()
				w.runWireCase(t, tt, piece)
			})
		}
	}
}

func (w *site) runWireCase(t *testing.T, tt wireCase, piece int) {
	c := w.speak(t, "/realtime/rooms/"+url.PathEscape(t.Name()), hello("a", "N a", `"action":"create","room_title":"t"`))
	c.read()
	raw, r := c.NetConn(), bufio.NewReader(c.NetConn())
	_ = raw.SetReadDeadline(time.Now().Add(patient))
	for rest := tt.send; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
		if _, err := raw.Write(rest[:min(piece, len(rest))]); err != nil {
			break // the server has closed already
		}
	}
	want := tt.want
	if !tt.ends {
		_, _ = raw.Write(clientFrame(0x81, `{"type":"ping"}`))
		want = append(slices.Clone(want), `text {"type":"pong"}`)
	}
	for _, want := range want {
		if got, err := readRawFrame(r); err != nil || got != want {
			t.Fatalf("got %.200q, %v\nwant %.200q", got, err, want)
		}
	}
	if tt.ends {
		if got, err := readRawFrame(r); err == nil {
			t.Errorf("after the close frame: %s", got)
		}
	}
}
