package harness

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"
)

// CreateHello is the first message of a user u%d who creates a room, or joins it if it is
// there. The broadcast takes it as well.
const CreateHello = `{"api_key":"` + APIKey + `","user_id":"u%d","action":"create"}`

// Attack is what a hostile client does.
type Attack struct {
	// Run attacks a server once, until the server ends the connection or ctx is done. It
	// returns the close code or the HTTP status, or 0 where the connection ended without
	// either, and the last text that came.
	Run func(ctx context.Context, addr string) (code int, last string)

	// Want is a pattern for "code last".
	Want string
}

// Attacks are all kinds of attack by their names. What they want holds for a server with
// --max-message-bytes=256KiB, and with an --auth-timeout of a few seconds.
var Attacks = map[string]Attack{
	"frame that is not masked":        {sends([]byte{0x81, 2, '{', '}'}), `^1002 `},
	"frame with a reserved bit":       {sends(ClientFrame(0xa1, "{}")), `^1002 `},
	"frame with an unknown opcode":    {sends(ClientFrame(0x83, "")), `^1002 `},
	"ping in fragments":               {sends(ClientFrame(0x09, "")), `^1002 `},
	"ping of 126 bytes":               {sends(ClientFrame(0x89, strings.Repeat("x", 126))), `^1002 `},
	"continuation of nothing":         {sends(ClientFrame(0x80, "{}")), `^1002 `},
	"close frame of one byte":         {sends(ClientFrame(0x88, "x")), `^1002 `},
	"HTTP in place of frames":         {sends([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")), `^1002 `},
	"length of 2^63 bytes":            {sends([]byte{0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}), `^1009 {"error":"Message too long","error_detail":"want at most 262144 bytes"}`},
	"length of 2^40 bytes":            {sends([]byte{0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}), `^1009 {"error":"Message too long"`},
	"message too long":                {sends(ClientFrame(0x81, strings.Repeat("x", 256<<10+1))), `^1009 {"error":"Message too long"`},
	"message too long in fragments":   {sends(ClientFrame(0x01, strings.Repeat("x", 200<<10)), ClientFrame(0x80, strings.Repeat("x", 200<<10))), `^1009 {"error":"Message too long"`},
	"first message too long":          {hello(strings.Repeat("x", 300<<10)), `^4400 {"error":"Invalid JSON","error_detail":"the message is longer than 262144 bytes"}`},
	"compressed message":              {sendCompressed, `^1002 `},
	"text that is not UTF-8":          {sends(ClientFrame(0x81, `{"type":"message","data":"`+"\xff"+`"}`)), `^1007 `},
	"fragment that is not UTF-8":      {sends(ClientFrame(0x01, "\xed\xa0\x80")), `^1007 `},
	"first message of 100,000 arrays": {hello(`{"api_key":` + nested("[", "]") + `}`), `^4400 {"error":"Invalid JSON"`},
	"message of 100,000 arrays":       {sends(ClientFrame(0x81, `{"type":"message","data":`+nested("[", "]")+`}`), ClientFrame(0x88, "")), `^1005 {"error":"Invalid message"`},
	"message of 100,000 objects":      {sends(ClientFrame(0x81, `{"type":"message","data":`+nested(`{"":`, "}")[:260_000]), ClientFrame(0x88, "")), `^1005 {"error":"Invalid message"`},
	"page of another site":            {origin("https://evil.example"), `^403 `},
	"page of a similar name":          {origin("https://127.0.0.1.evil.example"), `^403 `},
	"page without a name":             {origin("null"), `^403 `},
	"slow request header":             {dribbles("GET /realtime/broadcast HTTP/1.1\r\nHost: x\r\n", "X", time.Second), `^0 HTTP/1.1 400 `},
	"endless request header":          {dribbles("GET /realtime/broadcast HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 64<<10), "X", time.Second), `^0 HTTP/1.1 431 `},
	"slow request body":               {dribbles("GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", "x", time.Second), `^0 HTTP/1.1 200 `},
	"slow first message":              {dribbles(upgradeRequest("x", "broadcast"), string(ClientFrame(0x81, strings.Repeat(" ", 100))), 50*time.Millisecond), `"Authentication timeout"`},
	"no first message":                {hello(""), `^4408 {"error":"Authentication timeout"}`},
	"flood of messages":               {floods(ClientFrame(0x81, `{"type":"message","content":1}`)), `^4429 {"error":"Rate limit exceeded","error_detail":"too many messages were dropped"}`},
	"flood of the API's pings":        {floods(ClientFrame(0x81, `{"type":"ping"}`)), `^4429 {"error":"Rate limit exceeded","error_detail":"too many messages were dropped"}`},
	"flood of ping frames":            {floods(ClientFrame(0x89, "")), `^4429 {"error":"Rate limit exceeded","error_detail":"too many`},
	"flood of pong frames":            {floods(ClientFrame(0x8a, "")), `^4429 {"error":"Rate limit exceeded","error_detail":"too many frames"}`},
	"flood of empty fragments":        {floodsAfter(ClientFrame(0x01, ""), ClientFrame(0x00, "")), `^4429 {"error":"Rate limit exceeded","error_detail":"too many frames"}`},
	"flood of invalid JSON":           {floods(ClientFrame(0x81, `[`)), `^4429 {"error":"Rate limit exceeded","error_detail":"too many messages were dropped"}`},
	"client that never reads":         {neverReads, `^0 $`},
}

// HostileDialer returns the dialer of hostile clients. It connects from a second address of
// this machine, if there is one, so that the limits of an address are theirs alone.
func HostileDialer() net.Dialer {
	d := net.Dialer{Timeout: Patience}
	if hasSecondAddress() {
		d.LocalAddr, d.Control = &net.TCPAddr{IP: secondAddress}, choosePortLate
	}
	return d
}

var secondAddress = net.IPv4(127, 0, 0, 2)

var hasSecondAddress = sync.OnceValue(func() bool {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: secondAddress})
	if err == nil {
		_ = l.Close() // listening was the question
	}
	return err == nil
})

// choosePortLate is a [net.Dialer]'s Control where the system can do that.
var choosePortLate func(network, address string, c syscall.RawConn) error

// DialHostile is [DialRaw] with the [HostileDialer].
func DialHostile(ctx context.Context, addr, path, hello string, header ...string) (*RawConn, error) {
	d := HostileDialer()
	return DialRaw(ctx, &d, addr, path, hello, header...)
}

// refusal turns the error of a handshake into an attack's result.
func refusal(err error) (code int, last string) {
	if status, ok := errors.AsType[StatusError](err); ok {
		return int(status), ""
	}
	return 0, err.Error()
}

type run = func(ctx context.Context, addr string) (code int, last string)

// hello connects to the broadcast and sends a first message, unless it is empty.
func hello(message string) run {
	return func(ctx context.Context, addr string) (int, string) {
		c, err := DialHostile(ctx, addr, "broadcast", message)
		if err != nil {
			return refusal(err)
		}
		defer c.Close()
		return c.WaitClosed()
	}
}

// sends joins the broadcast and sends bytes.
func sends(p ...[]byte) run {
	return func(ctx context.Context, addr string) (int, string) {
		c, err := DialHostile(ctx, addr, "broadcast", CreateHello)
		if err != nil {
			return refusal(err)
		}
		defer c.Close()
		_, _ = c.Write(bytes.Join(p, nil)) // the server may close before it has all
		return c.WaitClosed()
	}
}

// floods joins a room and sends a frame as often as the server reads, until the server
// closes.
func floods(frame []byte) run { return floodsAfter(nil, frame) }

// floodsAfter sends another frame before.
func floodsAfter(first, frame []byte) run {
	return func(ctx context.Context, addr string) (int, string) {
		c, err := DialHostile(ctx, addr, "rooms/flood", CreateHello)
		if err != nil {
			return refusal(err)
		}
		defer c.Close()
		stop := context.AfterFunc(ctx, func() { _ = c.Close() })
		defer stop()
		var writing sync.WaitGroup
		writing.Go(func() {
			many := bytes.Repeat(frame, 1+(16<<10)/len(frame))
			for _, err := c.Write(first); err == nil; {
				_, err = c.Write(many)
			}
		})
		code, last := c.WaitClosed()
		_ = c.Close() // ends the writing
		writing.Wait()
		return code, last
	}
}

// dribbles sends before at once, and then slow again and again, a byte at a time. The last
// text is all that came: an HTTP response or frames.
func dribbles(before, slow string, every time.Duration) run {
	return func(ctx context.Context, addr string) (int, string) {
		d := HostileDialer()
		conn, err := d.DialContext(ctx, "tcp", addr)
		if err != nil {
			return 0, err.Error()
		}
		defer conn.Close()
		ended := make(chan []byte)
		go func() {
			response, _ := io.ReadAll(conn) // a reset is an end, too
			ended <- response
		}()
		_, _ = io.WriteString(conn, before)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case response := <-ended:
				return 0, string(response)
			case <-tick.C:
				_, _ = io.WriteString(conn, slow[i%len(slow):][:1])
			case <-ctx.Done():
				_ = conn.Close()
				<-ended
				return 0, "never closed"
			}
		}
	}
}

// origin connects as a page of a site does.
func origin(o string) run {
	return func(ctx context.Context, addr string) (int, string) {
		c, err := DialHostile(ctx, addr, "broadcast", CreateHello, "Origin: "+o)
		if err != nil {
			return refusal(err)
		}
		defer c.Close()
		return 101, ""
	}
}

// sendCompressed sends messages that decompress to a megabyte each.
func sendCompressed(ctx context.Context, addr string) (int, string) {
	c, err := DialHostile(ctx, addr, "broadcast", CreateHello, "Sec-WebSocket-Extensions: permessage-deflate")
	if err != nil {
		return refusal(err)
	}
	defer c.Close()
	for range 100 {
		_, _ = c.Write(compressed())
	}
	return c.WaitClosed()
}

// compressed returns a text message as permessage-deflate has it (RFC 7692, section 7.2.1).
func compressed() []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression) // fails only for an unknown level
	_, _ = w.Write(bytes.Repeat([]byte(" "), 1<<20))
	_ = w.Flush() // into memory
	return ClientFrame(0xc1, strings.TrimSuffix(b.String(), "\x00\x00\xff\xff"))
}

// neverReads joins a room and sends messages that come back to it, until the server closes.
func neverReads(ctx context.Context, addr string) (int, string) {
	c, err := DialHostile(ctx, addr, "rooms/stall", CreateHello)
	if err != nil {
		return refusal(err)
	}
	defer c.Close()
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetReadBuffer(4 << 10) // without it the attack takes longer
	}
	message := ClientFrame(0x81, `{"type":"message","content":"`+strings.Repeat("x", 60<<10)+`"}`)
	_ = c.SetWriteDeadline(time.Now().Add(Patience))
	for err = nil; err == nil; {
		_, err = c.Write(message)
	}
	return 0, ""
}

func nested(open, closing string) string {
	const depth = 100_000
	return strings.Repeat(open, depth) + "1" + strings.Repeat(closing, depth)
}
