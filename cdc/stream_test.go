package cdc_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/cdc"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/jsonstring"
	"github.com/tablewire/tablewire/protocol/wal"
	"github.com/tablewire/tablewire/sql"
)

// subject is a stream on a database of its own, with what it has published.
type subject struct {
	stream  *cdc.Stream
	url     string
	slot    string
	conn    *pgx.Conn
	frames  chan string // of each change, as a watcher would see it
	batches chan wal.Batch
	dropped chan wal.TableName
	broken  chan wal.TableName
	unseen  chan string // why
	lost    chan struct{}
	stop    func() // ends the stream and waits
	// whenMade runs beside the stream's start; nil: nothing does.
	whenMade func(*cdc.Stream)
}

type option func(*cdc.Config)

// setup starts a stream on a new database in which the statements have been run.
func setup(t *testing.T, server *pgtest.Server, statements string, options ...option) *subject {
	t.Helper()
	s := &subject{url: server.NewDatabase(t), slot: slotOf(t)}
	conn, err := pgx.Connect(t.Context(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	s.conn = conn
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	s.exec(t, statements)
	s.start(t, options...)
	return s
}

func slotOf(t *testing.T) string {
	var b strings.Builder
	for _, r := range strings.ToLower(t.Name()) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		}
	}
	name := b.String()
	return "s" + name[max(0, len(name)-40):] + fmt.Sprint(time.Now().UnixNano()%1e9)
}

func (s *subject) start(t *testing.T, options ...option) {
	t.Helper()
	if err := s.tryStart(t, options...); err != nil {
		t.Fatal(err)
	}
}

// tryStart returns when the stream is live, or with why it can't be.
func (s *subject) tryStart(t *testing.T, options ...option) error {
	t.Helper()
	patterns, err := sql.ParsePatterns([]string{"*.*"})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open(sql.Config{URL: s.url, Slot: s.slot, Publication: "tablewire", Tables: patterns})
	if err != nil {
		return err
	}
	s.frames, s.batches = make(chan string, 1<<20), make(chan wal.Batch, 1<<16)
	s.dropped, s.broken, s.lost = make(chan wal.TableName, 16), make(chan wal.TableName, 16), make(chan struct{}, 16)
	s.unseen = make(chan string, 16)
	cfg := cdc.Config{
		URL: s.url, Slot: s.slot, Publication: "tablewire", Database: db, CatalogDatabase: db, Publish: s.publish,
		Lost: func() { s.lost <- struct{}{} }, Dropped: func(c wal.TableName) { s.dropped <- c },
		Interrupted: func(c wal.TableName) { s.broken <- c },
		Unseen:      func(_ wal.TableName, why string) { s.unseen <- why },
		Logger:      slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, o := range options {
		o(&cfg)
	}
	if s.stream, err = cdc.New(cfg); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- s.stream.Run(ctx) }()
	if s.whenMade != nil {
		go s.whenMade(s.stream)
	}
	stopped := false
	s.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the stream ended with %v", err)
		}
		_ = db.Close()
	}
	select {
	case <-s.stream.Started():
		t.Cleanup(s.stop)
		return nil
	case err := <-ended:
		cancel()
		_ = db.Close()
		return err
	}
}

func (s *subject) publish(b *wal.Batch) error {
	for i := range b.Changes {
		c := &b.Changes[i]
		label := jsonstring.Append(nil, c.Relation.TableName().String())
		s.frames <- string(protocol.AppendEvent(nil, protocol.Projection{CollectionJSON: string(label)}, protocol.Outcome{Op: c.Op}, c))
	}
	s.batches <- wal.Batch{End: b.End, Open: b.Open, Changes: make([]wal.Change, len(b.Changes))}
	return nil
}

func (s *subject) exec(t testing.TB, statements string, args ...any) {
	t.Helper()
	if _, err := s.conn.Exec(context.WithoutCancel(t.Context()), statements, args...); err != nil {
		t.Fatal(err)
	}
}

// patienceOf is how long a test waits for something that must happen.
const patience = 30 * time.Second

func (s *subject) next(t testing.TB) string {
	t.Helper()
	select {
	case f := <-s.frames:
		return f
	case <-time.After(patience):
		t.Fatalf("no change came; the stream says %v", s.stream.Live())
		return ""
	}
}

