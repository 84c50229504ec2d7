package demo

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

var demoTables = []string{"products", "couriers", "orders", "reviews"}

func TestWorkload(t *testing.T) {
	t.Parallel()
	pg := pgtest.Separate(t, nil)

	t.Run("tables stay small over days and restarts", func(t *testing.T) {
		t.Parallel()
		conn := openDemo(t, pg)
		const steps = 3000
		w := workload{rand: rand.New(rand.NewPCG(1, 2)), log: slog.New(slog.DiscardHandler), pace: time.Second}
		for range steps {
			if err := w.step(t.Context(), conn); err != nil {
				t.Fatal(err)
			}
		}
		if err := createTables(t.Context(), conn); err != nil {
			t.Fatal(err)
		}
		counts := countRows(t, conn)
		t.Logf("rows of %v: %v", demoTables, counts)
		if want := []int{18, 10}; !slices.Equal(counts[:2], want) {
			t.Errorf("products and couriers: %v rows, want %v", counts[:2], want)
		}
		if n := counts[2]; n < minOpenOrders || n > maxOpenOrders+maxDoneOrders+2 {
			t.Errorf("%d orders", n)
		}
		if n := counts[3]; n < 10 || n > 21 {
			t.Errorf("%d reviews", n)
		}
		if w.changed < steps*9/10 {
			t.Errorf("%d steps changed %d rows", steps, w.changed)
		}
	})

	t.Run("the next start inserts a deleted product again", func(t *testing.T) {
		t.Parallel()
		conn := openDemo(t, pg)
		execute(t, conn, `DELETE FROM products WHERE category = 'tea'`)
		if err := createTables(t.Context(), conn); err != nil {
			t.Fatal(err)
		}
		if n := countRows(t, conn)[0]; n != 18 {
			t.Errorf("%d products", n)
		}
	})

	t.Run("tables of another version are replaced, others stay", func(t *testing.T) {
		t.Parallel()
		conn := openDemo(t, pg)
		execute(t, conn, `CREATE TABLE mine (id int PRIMARY KEY); ALTER TABLE orders DROP COLUMN note; COMMENT ON SCHEMA public IS 'Tablewire demo 0'`)
		if err := createTables(t.Context(), conn); err != nil {
			t.Fatal(err)
		}
		execute(t, conn, `SELECT note FROM orders; SELECT FROM mine`)
	})
}

// openDemo creates a database with the demo's tables for a test.
func openDemo(t *testing.T, pg *pgtest.Server) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), pg.NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) }) // the database goes with the test
	if err := createTables(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	return conn
}

func execute(t *testing.T, conn *pgx.Conn, script string) {
	t.Helper()
	if _, err := conn.PgConn().Exec(t.Context(), script).ReadAll(); err != nil {
		t.Fatal(err)
	}
}

func countRows(t *testing.T, conn *pgx.Conn) []int {
	t.Helper()
	counts := make([]int, len(demoTables))
	for i, table := range demoTables {
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&counts[i]); err != nil {
			t.Fatal(err)
		}
	}
	return counts
}
