package cdc_test

import (
	"bufio"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// The example runs as it stands: it prints the changes of a real server, and ends when it
// is interrupted.
func TestExample(t *testing.T) { //nolint:paralleltest // the example reads the environment and prints
	url := pgtest.Separate(t, nil).NewDatabase(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	execute := func(statement string) {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	execute(`CREATE TABLE orders (id int PRIMARY KEY)`)
	t.Setenv("DATABASE_URL", url)
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = in
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer in.Close()
		Example()
	}()
	lines := bufio.NewScanner(out)
	want := func(want string) {
		t.Helper()
		if !lines.Scan() || lines.Text() != want {
			t.Errorf("the example printed %q, want %q (%v)", lines.Text(), want, lines.Err())
		}
	}
	want("streaming")
	execute(`INSERT INTO orders VALUES (1)`)
	want("create orders")
	execute(`DELETE FROM orders`)
	want("delete orders")
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Signal(os.Interrupt)
	}
	if err != nil {
		t.Fatal(err)
	}
	<-ended
	os.Stdout = stdout
	if lines.Scan() {
		t.Errorf("the example printed %q after the interrupt", lines.Text())
	}
}