func (s *subject) want(t testing.TB, frames ...string) {
	t.Helper()
	for _, want := range frames {
		if diff := cmp.Diff(want, s.next(t)); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}
}

func receive[T any](t *testing.T, from <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("%s did not come", what)
		panic("unreachable")
	}
}

func TestStream(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)

	t.Run("the kinds of change", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, `CREATE TABLE t (id int PRIMARY KEY, name text, at timestamptz)`)
		s.exec(t, `INSERT INTO t VALUES (1, 'a', '2024-01-15 10:30:00+00'), (2, NULL, NULL)`)
		s.exec(t, `UPDATE t SET name = 'b' WHERE id = 1`)
		s.exec(t, `UPDATE t SET id = 3 WHERE id = 2`)
		s.exec(t, `DELETE FROM t WHERE id = 1`)
		s.exec(t, `TRUNCATE t`)
		s.want(t,
			`{"event":"create","collection_id":"t","data":{"id":1,"name":"a","at":"2024-01-15T10:30:00Z"}}`,
			`{"event":"create","collection_id":"t","data":{"id":2,"name":null,"at":null}}`,
			`{"event":"update","collection_id":"t","data":{"id":1,"name":"b","at":"2024-01-15T10:30:00Z"}}`,
			`{"event":"update","collection_id":"t","data":{"id":3,"name":null,"at":null},"old_data":{"id":2}}`,
			`{"event":"delete","collection_id":"t","data":{"id":1}}`,
			`{"event":"truncate","collection_id":"t"}`)
	})

	t.Run("a slot whose name begins with a digit", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, `CREATE TABLE t (id int PRIMARY KEY)`, func(c *cdc.Config) { c.Slot = "9" + c.Slot })
		s.exec(t, `INSERT INTO t VALUES (1)`)
		s.want(t, `{"event":"create","collection_id":"t","data":{"id":1}}`)
	})

	t.Run("replica identity FULL", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, `
			CREATE TABLE t (a int, id int PRIMARY KEY, body text);
			ALTER TABLE t REPLICA IDENTITY FULL, ALTER body SET STORAGE EXTERNAL`)
		s.exec(t, `INSERT INTO t VALUES (1, 7, repeat('x', 9000))`)
		s.exec(t, `UPDATE t SET a = 2`)
		s.exec(t, `DELETE FROM t`)
		long := strings.Repeat("x", 9000)
		s.want(t,
			`{"event":"create","collection_id":"t","data":{"a":1,"id":7,"body":"`+long+`"}}`,
			`{"event":"update","collection_id":"t","data":{"a":2,"id":7,"body":"`+long+`"},"old_data":{"a":1}}`,
			`{"event":"delete","collection_id":"t","data":{"id":7},"old_data":{"a":2,"id":7,"body":"`+long+`"}}`)
	})

	t.Run("a TOAST value that did not travel", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, `CREATE TABLE t (id int PRIMARY KEY, a int, body text); ALTER TABLE t ALTER body SET STORAGE EXTERNAL`)
		s.exec(t, `INSERT INTO t VALUES (1, 1, repeat('x', 9000))`)
		s.exec(t, `UPDATE t SET a = 2`)
		s.next(t)
		s.want(t, `{"event":"update","collection_id":"t","data":{"id":1,"a":2},"unchanged":["body"]}`)
	})

	t.Run("types that the catalog must tell", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, `
			CREATE TYPE mood AS ENUM ('sad', 'ok');
			CREATE DOMAIN price AS numeric(10,2);
			CREATE TYPE pair AS (x int, note text);
			CREATE TABLE t (id int PRIMARY KEY, m mood, ms mood[], p price, ps price[], c pair, cs pair[])`)
		s.exec(t, `INSERT INTO t VALUES (1, 'ok', '{sad,NULL}', 1.50, '{2.00}', (1, 'a"b'), ARRAY[(2, NULL)::pair])`)
		s.want(t, `{"event":"create","collection_id":"t","data":{"id":1,"m":"ok","ms":["sad",null],"p":1.50,"ps":[2.00],"c":{"x":1,"note":"a\"b"},"cs":[{"x":2,"note":null}]}}`)
		s.exec(t, `CREATE TYPE late AS ENUM ('x'); ALTER TABLE t ADD l late; INSERT INTO t (id, l) VALUES (2, 'x')`)
		s.want(t, `{"event":"create","collection_id":"t","data":{"id":2,"m":null,"ms":null,"p":null,"ps":null,"c":null,"cs":null,"l":"x"}}`)
	})

	t.Run("a role with formats of its own", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, `
			CREATE TABLE t (id int PRIMARY KEY, at timestamptz, i interval, b bytea, f float8);
			DO $$ BEGIN
			  EXECUTE format('ALTER DATABASE %I SET DateStyle = ''German''', current_database());
			  EXECUTE format('ALTER DATABASE %I SET IntervalStyle = ''iso_8601''', current_database());
			  EXECUTE format('ALTER DATABASE %I SET TimeZone = ''Asia/Tokyo''', current_database());
			  EXECUTE format('ALTER DATABASE %I SET bytea_output = ''escape''', current_database());
			  EXECUTE format('ALTER DATABASE %I SET extra_float_digits = 0', current_database());
			END $$`)
		s.exec(t, `INSERT INTO t VALUES (1, '2024-01-15 10:30:00+00', '1 day 2 hours', '\x00ff', 0.1::float8 + 0.2)`)
		s.want(t, `{"event":"create","collection_id":"t","data":{"id":1,"at":"2024-01-15T10:30:00Z","i":"1 day 02:00:00","b":"\\x00ff","f":0.30000000000000004}}`)
	})

	t.Run("a long transaction streams through in pieces", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, `CREATE TABLE t (id int PRIMARY KEY, pad text)`)
		const rows = 20_000
		s.exec(t, `INSERT INTO t SELECT i, repeat('x', 100) FROM generate_series(1, $1::int) i`, rows)
		s.exec(t, `INSERT INTO t VALUES (0, '')`)
		for i := 1; i <= rows; i++ {
			if f := s.next(t); !strings.HasPrefix(f, fmt.Sprintf(`{"event":"create","collection_id":"t","data":{"id":%d,`, i)) {
				t.Fatalf("change %d is %.80s", i, f)
			}
		}
		s.next(t)
		s.stop()
		pieces := 0
		for b := range drain(s.batches) {
			if len(b.Changes) > rows/4 {
				t.Errorf("a batch holds %d changes", len(b.Changes))
			}
			if b.Open {
				pieces++
			}
		}
		if pieces < 10 {
			t.Errorf("the transaction came in %d pieces", pieces)
		}
	})

	t.Run("nothing is lost or repeated when the connection breaks", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, `CREATE TABLE t (id int PRIMARY KEY, pad text)`)
		const rows, breaks = 30_000, 5
		killer, err := pgx.Connect(t.Context(), s.url)
		if err != nil {
			t.Fatal(err)
		}
		defer killer.Close(context.WithoutCancel(t.Context()))
		go func() {
			for i := range 6 {
				from := i * rows / 6
				_, _ = s.conn.Exec(t.Context(), `INSERT INTO t SELECT i, repeat('x', 50) FROM generate_series($1::int, $2::int) i`, from+1, from+rows/6)
			}
		}()
		for i := 1; i <= rows; i++ {
			if f := s.next(t); !strings.HasPrefix(f, fmt.Sprintf(`{"event":"create","collection_id":"t","data":{"id":%d,`, i)) {
				t.Fatalf("change %d is %.80s", i, f)
			}
			if i%(rows/breaks) == rows/breaks/2 {
				if _, err := killer.Exec(t.Context(), `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1 AND active`, s.slot); err != nil {
					t.Fatal(err)
				}
			}
		}
		if s.stream.Stats().Reconnects == 0 {
			t.Error("the connection was never broken")
		}
	})

	t.Run("a stream that starts again goes on where the last one confirmed", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, `CREATE TABLE t (id int PRIMARY KEY)`)
		s.exec(t, `INSERT INTO t VALUES (1)`)
		s.next(t)
		s.stop()
		s.exec(t, `INSERT INTO t VALUES (2)`)
		s.start(t)
		s.want(t, `{"event":"create","collection_id":"t","data":{"id":2}}`)
	})

	t.Run("an idle database is confirmed at keepalives", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, `CREATE TABLE t (id int PRIMARY KEY); CREATE UNLOGGED TABLE noise (id int)`)
		var target string
		s.exec(t, `CREATE TABLE other AS SELECT generate_series(1, 10000)`)
		if err := s.conn.QueryRow(t.Context(), `SELECT pg_current_wal_insert_lsn()::text`).Scan(&target); err != nil {
			t.Fatal(err)
		}
		deadline := time.Now().Add(patience)
		for reached := false; !reached; {
			if time.Now().After(deadline) {
				t.Fatal("the slot's position did not follow")
			}
			if err := s.conn.QueryRow(t.Context(), `SELECT confirmed_flush_lsn >= $1::pg_lsn FROM pg_replication_slots WHERE slot_name = $2`, target, s.slot).Scan(&reached); err != nil {
				t.Fatal(err)
			}
		}
	})

	t.Run("tables come and go", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, `CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE bare (id int)`,
			func(c *cdc.Config) { c.RefreshInterval = 50 * time.Millisecond })
		if _, err := s.stream.Catalog().Resolve(t.Context(), "bare"); !errors.Is(err, protocol.ErrCollectionNotFound) {
			t.Errorf("a table without a key resolves: %v", err)
		}
		s.exec(t, `UPDATE bare SET id = 2`) // would fail if it were published
		s.exec(t, `CREATE SCHEMA shop; CREATE TABLE shop."Order.Line" (id int PRIMARY KEY, n int)`)
		rel, err := s.stream.Catalog().Resolve(t.Context(), "shop.Order.Line")
		if err != nil {
			t.Fatal(err)
		}
		if rel.TableName().String() != "shop.Order.Line" || len(rel.Columns) != 2 || !rel.Columns[0].Key || rel.Columns[1].Key {
			t.Errorf("resolved to %+v", rel)
		}
		s.exec(t, `INSERT INTO shop."Order.Line" VALUES (1, 2)`)
		s.want(t, `{"event":"create","collection_id":"shop.Order.Line","data":{"id":1,"n":2}}`)
		s.exec(t, `DROP TABLE t`)
		if got := receive(t, s.dropped, "the drop"); got.String() != "t" {
			t.Errorf("%q was dropped", got)
		}
		s.exec(t, `ALTER TABLE shop."Order.Line" DROP CONSTRAINT "Order.Line_pkey"`)
		if got := receive(t, s.dropped, "the drop"); got.String() != "shop.Order.Line" {
			t.Errorf("%q was dropped", got)
		}
		s.exec(t, `DELETE FROM shop."Order.Line"`) // it was taken out of the publication
	})

	t.Run("a slot that was dropped is created again", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, `CREATE TABLE t (id int PRIMARY KEY)`)
		s.exec(t, `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '`+s.slot+`'`)
		for dropped := false; !dropped; {
			_, err := s.conn.Exec(t.Context(), `SELECT pg_drop_replication_slot($1)`, s.slot)
			if dropped = err == nil; !dropped {
				s.exec(t, `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '`+s.slot+`'`)
			}
		}
		receive(t, s.lost, "word that changes were lost")
		for s.stream.Live() != nil {
			time.Sleep(10 * time.Millisecond)
		}
		s.exec(t, `INSERT INTO t VALUES (1)`)
		s.want(t, `{"event":"create","collection_id":"t","data":{"id":1}}`)
	})

	t.Run("a publication that was dropped is created again", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, `CREATE TABLE t (id int PRIMARY KEY)`)
		s.exec(t, `DROP PUBLICATION tablewire`)
		s.exec(t, `INSERT INTO t VALUES (1)`)
		receive(t, s.lost, "word that changes were lost")
		for s.stream.Live() != nil {
			time.Sleep(10 * time.Millisecond)
		}
		s.exec(t, `INSERT INTO t VALUES (2)`)
		for f := s.next(t); f != `{"event":"create","collection_id":"t","data":{"id":2}}`; f = s.next(t) {
			t.Log(f)
		}
	})

	t.Run("a consumer that stalls does not cost the connection", func(t *testing.T) {
		t.Parallel()
		own := pgtest.Separate(t, map[string]string{"wal_sender_timeout": "3s"})
		hold := make(chan struct{})
		s := setup(t, own, `CREATE TABLE t (id int PRIMARY KEY, pad text)`, func(c *cdc.Config) {
			publish := c.Publish
			c.Publish = func(b *wal.Batch) error {
				<-hold
				return publish(b)
			}
		})
		const rows = 50_000
		s.exec(t, `INSERT INTO t SELECT i, repeat('x', 1000) FROM generate_series(1, $1::int) i`, rows)
		<-time.After(10 * time.Second) // three times what the server allows: the stall itself is the subject
		if n := s.stream.Stats().Reconnects; n != 0 {
			t.Errorf("the connection was lost %d times", n)
		}
		close(hold)
		for range rows {
			s.next(t)
		}
		if n := s.stream.Stats().Reconnects; n != 0 {
			t.Errorf("the connection was lost %d times", n)
		}
	})
}

