package integration

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// A flood of connections reaches the limits of its own address, and clients of another
// address still connect. The test needs two addresses of this machine, which Linux has.
func TestConnectionFlood(t *testing.T) {
	t.Parallel()
	s := harness.Serve(t, pgtest.Start(t).NewDatabase(t), "connects", "--address-connection-rate=0.001", "--max-connections-per-address=20", "--max-unauthenticated=40")
	for range 20 { // one at a time
		raw, err := harness.DialHostile(t.Context(), s.Addr, "broadcast", harness.CreateHello)
		if err != nil {
			t.Fatal(err)
		}
		_ = raw.Close()
	}
	raw, err := harness.DialHostile(t.Context(), s.Addr, "broadcast", harness.CreateHello)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if code, last := raw.WaitClosed(); code != 4429 || last != `{"error":"Rate limit exceeded","error_detail":"your address connects too often"}` {
		t.Errorf("connection 21 ended with %d %s", code, last)
	}
	c, _ := harness.Join(t, s, "broadcast", map[string]string{"api_key": harness.APIKey})
	c.Send(t, map[string]string{"type": "ping"})
	c.Want(t, harness.Pong)

	// An address may have 10 connections that have not sent a request: a quarter of
	// --max-unauthenticated.
	d := harness.HostileDialer()
	var idle []net.Conn
	for range 30 {
		conn, err := d.DialContext(t.Context(), "tcp", s.Addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		idle = append(idle, conn)
	}
	harness.Eventually(t, "20 of 30 silent connections are closed", func() bool {
		return s.Metric(t, `tablewire_limited_total{limit="handshakes"}`) == 20
	})
	for _, conn := range idle[10:] {
		_ = conn.SetReadDeadline(time.Now().Add(harness.Patience))
		if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a connection beyond the limit is open (error %v)", err)
		}
	}
	harness.Join(t, s, "broadcast", map[string]string{"api_key": harness.APIKey})
	if n := s.CountLines(`a client hit a limit`); n != 2 {
		t.Errorf("the log has %d lines for two limits, want 2", n)
	}
}
