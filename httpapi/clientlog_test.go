package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tablewire/tablewire/httpapi/limit"
)

// TestClientLog: the log has one line of a kind, however many clients it is about, and
// nothing that they sent.
func TestClientLog(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.MessageRate, c.MessageBurst = hopeless, 1 })
	long := "https://" + strings.Repeat("x", 500) + ".example"
	for _, origin := range []string{"https://evil.example", long, long} {
		_, answer, err := websocket.DefaultDialer.DialContext(t.Context(), w.url("/realtime/broadcast"), http.Header{"Origin": {origin}})
		if err == nil {
			t.Fatal("a wrong origin is let in")
		}
		_ = answer.Body.Close()
	}
	a := w.listener(t, "a")
	for range 2 {
		a.send(`{"type":"message","data":"s3cret"}`)
		a.read()
	}
	_, answer, err := websocket.DefaultDialer.DialContext(t.Context(), w.url("/realtime/broadcast"), http.Header{"Origin": {long}})
	if err == nil {
		t.Fatal("a wrong origin is let in")
	}
	_ = answer.Body.Close()

	w.clientLog.flush(t.Context(), time.Now().Add(limit.LogInterval))

	log := w.log.String()
	for _, want := range []string{
		`level=WARN msg="a page may not connect: its origin is neither allowed nor the server's own host" origin=https://evil.example host=127.0.0.1:`,
		` to_do="add https://evil.example to the setting \"allowed-origins\" if the page is yours"`,
		`level=INFO msg="a page may not connect: its origin is neither allowed nor the server's own host" origin=https://xxx`,
		` address=127.0.0.1 count=1`, ` address=127.0.0.1 count=3`,
		`level=INFO msg="a client hit a limit" limit=messages address=127.0.0.1 count=1`,
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s", want)
		}
	}
	if n := strings.Count(log, "\n"); n != 3 || strings.Contains(log, strings.Repeat("x", 200)) || strings.Contains(log, "s3cret") {
		t.Errorf("%d lines, want 3 that are brief and have no contents:\n%s", n, log)
	}
}

// TestClientLogFlushes: what happens after a line is logged as well, in one line more.
func TestClientLogFlushes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log lockedBuffer
		l := newClientLog(slog.New(slog.NewTextHandler(&log, nil)), 1)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { l.run(ctx) })
		for i := range 40 {
			l.slow(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}))
			l.limitHit(limit.Rooms, netip.IPv6Loopback())
			l.refusedOrigin("https://evil.example", "host", netip.IPv6Loopback())
		}
		time.Sleep(3 * limit.LogInterval)
		cancel()
		running.Wait()
		for _, want := range []string{
			" address=10.0.0.0 count=1\n", " address=10.0.0.39 count=39\n", "limit=rooms address=::1 count=39\n", "origin=https://evil.example host=host address=::1 count=39 to_do=",
		} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log lacks %q", want)
			}
		}
		if lines := strings.Count(log.String(), "\n"); lines != 6 {
			t.Errorf("%d lines, want 6:\n%s", lines, log.String())
		}
	})
}

// TestProxyHint: the line of a limit by address names the setting that a forgotten proxy
// needs, if the address may be a proxy's.
func TestProxyHint(t *testing.T) {
	t.Parallel()
	proxies, err := limit.ParseProxies([]string{"10.1.0.0/16"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		kind limit.Kind
		ip   string
		want bool
	}{
		{limit.AddressConnections, "127.0.0.1", true},
		{limit.AddressMessages, "::1", true},
		{limit.Connects, "10.2.0.1", true},
		{limit.Requests, "fd00::", true},
		{limit.Unauthenticated, "172.17.0.1", true},
		{limit.Requests, "10.1.0.1", false},    // a trusted proxy that names no client
		{limit.Requests, "203.0.113.1", false}, // likely a client
		{limit.Messages, "127.0.0.1", false},   // a limit of a connection
	} {
		var log lockedBuffer
		l := newClientLog(slog.New(slog.NewTextHandler(&log, nil)), 1)
		l.proxies = proxies
		l.limitHit(tt.kind, netip.MustParseAddr(tt.ip))
		if got := strings.Contains(log.String(), `add its address to the setting \"trusted-proxies\"`); got != tt.want {
			t.Errorf("%s by %s: hint %t, want %t: %s", tt.kind, tt.ip, got, tt.want, log.String())
		}
	}
}

// TestUntellableOrigin: the hint repeats no text that the setting would refuse.
func TestUntellableOrigin(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	l := newClientLog(slog.New(slog.NewTextHandler(&log, nil)), 1)
	l.refusedOrigin("null", "host", netip.IPv6Loopback())
	if want := "serve the page over HTTP"; !strings.Contains(log.String(), want) {
		t.Errorf("the log lacks %q: %s", want, log.String())
	}
	l = newClientLog(slog.New(slog.NewTextHandler(&log, nil)), 1)
	l.refusedOrigin("https://a.example/path", "host", netip.IPv6Loopback())
	if !strings.Contains(log.String(), `add the page's origin to the setting`) || strings.Contains(log.String(), "add https://a.example") {
		t.Error(log.String())
	}
}

// TestTrustingEverybody: a network of all addresses lets every client choose its address.
func TestTrustingEverybody(t *testing.T) {
	t.Parallel()
	for network, want := range map[string]bool{"0.0.0.0/0": true, "::/0": true, "10.0.0.0/8": false} {
		w := setup(t, func(c *Config) { c.TrustedProxies = []string{network} })
		if got := strings.Contains(w.log.String(), `level=WARN msg="every client can choose the address`); got != want {
			t.Errorf("%s: warning %t, want %t: %s", network, got, want, w.log.String())
		}
	}
}
