package integration

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"
)

// nuisance is what a load does to a server again and again, as often as it is told
// and, unless it is serial, also while the one before still goes on.
type nuisance struct {
	serial bool
	do     func(ctx context.Context, addr string, n int)
}

// once makes a nuisance of attacks, each in its turn.
func once(attacks ...attack) func(ctx context.Context, addr string, n int) {
	return func(ctx context.Context, addr string, n int) { attacks[n%len(attacks)](ctx, addr) }
}

var nuisances = map[string]nuisance{
	// churn joins one of 1,000 rooms and leaves it.
	"churn": {do: func(ctx context.Context, addr string, n int) {
		s, err := dialEvil(ctx, addr, numbered("rooms/churn%d", n%1000), chatHello)
		if err != nil {
			return
		}
		defer s.conn.Close()
		if _, err := s.text(); err == nil { // "joined"
			_, _ = s.conn.Write(clientFrame(0x88, "\x03\xe8"))
			s.closed()
		}
	}},
	"connects":  {do: once(connects)},
	"requests":  {do: once(asks("GET /livez"), asks("GET /nothing"), asks("GET /realtime/broadcast"), asks("OPTIONS /realtime/rooms"))},
	"malformed": {do: once(attackNamed("frame that", "frame of", "ping in", "continuation", "close of", "length of", "text that is not", "fragment that")...)},
	"oversized": {do: once(attackNamed("message that is too long", "fragments that are too long", "first message that is too long", "compressed")...)},
	"nested":    {do: once(says(clientFrame(0x81, `{"type":"message","data":`+strings.Repeat("[", 60_000)), clientFrame(0x88, "")))},
	"messages":  {do: once(floods(clientFrame(0x81, `{"type":"message","content":1}`)))},
	"pings":     {do: once(floods(clientFrame(0x89, "")), floods(clientFrame(0x81, `{"type":"ping"}`)))},
	"fragments": {do: once(floodsAfter(clientFrame(0x01, ""), clientFrame(0x00, "")))},
	"slow":      {do: once(dribbles("GET /realtime/broadcast HTTP/1.1\r\nHost: x\r\n", "X", 50*time.Millisecond), dribbles(upgradeRequest("x", "broadcast"), " ", 50*time.Millisecond))},
	"stalled":   {do: once(stalls)},
}

// connects opens a socket and leaves it at once.
func connects(ctx context.Context, addr string) (int, string) {
	s, err := dialEvil(ctx, addr, "broadcast", "")
	if err != nil {
		return refusal(err)
	}
	_ = s.conn.Close()
	return 0, ""
}

// asks sends one request again and again without waiting for an answer, until the server
// closes.
func asks(request string) attack {
	return func(ctx context.Context, addr string) (int, string) {
		d := evil()
		conn, err := d.DialContext(ctx, "tcp", addr)
		if err != nil {
			return 0, err.Error()
		}
		defer conn.Close()
		stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
		defer stop()
		many := []byte(strings.Repeat(request+" HTTP/1.1\r\nHost: x\r\n\r\n", 100))
		go func() { _, _ = io.Copy(io.Discard, conn) }() // until it is closed
		for err = nil; err == nil; {
			_, err = conn.Write(many)
		}
		return 0, ""
	}
}

// attackNamed gives the attacks whose names begin so.
func attackNamed(prefixes ...string) (found []attack) {
	for name, a := range attacks {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) }) {
			found = append(found, a.attack)
		}
	}
	return found
}

const chatHello = `{"api_key":"` + apiKey + `","user_id":"u%d","action":"create"}`
