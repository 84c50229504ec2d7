package sql_test

import (
	"testing"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// The slots of REPACK have a pool of their own on PostgreSQL 19, and do not count as taken.
func TestSlotOfRepackIsNotCounted(t *testing.T) {
	t.Parallel()
	server := pgtest.SeparateVersion(t, 19, map[string]string{"max_replication_slots": "1"})
	conn, reader, repacker := connect(t, server.URL("postgres")), connect(t, server.URL("postgres")), connect(t, server.URL("postgres"))
	exec(t, conn, `CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a SELECT generate_series(1, 1000)`)
	exec(t, reader, `BEGIN; LOCK TABLE a IN ACCESS SHARE MODE`) // REPACK waits for its end, with its slot
	repacked := make(chan error, 1)
	go func() {
		_, err := repacker.Exec(t.Context(), `REPACK (CONCURRENTLY) a`)
		repacked <- err
	}()
	var slots int
	for slots == 0 {
		select {
		case err := <-repacked:
			t.Fatalf("REPACK ended with %v before it had a slot", err)
		default:
		}
		if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_replication_slots WHERE plugin = 'pgrepack'`).Scan(&slots); err != nil {
			t.Fatal(err)
		}
	}
	info, err := open(t, server.URL("postgres"), "public.*").Server(t.Context())
	exec(t, reader, `COMMIT`)
	if err != nil || info.SlotsFree != 1 {
		t.Errorf("%d slots are free, %v; want 1", info.SlotsFree, err)
	}
	if err := <-repacked; err != nil {
		t.Error(err)
	}
}
