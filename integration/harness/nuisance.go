package harness

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// nuisances are what [Load.Disturb] can do, by name. n counts the calls.
var nuisances = map[string]func(ctx context.Context, addr string, n int){
	"churn":     churn,
	"connects":  inTurn(connects),
	"requests":  inTurn(requests("GET /livez"), requests("GET /nothing"), requests("GET /realtime/broadcast"), requests("OPTIONS /realtime/rooms")),
	"malformed": inTurn(attacksNamed("frame that is not masked", "frame with an unknown opcode", "ping in fragments", "continuation of nothing", "close frame of one byte", "length of 2^63 bytes", "text that is not UTF-8", "fragment that is not UTF-8")...),
	"oversized": inTurn(attacksNamed("message too long", "message too long in fragments", "first message too long", "compressed message")...),
	"nested":    inTurn(sends(ClientFrame(0x81, `{"type":"message","data":`+strings.Repeat("[", 60_000)), ClientFrame(0x88, ""))),
	"messages":  inTurn(floods(ClientFrame(0x81, `{"type":"message","content":1}`))),
	"pings":     inTurn(floods(ClientFrame(0x89, "")), floods(ClientFrame(0x81, `{"type":"ping"}`))),
	"fragments": inTurn(floodsAfter(ClientFrame(0x01, ""), ClientFrame(0x00, ""))),
	"slow":      inTurn(dribbles("GET /realtime/broadcast HTTP/1.1\r\nHost: x\r\n", "X", 50*time.Millisecond), dribbles(upgradeRequest("x", "broadcast"), " ", 50*time.Millisecond)),
	"stalled":   inTurn(neverReads),
}

// inTurn makes the first call run the first attack, the second call the second one, and so
// on around.
func inTurn(attacks ...run) func(ctx context.Context, addr string, n int) {
	return func(ctx context.Context, addr string, n int) { attacks[n%len(attacks)](ctx, addr) }
}

func attacksNamed(names ...string) (runs []run) {
	for _, name := range names {
		a, ok := Attacks[name]
		if !ok {
			panic("there is no attack " + name)
		}
		runs = append(runs, a.Run)
	}
	return runs
}

// churn joins one of 1,000 rooms and leaves it.
func churn(ctx context.Context, addr string, n int) {
	c, err := DialHostile(ctx, addr, fmt.Sprintf("rooms/churn%d", n%1000), CreateHello)
	if err != nil {
		return
	}
	defer c.Close()
	if _, err := c.ReadText(); err == nil { // "joined"
		_, _ = c.Write(ClientFrame(frameClose, "\x03\xe8"))
		c.WaitClosed()
	}
}

// connects opens a connection and closes it at once.
func connects(ctx context.Context, addr string) (int, string) {
	c, err := DialHostile(ctx, addr, "broadcast", "")
	if err != nil {
		return refusal(err)
	}
	_ = c.Close()
	return 0, ""
}

// requests sends one request again and again without waiting for responses, until the
// server closes.
func requests(request string) run {
	return func(ctx context.Context, addr string) (int, string) {
		d := HostileDialer()
		conn, err := d.DialContext(ctx, "tcp", addr)
		if err != nil {
			return 0, err.Error()
		}
		defer conn.Close()
		stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
		defer stop()
		many := []byte(strings.Repeat(request+" HTTP/1.1\r\nHost: x\r\n\r\n", 100))
		go func() { _, _ = io.Copy(io.Discard, conn) }() // ends when conn is closed
		for err = nil; err == nil; {
			_, err = conn.Write(many)
		}
		return 0, ""
	}
}
