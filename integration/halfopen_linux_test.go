package integration

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// Clients vanish as if a cable were pulled: their machine answers no packet, not even with a
// reset. The server's pings find out, the others in the room get "user_left", and the server
// keeps nothing of the connections.
func TestPeersThatVanish(t *testing.T) {
	t.Parallel()
	s := harness.Serve(t, pgtest.Start(t).NewDatabase(t), "vanish", "--ping-interval=500ms")
	witness, _ := harness.Join(t, s, "rooms/r", map[string]string{"api_key": harness.APIKey, "user_id": "witness", "action": "create"})
	const vanished = 20
	for i := range vanished {
		c, err := harness.DialRaw(t.Context(), &net.Dialer{}, s.Addr, "rooms/r", fmt.Sprintf(harness.CreateHello, i))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.ReadText(); err != nil { // "joined"
			t.Fatal(err)
		}
		if f := witness.Next(t); !strings.HasPrefix(f, `{"type":"user_joined"`) {
			t.Fatal(f)
		}
		vanish(t, c.Conn)
	}
	began := time.Now()
	for range vanished {
		if f := witness.Next(t); !strings.HasPrefix(f, `{"type":"user_left"`) {
			t.Fatal(f)
		}
	}
	t.Logf("the server closed %d connections after %s", vanished, time.Since(began).Round(time.Millisecond))
	harness.Eventually(t, "one connection is left", func() bool { return s.Metric(t, "tablewire_connections") == 1 })
	if n := s.Metric(t, `tablewire_disconnects_total{code="1006"}`); n != vanished {
		t.Errorf("the metrics count %v connections with code 1006, want %d", n, vanished)
	}
}

// vanish makes the kernel drop all packets that come for a connection: it attaches a socket
// filter that accepts nothing (socket(7), SO_ATTACH_FILTER).
func vanish(t *testing.T, conn net.Conn) {
	t.Helper()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	nothing := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: 0}}
	set := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &nothing[0]})
	})
	if set != nil || err != nil {
		t.Fatal(set, err)
	}
}
