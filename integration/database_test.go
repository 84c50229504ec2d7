package integration

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// database is a connection for the test's own statements.
type database struct {
	*pgx.Conn
	url string
}

func connect(t testing.TB, url string) *database {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(background(t)) })
	return &database{conn, url}
}

func (d *database) run(t testing.TB, statements string, args ...any) {
	t.Helper()
	if _, err := d.Exec(background(t), statements, args...); err != nil {
		t.Fatal(err)
	}
}

func query[T any](t testing.TB, d *database, statement string, args ...any) []T {
	t.Helper()
	rows, err := d.Query(background(t), statement, args...)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// eventually asks again until the condition holds: for what only the database or
// the system can tell, and does not announce.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s: still not so", what)
		}
	}
}
