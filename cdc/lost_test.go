package cdc_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/cdc"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
	"github.com/tablewire/tablewire/protocol/wal"
)

// When changes are lost, Config.Lost is called, and later changes flow again.
func TestLost(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	quick := func(c *cdc.Config) { c.RefreshInterval = 50 * time.Millisecond }

	t.Run("a table that is dropped and made again", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, `CREATE TABLE t (id int PRIMARY KEY)`, quick)
		s.exec(t, `BEGIN; DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY); COMMIT`)
		s.wantBroken(t)
		s.exec(t, `INSERT INTO t VALUES (2)`)
		s.want(t, `{"event":"create","collection_id":"t","data":{"id":2}}`)
	})

	t.Run("a table that somebody takes out of the publication", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, `CREATE TABLE t (id int PRIMARY KEY)`, quick)
		s.exec(t, `ALTER PUBLICATION tablewire DROP TABLE t`)
		s.wantBroken(t)
		s.exec(t, `INSERT INTO t VALUES (2)`)
		s.want(t, `{"event":"create","collection_id":"t","data":{"id":2}}`)
	})

	t.Run("a publication that is created again before the stream notices", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, `CREATE TABLE t (id int PRIMARY KEY)`, quick)
		s.exec(t, `DROP PUBLICATION tablewire`)
		receive(t, s.lost, "word that changes were lost")
		s.flowsAgain(t, 1)
	})

	t.Run("an error that lasts is not met again and again at once", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, `CREATE TABLE t (id int PRIMARY KEY)`, func(c *cdc.Config) {
			c.Publish = func(*wal.Batch) error { return errors.New("out of order") }
		})
		s.exec(t, `INSERT INTO t VALUES (1)`)
		<-time.After(3 * time.Second) // the delay between attempts is the subject
		if n := s.stream.Stats().Reconnects; n == 0 || n > 8 {
			t.Errorf("%d reconnects in 3 s", n)
		}
	})
}

func (s *subject) wantBroken(t *testing.T) {
	t.Helper()
	if got := receive(t, s.broken, "word that a table's changes may be lost"); got.Table != "t" {
		t.Errorf("%s is broken", got)
	}
}

// flowsAgain inserts rows until one arrives: those before the stream is live are lost.
func (s *subject) flowsAgain(t *testing.T, from int) {
	t.Helper()
	for id := from; ; id++ {
		s.exec(t, `INSERT INTO t VALUES ($1)`, id)
		select {
		case f := <-s.frames:
			if !strings.HasPrefix(f, `{"event":"create","collection_id":"t","data":{"id":`) {
				t.Errorf("got %s", f)
			}
			return
		case <-time.After(100 * time.Millisecond):
		}
		if id > from+300 {
			t.Fatal("changes don't flow")
		}
	}
}

// relay is an address whose server can be exchanged, as in a failover.
type relay struct {
	listener net.Listener

	mu    sync.Mutex
	to    string
	conns []net.Conn
}

func newRelay(t *testing.T, to *pgtest.Server) *relay {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: l, to: addressOf(t, to)}
	var copying sync.WaitGroup
	copying.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			r.mu.Lock()
			out, err := new(net.Dialer).DialContext(t.Context(), "tcp", r.to)
			if err == nil {
				r.conns = append(r.conns, in, out)
				copying.Go(func() { _, _ = io.Copy(in, out); _ = in.Close() })
				copying.Go(func() { _, _ = io.Copy(out, in); _ = out.Close() })
			}
			r.mu.Unlock()
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		r.cut("")
		copying.Wait()
	})
	return r
}

// cut ends all connections; new ones go elsewhere.
func (r *relay) cut(to string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.to = to
	for _, c := range r.conns {
		_ = c.Close()
	}
	r.conns = nil
}

func addressOf(t *testing.T, s *pgtest.Server) string {
	t.Helper()
	c, err := pgx.ParseConfig(s.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort(c.Host, fmt.Sprint(c.Port))
}

// The address leads to another server, which has a shorter log: the positions of the first
// mean nothing there, and the stream must not confirm them.
func TestAnotherServer(t *testing.T) {
	t.Parallel()
	for name, synced := range map[string]bool{"without the slot": false, "with a slot of the same name": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, second := pgtest.Separate(t, nil), pgtest.Separate(t, nil)
			r := newRelay(t, first)
			on := func(server *pgtest.Server) *subject {
				conn, err := pgx.Connect(t.Context(), server.URL("postgres"))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = conn.Close(t.Context()) })
				return &subject{conn: conn}
			}
			one, two := on(first), on(second)
			one.exec(t, `CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE noise AS SELECT i, repeat('x', 1000) FROM generate_series(1, 30000) i`)
			two.exec(t, `CREATE TABLE t (id int PRIMARY KEY)`)
			s := &subject{url: "postgres://postgres@" + r.listener.Addr().String() + "/postgres?sslmode=disable", slot: "failover", conn: two.conn}
			s.start(t)
			if synced {
				two.exec(t, `CREATE PUBLICATION tablewire FOR TABLE t`)
				two.exec(t, `SELECT pg_create_logical_replication_slot('failover', 'pgoutput')`)
			}
			one.exec(t, `INSERT INTO t VALUES (1)`)
			s.next(t)
			r.cut(addressOf(t, second))
			receive(t, s.lost, "word that changes may be lost")
			s.flowsAgain(t, 2)
			var ahead bool
			if err := two.conn.QueryRow(t.Context(), `SELECT confirmed_flush_lsn > pg_current_wal_insert_lsn() FROM pg_replication_slots`).Scan(&ahead); err != nil {
				t.Fatal(err)
			}
			if ahead {
				t.Error("a position was confirmed that the server has not come to")
			}
		})
	}
}
