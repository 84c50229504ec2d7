package harness

import (
	"testing"

	"github.com/jackc/pgx/v5"
)

// Database is a connection for a test's own statements. One goroutine at a time may use
// it.
type Database struct {
	*pgx.Conn
	URL string
}

// Connect opens a connection that closes with the test.
func Connect(t testing.TB, url string) *Database {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(background(t)) })
	return &Database{conn, url}
}

// Run executes statements and fails the test on an error. Cleanups may call it.
func (d *Database) Run(t testing.TB, statements string, args ...any) {
	t.Helper()
	if _, err := d.Exec(background(t), statements, args...); err != nil {
		t.Fatal(err)
	}
}

// Query returns the rows of a statement that has one column.
func Query[T any](t testing.TB, d *Database, statement string, args ...any) []T {
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
