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

// Peers that vanish without a word, as when a cable is pulled: from then on their
// machine takes nothing, not even to say that nobody is there. The server finds out by
// its pings, the others in the room are told, and nothing is kept.
func TestPeersThatVanish(t *testing.T) {
	t.Parallel()
	s := harness.Serve(t, pgtest.Start(t).NewDatabase(t), "vanish", "--ping-interval=500ms")
	witness, _ := harness.Join(t, s, "rooms/r", map[string]string{"api_key": harness.APIKey, "user_id": "witness", "action": "create"})
	const peers = 20
	for i := range peers {
		k, err := harness.DialRaw(t.Context(), &net.Dialer{}, s.Addr, "rooms/r", fmt.Sprintf(harness.CreateHello, i))
		if err != nil {
			t.Fatal(err)
		}
		defer k.Close()
		if _, err := k.ReadText(); err != nil { // "joined"
			t.Fatal(err)
		}
		if f := witness.Next(t); !strings.HasPrefix(f, `{"type":"user_joined"`) {
			t.Fatal(f)
		}
		vanish(t, k.Conn)
	}
	began := time.Now()
	for range peers {
		if f := witness.Next(t); !strings.HasPrefix(f, `{"type":"user_left"`) {
			t.Fatal(f)
		}
	}
	t.Logf("%d peers were given up after %s", peers, time.Since(began).Round(time.Millisecond))
	harness.Eventually(t, "one socket is left", func() bool { return s.Metric(t, "tablewire_connections") == 1 })
	if n := s.Metric(t, `tablewire_disconnects_total{code="1006"}`); n != peers {
		t.Errorf("%v sockets are counted as cut, want %d", n, peers)
	}
}

// vanish has the kernel drop all that comes on a connection before anything is done
// with it: a filter that lets nothing pass.
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
