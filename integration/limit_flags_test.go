package integration

import (
	"net"
	"strings"
	"testing"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// Limits hold as their flags say: those of connections, participants, origins and an address's
// rates. TestHostileClients reaches the others.
func TestLimitFlags(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	firstMessage := func(s *harness.Server, path, hello string, header ...string) string {
		t.Helper()
		c, err := harness.DialRaw(t.Context(), &net.Dialer{}, s.Addr, path, hello, header...)
		if err != nil {
			return err.Error()
		}
		t.Cleanup(func() { _ = c.Close() })
		m, err := c.ReadText()
		if err != nil {
			return err.Error()
		}
		return m
	}
	want := func(got, prefix string) {
		t.Helper()
		if !strings.HasPrefix(got, prefix) {
			t.Errorf("got %s, want %s", got, prefix)
		}
	}
	s := harness.Serve(t, pg.NewDatabase(t), "limits", "--max-connections=3", "--max-room-participants=2", "--allowed-origins=https://app.example.com,http://localhost:3000")
	want(firstMessage(s, "rooms/r", harness.CreateHello, "Origin: https://app.example.com"), `{"event":"joined"`)
	want(firstMessage(s, "rooms/r", harness.CreateHello, "Origin: http://localhost:3000"), `{"event":"joined"`)
	want(firstMessage(s, "rooms/r", harness.CreateHello, "Origin: http://localhost:3001"), `the server refused the upgrade with HTTP status 403`)
	want(firstMessage(s, "rooms/r", harness.CreateHello), `{"error":"Rate limit exceeded","error_detail":"the room is full"}`)
	harness.Eventually(t, "the refused connection is not counted any more", func() bool { return s.Metric(t, "tablewire_connections") == 2 })
	want(firstMessage(s, "broadcast", harness.CreateHello), `{"event":"connected"`)
	want(firstMessage(s, "broadcast", harness.CreateHello), `{"error":"Rate limit exceeded","error_detail":"the server has as many connections as it takes"}`)

	s = harness.Serve(t, pg.NewDatabase(t), "address_rate", "--address-message-rate=0.001", "--address-connection-rate=0.001")
	c, _ := harness.Join(t, s, "broadcast", map[string]string{"api_key": harness.APIKey})
	other, _ := harness.Join(t, s, "broadcast", map[string]string{"api_key": harness.APIKey})
	c.Send(t, map[string]any{"type": "message", "data": 1})
	c.Next(t)
	other.Next(t)
	other.Send(t, map[string]any{"type": "message", "data": 1})
	other.Want(t, `{"error":"Rate limit exceeded","error_detail":"more than 0.001 messages a second from your address: this one was dropped"}`)
	if _, err := harness.ListRooms(t.Context(), s); err != nil {
		t.Errorf("the first list of rooms: %v", err)
	}
	if _, err := harness.ListRooms(t.Context(), s); err == nil || !strings.Contains(err.Error(), "429") {
		t.Errorf("the list of rooms: %v", err)
	}
}