// drain returns what is in a channel.
func drain[T any](c chan T) func(func(T) bool) {
	return func(yield func(T) bool) {
		for {
			select {
			case v := <-c:
				if !yield(v) {
					return
				}
			default:
				return
			}
		}
	}
}

// A row that is too long arrives without its longest values, and the event names their
// columns. Filters still see the values.
func TestRowBytes(t *testing.T) {
	t.Parallel()
	var seen []int
	s := setup(t, pgtest.Start(t), `
		CREATE TABLE t (id int PRIMARY KEY, body text, note text);
		ALTER TABLE t REPLICA IDENTITY FULL, ALTER body SET STORAGE EXTERNAL`,
		func(c *cdc.Config) {
			c.RowBytes = 9000
			publish := c.Publish
			c.Publish = func(b *wal.Batch) error {
				for i := range b.Changes {
					seen = append(seen, len(b.Changes[i].Row()[1].Text))
				}
				return publish(b)
			}
		})
	const size = 10_000
	s.exec(t, `INSERT INTO t VALUES (1, repeat('x', $1), 'a')`, size)
	s.exec(t, `UPDATE t SET note = 'b'`)
	s.exec(t, `UPDATE t SET body = body || 'y'`)
	s.exec(t, `UPDATE t SET body = 'short'`)
	s.exec(t, `DELETE FROM t`)
	s.want(t,
		`{"event":"create","collection_id":"t","data":{"id":1,"note":"a"},"omitted":["body"]}`,
		`{"event":"update","collection_id":"t","data":{"id":1,"note":"b"},"old_data":{"note":"a"},"omitted":["body"]}`,
		`{"event":"update","collection_id":"t","data":{"id":1,"note":"b"},"old_data":{},"omitted":["body"]}`,
		`{"event":"update","collection_id":"t","data":{"id":1,"note":"b"},"old_data":{},"omitted":["body"]}`,
		`{"event":"delete","collection_id":"t","data":{"id":1},"old_data":{"id":1,"body":"short","note":"b"}}`)
	s.stop()
	if diff := cmp.Diff([]int{size, size, size + 1, len("short"), len("short")}, seen); diff != "" {
		t.Errorf("filters see values of other lengths: -want +got\n%s", diff)
	}
	if n := s.stream.Stats().Omitted; n != 4 {
		t.Errorf("%d values counted as omitted", n)
	}
}

