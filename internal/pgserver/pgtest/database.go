package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// NewDatabase creates an empty database for a test and returns its URL. When the test ends, the
// database is dropped, with its replication slots and its connections. The options follow the
// name in CREATE DATABASE.
func (s *Server) NewDatabase(t testing.TB, options ...string) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text()[:16])
	if err := s.admin(t.Context(), func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, strings.Join(append([]string{"CREATE DATABASE", name}, options...), " "))
		return err
	}); err != nil {
		t.Fatalf("create a database: %v", err)
	}
	t.Cleanup(func() {
		if s.isDown() {
			return // the database is removed with its server
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

// admin calls do with a connection to the database postgres.
func (s *Server) admin(ctx context.Context, do func(context.Context, *pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return do(ctx, conn)
}

// dropDatabase drops a database and its replication slots. It forbids connections first, so that
// no client reconnects to a slot before the slot is dropped.
func dropDatabase(ctx context.Context, conn *pgx.Conn, name string) error {
	for _, sql := range []string{
		`ALTER DATABASE ` + name + ` WITH ALLOW_CONNECTIONS false`,
		// This waits until the walsender has ended: from then on the slot is free.
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
