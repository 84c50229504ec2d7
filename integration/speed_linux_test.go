package integration

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

var speedFor = flag.Duration("speed.for", 2*time.Second, "how long TestSpeed writes at full speed; 1m for figures")

// workload is what several clients of PostgreSQL write in TestSpeed.
type workload struct {
	tables     string // the statements that create them
	collection string // the one that a client subscribes to
	key        string // of collection
	clients    int

	// write changes rows and returns how many. It returns 0 while the readers are behind.
	write func(ctx context.Context, conn *pgx.Conn, r *rand.Rand) (rows int, err error)

	end string // the position of the WAL when all was written
}

func workloads() map[string]*workload {
	var columns, values []string
	for i := range 200 {
		columns = append(columns, fmt.Sprintf("c%d %s", i, []string{"bigint", "text", "numeric", "timestamptz", "boolean"}[i%5]))
		values = append(values, []string{"i + 1234567890", "'a text of some length ' || i", "i * 1.25", "now()", "i % 2 = 0"}[i%5])
	}
	return map[string]*workload{
		"pgbench": {
			tables: `
				CREATE TABLE accounts (aid int PRIMARY KEY, bid int, abalance int NOT NULL DEFAULT 0, filler char(84) DEFAULT '');
				ALTER TABLE accounts REPLICA IDENTITY FULL;
				INSERT INTO accounts (aid, bid) SELECT i, i % 10 FROM generate_series(1, 100000) i;
				CREATE TABLE tellers (tid int PRIMARY KEY, tbalance int NOT NULL DEFAULT 0);
				INSERT INTO tellers SELECT i FROM generate_series(1, 100) i;
				CREATE TABLE history (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, aid int, delta int, mtime timestamptz DEFAULT now())`,
			collection: "accounts", key: "aid", clients: 4,
			write: func(ctx context.Context, conn *pgx.Conn, r *rand.Rand) (int, error) {
				aid, tid, delta := r.IntN(100_000)+1, r.IntN(100)+1, r.IntN(10_000)-5000
				return 3, pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
					_, err := tx.Exec(ctx, fmt.Sprintf(`
						UPDATE accounts SET abalance = abalance + %d WHERE aid = %d;
						INSERT INTO history (aid, delta) VALUES (%d, %d);
						UPDATE tellers SET tbalance = tbalance + %d WHERE tid = %d`, delta, aid, aid, delta, delta, tid), pgx.QueryExecModeSimpleProtocol)
					return err
				})
			},
		},
		"200 columns": {
			tables:     `CREATE SEQUENCE ids; CREATE TABLE wide (id bigint PRIMARY KEY DEFAULT nextval('ids'), ` + strings.Join(columns, ", ") + `)`,
			collection: "wide", key: "id", clients: 2,
			write: func(ctx context.Context, conn *pgx.Conn, _ *rand.Rand) (int, error) {
				tag, err := conn.Exec(ctx, `INSERT INTO wide SELECT nextval('ids'), `+strings.Join(values, ", ")+` FROM generate_series(1, 200) i`)
				return int(tag.RowsAffected()), err
			},
		},
		"1 MB of jsonb": {
			tables: `
				CREATE SEQUENCE ids; CREATE TABLE documents (id bigint PRIMARY KEY, body jsonb);
				CREATE TABLE one (body jsonb);
				INSERT INTO one SELECT jsonb_agg(jsonb_build_object('id', i, 'name', 'Ada Lovelace', 'tags', '["a", "b"]'::jsonb, 'price', i * 1.25)) FROM generate_series(1, 15000) i`,
			collection: "documents", key: "id", clients: 2,
			// PostgreSQL writes a compressed document faster than it decodes one.
			write: func(ctx context.Context, conn *pgx.Conn, _ *rand.Rand) (int, error) {
				tag, err := conn.Exec(ctx, `INSERT INTO documents SELECT nextval('ids'), body FROM one
					WHERE (SELECT pg_current_wal_flush_lsn() - min(confirmed_flush_lsn) FROM pg_replication_slots) < 4000000`)
				return int(tag.RowsAffected()), err
			},
		},
	}
}

// TestSpeed writes to a database at full speed. The server follows it, and so does a bare
// reader of another slot. The test logs the processor time of both per changed row, and fails
// if the server's memory grows. A short run says nothing about speed.
//
//	go test ./integration -run TestSpeed -v -timeout 30m -speed.for 1m
func TestSpeed(t *testing.T) {
	for name, w := range workloads() {
		t.Run(name, func(t *testing.T) {
			db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
			db.Run(t, w.tables)
			s := harness.Serve(t, db.URL, "speed")
			harness.Subscribe(t, s, w.collection, map[string]any{w.key: -1}) // no row matches, so nothing is sent: the socket is not measured
			db.Run(t, `SELECT pg_create_logical_replication_slot('bare', 'pgoutput')`)
			bare := harness.Launch(t, bareReader(background(t), db.URL))
			bare.WaitLine(t, "reading")

			server, reader := s.CPUTime(t), bare.CPUTime(t)
			var resident []int64
			sample := func() { resident = append(resident, s.ResidentBytes(t)) }
			rows := w.run(t, db.URL, sample)
			if rows == 0 {
				t.Fatalf("no row was written in %v", *speedFor)
			}
			w.waitRead(t, db, sample)
			server, reader = s.CPUTime(t)-server, bare.CPUTime(t)-reader
			half := len(resident) / 2
			early, late := slices.Max(resident[:half]), slices.Max(resident[half:])
			t.Logf("%d rows in %v (%.0f a second); processor time per row: server %v, bare reader %v; resident memory: at most %d MiB in the first half, %d MiB in the second",
				rows, *speedFor, float64(rows)/speedFor.Seconds(), server/time.Duration(rows), reader/time.Duration(rows), early>>20, late>>20)
			if late > early+early/4+(16<<20) {
				t.Errorf("the resident memory grew: %d", resident)
			}
		})
	}
}

// run writes for as long as -speed.for says and returns how many rows. It calls sample every
// second.
func (w *workload) run(t *testing.T, url string, sample func()) (rows int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), *speedFor)
	defer cancel()
	var total atomic.Int64
	var clients sync.WaitGroup
	for i := range w.clients {
		conn := harness.Connect(t, url)
		clients.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 0))
			for ctx.Err() == nil {
				// A call that has begun also ends.
				n, err := w.write(context.WithoutCancel(ctx), conn.Conn, r)
				if err != nil {
					t.Error(err)
					return
				}
				if n == 0 {
					time.Sleep(10 * time.Millisecond)
				}
				total.Add(int64(n))
			}
		})
	}
	sample()
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for ctx.Err() == nil {
		select {
		case <-second.C:
			sample()
		case <-ctx.Done():
		}
	}
	clients.Wait()
	sample()
	w.end = harness.Query[string](t, harness.Connect(t, url), `SELECT pg_current_wal_flush_lsn()::text`)[0]
	return int(total.Load())
}

// waitRead waits until both readers have confirmed all of it, which may take several times as
// long as the writing.
func (w *workload) waitRead(t *testing.T, db *harness.Database, sample func()) {
	t.Helper()
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case <-second.C:
			sample()
		case <-t.Context().Done():
			t.Fatal("a reader is still behind")
		}
		if harness.Query[bool](t, db, `SELECT bool_and(confirmed_flush_lsn >= $1::pg_lsn) FROM pg_replication_slots WHERE database = current_database()`, w.end)[0] {
			return
		}
	}
}
