package integration

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// The limits of an address count all IPv6 addresses with the same first 64 bits as one.
func TestIPv6(t *testing.T) {
	t.Parallel()
	host := "[::1]"
	if l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", host+":0"); err == nil {
		_ = l.Close() // listening was the question
	} else {
		t.Logf("the machine has no IPv6, so the clients connect through a proxy on IPv4: %v", err)
		host = "127.0.0.1"
	}
	s := harness.Serve(t, pgtest.Start(t).NewDatabase(t), "ipv6", "--listen="+host+":0", "--max-connections-per-address=2", "--trusted-proxies=::1,127.0.0.1")
	if !strings.HasPrefix(s.Addr, host+":") {
		t.Fatalf("the server listens on %s", s.Addr)
	}
	firstMessage := func(ip string) string {
		t.Helper()
		c, err := harness.DialRaw(t.Context(), &net.Dialer{}, s.Addr, "broadcast", harness.CreateHello, "X-Forwarded-For: "+ip)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		m, err := c.ReadText()
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for _, tt := range []struct{ ip, want string }{
		{"2001:db8::1", `{"event":"connected"`},
		{"2001:db8::2", `{"event":"connected"`},
		{"2001:db8::ffff:ffff:ffff:3", `{"error":"Rate limit exceeded","error_detail":"too many connections from your address"}`},
		{"2001:db8:0:1::1", `{"event":"connected"`},
	} {
		if m := firstMessage(tt.ip); !strings.HasPrefix(m, tt.want) {
			t.Errorf("the client at %s gets %s, want %s", tt.ip, m, tt.want)
		}
	}
}

// The server runs behind a proxy that ends TLS. Pages of the proxy's host may connect, and
// the limits of an address count the clients' addresses, not the proxy's.
func TestBehindProxy(t *testing.T) {
	t.Parallel()
	db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
	db.Run(t, `CREATE TABLE t (id int PRIMARY KEY)`)
	s := harness.Serve(t, db.URL, "proxy", "--trusted-proxies=127.0.0.0/8", "--max-connections-per-address=1")
	target := &url.URL{Scheme: "http", Host: s.Addr}
	var client atomic.Pointer[string] // the address that the proxy sees
	proxy := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
		r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
		r.Out.Header.Add("X-Forwarded-For", *client.Load())
	}})
	t.Cleanup(proxy.Close)
	dialer := websocket.Dialer{TLSClientConfig: proxy.Client().Transport.(*http.Transport).TLSClientConfig}
	connect := func(ip string, header http.Header) (*websocket.Conn, string) {
		t.Helper()
		client.Store(&ip)
		conn, resp, err := dialer.DialContext(t.Context(), "wss://"+proxy.Listener.Addr().String()+"/realtime/collections/t", header)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		t.Cleanup(func() { _ = conn.Close() })
		if err := conn.WriteJSON(map[string]string{"api_key": harness.APIKey}); err != nil {
			t.Fatal(err)
		}
		_, m, err := conn.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		return conn, string(m)
	}
	page := http.Header{"Origin": {proxy.URL}}
	conn, m := connect("198.51.100.1", page)
	if !strings.HasPrefix(m, `{"event":"connected"`) {
		t.Errorf("the first client gets %s", m)
	}
	if _, m := connect("198.51.100.2", nil); !strings.HasPrefix(m, `{"event":"connected"`) {
		t.Errorf("another client gets %s", m)
	}
	for _, own := range []http.Header{nil, {"X-Forwarded-For": {"203.0.113.9"}}} { // what the client itself sends does not count
		if _, m := connect("198.51.100.1", own); m != `{"error":"Rate limit exceeded","error_detail":"too many connections from your address"}` {
			t.Errorf("the first client gets %s on its second connection", m)
		}
	}
	db.Run(t, `INSERT INTO t VALUES (1)`)
	if _, m, err := conn.ReadMessage(); err != nil || string(m) != `{"event":"create","collection_id":"t","data":{"id":1}}` {
		t.Errorf("through the proxy came %s (error %v)", m, err)
	}
	if _, resp, err := dialer.DialContext(t.Context(), "wss://"+proxy.Listener.Addr().String()+"/realtime/collections/t", http.Header{"Origin": {"https://evil.example"}}); err == nil || resp == nil || resp.StatusCode != http.StatusForbidden {
		t.Errorf("a page of another site got no status 403: %v", err)
	} else {
		_ = resp.Body.Close()
	}
}