// The stream delivers rows of 100 MB, and releases their memory. Not parallel, because it
// measures the heap.
func TestHugeRows(t *testing.T) {
	s := setup(t, pgtest.Start(t), `
		CREATE TABLE t (id int PRIMARY KEY, body text, note text);
		ALTER TABLE t REPLICA IDENTITY FULL, ALTER body SET STORAGE EXTERNAL`)
	const size = 100 << 20
	s.exec(t, `INSERT INTO t VALUES (1, repeat('x', $1), 'a')`, size)
	s.exec(t, `DELETE FROM t`)
	s.exec(t, `INSERT INTO t VALUES (2, '', '')`) // the connection lets go of a message with the next one
	s.want(t,
		`{"event":"create","collection_id":"t","data":{"id":1,"note":"a"},"omitted":["body"]}`,
		`{"event":"delete","collection_id":"t","data":{"id":1},"old_data":{"id":1,"note":"a"},"omitted":["body"]}`,
		`{"event":"create","collection_id":"t","data":{"id":2,"body":"","note":""}}`)
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > size/2 {
		t.Errorf("the heap holds %d MB afterwards", m.HeapAlloc>>20)
	}
	t.Logf("%d MB on the heap afterwards, %d MB from the system at most", m.HeapAlloc>>20, m.HeapSys>>20)
}
