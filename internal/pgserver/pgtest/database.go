package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// NewDatabase makes an empty database for a test and returns its URL. When the
// test ends it is dropped, with its replication slots and whoever is connected.
// The options are those of CREATE DATABASE.
func (s *Server) NewDatabase(t testing.TB, options ...string) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text()[:16])
	if err := s.admin(t.Context(), func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, strings.Join(append([]string{"CREATE DATABASE", name}, options...), " "))
		return err
	}); err != nil {
		t.Fatalf("make a database: %v", err)
	}
	t.Cleanup(func() {
		if s.isDown() {
			return // and goes with its server
		}
		ctx, cancel := cleanupContext(t)
		defer cancel()
		if err := s.admin(ctx, func(ctx context.Context, conn *pgx.Conn) error {
			return dropDatabase(ctx, conn, name)
		}); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return s.URL(name)
}

func (s *Server) admin(ctx context.Context, do func(context.Context, *pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return do(ctx, conn)
}

// dropDatabase first shuts the door, so that nobody reconnects to a slot that is
// about to be dropped.
func dropDatabase(ctx context.Context, conn *pgx.Conn, name string) error {
	for _, sql := range []string{
		`ALTER DATABASE ` + name + ` WITH ALLOW_CONNECTIONS false`,
		// Returns when the process has ended, and with it its hold on the slot.
		`SELECT pg_terminate_backend(active_pid, 20000) FROM pg_replication_slots WHERE database = '` + name + `' AND active`,
		`SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = '` + name + `'`,
		`DROP DATABASE ` + name + ` WITH (FORCE)`,
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}
