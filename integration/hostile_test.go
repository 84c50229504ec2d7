package integration

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// All attacks run at once while two clients talk in a room. Each attack ends as it must, the
// two clients get all of each other's messages, and the server's memory stays bounded and is
// free again afterwards.
func TestHostileClients(t *testing.T) { //nolint:tparallel // the group waits for the parallel ones in it
	t.Parallel()
	s := harness.Serve(t, pgtest.Start(t).NewDatabase(t), "hostile",
		"--max-message-bytes=256KiB", "--auth-timeout=2s", "--ping-interval=6s", "--queue-bytes=512KiB",
		"--message-rate=200", "--message-burst=300", "--max-rooms=200", "--room-linger=1s", "--address-connection-rate=500", "--max-connections-per-address=600")
	ada, _ := harness.Join(t, s, "rooms/good", map[string]string{"api_key": harness.APIKey, "user_id": "ada", "action": "create"})
	bob, _ := harness.Join(t, s, "rooms/good", map[string]string{"api_key": harness.APIKey, "user_id": "bob"})
	if f := ada.Next(t); !strings.Contains(f, `"user_joined"`) {
		t.Fatal(f)
	}
	before := s.HeapBytes(t)
	peak := s.WatchResident(t)
	talking := make(chan error, 1)
	ctx, stop := context.WithCancel(background(t))
	go func() { talking <- keepTalking(ctx, ada.Conn, bob.Conn) }()

	t.Run("Attacks", func(t *testing.T) {
		for name, a := range harness.Attacks {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithTimeout(background(t), harness.Patience)
				defer cancel()
				code, last := a.Run(ctx, s.Addr)
				if got := fmt.Sprint(code, " ", last); !regexp.MustCompile(a.Want).MatchString(got) {
					t.Errorf("ended with %.300q, want %s", got, a.Want)
				}
			})
		}
	})
	makeRooms(t, s, 200) // after the attacks, which need a room
	stop()
	if err := <-talking; err != nil {
		t.Errorf("the two clients in the room: %v", err)
	}
	harness.Eventually(t, "only the two connections are left", func() bool { return s.Metric(t, "tablewire_connections") == 2 })
	harness.Eventually(t, "only their room is left", func() bool { return s.Metric(t, "tablewire_rooms") == 1 })
	after := s.HeapBytes(t)
	t.Logf("heap: %d KiB before, %d KiB after; resident memory: %d MiB at most", before>>10, after>>10, peak()>>20)
	if after > before+8<<20 {
		t.Errorf("heap: %d KiB before, %d KiB after", before>>10, after>>10)
	}
	if limit := int64(128 << 20); !harness.RaceEnabled && peak() > limit {
		t.Errorf("resident memory: %d MiB, want at most %d", peak()>>20, limit>>20)
	}
	if s.CountLines(" ERR ") > 0 || s.CountLines("panic") > 0 {
		t.Error("the server logged an error")
	}
	s.Stop(t)
}

// keepTalking makes two clients send each other messages in turn until ctx is done. It checks
// that both get every message.
func keepTalking(ctx context.Context, a, b *harness.Conn) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := a.Send(map[string]any{"type": "message", "content": i}); err != nil {
			return err
		}
		for _, c := range []*harness.Conn{a, b} {
			m, err := c.Next()
			if err != nil {
				return fmt.Errorf("after %d messages: %w", i, err)
			}
			if !strings.Contains(m, fmt.Sprintf(`"content":%d,`, i)) {
				return fmt.Errorf("message %d is %s", i, m)
			}
		}
		a, b = b, a
	}
}

// makeRooms creates twice as many rooms as the server allows, and leaves them all.
func makeRooms(t *testing.T, s *harness.Server, limit int) {
	t.Helper()
	created, refused := 0, 0
	var conns []*harness.RawConn
	defer func() {
		for _, c := range conns {
			_ = c.Close()
		}
	}()
	for i := range 2 * limit {
		c, err := harness.DialHostile(t.Context(), s.Addr, fmt.Sprintf("rooms/many%d", i), harness.CreateHello)
		if err != nil {
			t.Error(err)
			return
		}
		conns = append(conns, c)
		switch m, err := c.ReadText(); {
		case err != nil:
			t.Error(err)
		case strings.HasPrefix(m, `{"event":"joined"`):
			created++
		case m == `{"error":"Rate limit exceeded","error_detail":"there are too many rooms"}`:
			refused++
		default:
			t.Error(m)
		}
	}
	if created > limit || refused < limit || created < limit-4 { // rooms of the attacks may still exist
		t.Errorf("the server created %d rooms and refused %d, want at most %d", created, refused, limit)
	}
}
