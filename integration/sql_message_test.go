package integration

import (
	"context"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// emit is the statement that sends a message from SQL.
const emit = `SELECT pg_logical_emit_message(true, $1, $2)`

// Messages that a transaction sends to the broadcast and to rooms arrive when it commits.
func TestSQLMessages(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)

	t.Run("messages arrive after the commit, between the transactions' rows", func(t *testing.T) {
		t.Parallel()
		db := harness.Connect(t, pg.NewDatabase(t))
		db.Run(t, `CREATE TABLE t (id int PRIMARY KEY)`)
		s := harness.Serve(t, db.URL, "sql_commit")
		w := harness.Subscribe(t, s, "t", nil)
		everybody, _ := harness.Join(t, s, "broadcast", map[string]string{"api_key": harness.APIKey})
		room, _ := harness.Join(t, s, "rooms/a:b", map[string]string{"api_key": harness.APIKey, "action": "create"})

		// This transaction begins first and commits last.
		late := harness.Connect(t, db.URL)
		late.Run(t, `BEGIN`)
		late.Run(t, `INSERT INTO t VALUES (1)`)
		late.Run(t, emit, "tablewire:broadcast", `{"data":{"text":"hi"}}`)
		db.Run(t, `BEGIN; INSERT INTO t VALUES (-1); SELECT pg_logical_emit_message(true, 'tablewire:broadcast', '{"data":"undone"}'); ROLLBACK`)
		db.Run(t, `BEGIN;
			SELECT pg_logical_emit_message(true, 'tablewire:broadcast', '{"data": 1.50}');
			INSERT INTO t VALUES (2);
			SAVEPOINT s;
			SELECT pg_logical_emit_message(true, 'tablewire:broadcast', '{"data":"undone"}');
			SELECT pg_logical_emit_message(true, 'tablewire:room:a:b', '{"content":"undone"}');
			ROLLBACK TO s;
			SELECT pg_logical_emit_message(true, 'tablewire:room:a:b', '{"content":"ünïcode"}');
			SELECT pg_logical_emit_message(true, 'tablewire:broadcast', '{"user_id":"trigger","data":[ ]}');
			COMMIT`)
		late.Run(t, `COMMIT`)
		db.Run(t, `SELECT pg_logical_emit_message(true, 'tablewire:broadcast', '{"user_id":"u","user_name":"N","data":null}')`)

		w.Want(t, `{"event":"create","collection_id":"t","data":{"id":2}}`, `{"event":"create","collection_id":"t","data":{"id":1}}`)
		everybody.WantChat(t, `system/system: 1.50`, `trigger/trigger: [ ]`, `system/system: {"text":"hi"}`, `u/N: null`)
		room.WantChat(t, `system/system: "ünïcode"`)
		if n := s.CountLines(" WRN ") + s.CountLines(" ERR "); n > 0 {
			t.Errorf("%d warnings about valid messages:\n%s", n, s.Output())
		}
	})

	t.Run("messages of several connections arrive in commit order", func(t *testing.T) {
		t.Parallel()
		db := harness.Connect(t, pg.NewDatabase(t))
		db.Run(t, `CREATE TABLE t (id int PRIMARY KEY)`)
		s := harness.Serve(t, db.URL, "sql_order")
		w := harness.Subscribe(t, s, "t", nil)
		everybody, _ := harness.Join(t, s, "broadcast", map[string]string{"api_key": harness.APIKey})
		const clients, each = 4, 100
		var writing sync.WaitGroup
		for c := range clients {
			conn := harness.Connect(t, db.URL)
			writing.Go(func() {
				for i := range each {
					if err := insertAndSend(background(t), conn.Conn, c*each+i); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		writing.Wait()
		for range clients * each {
			row := w.Next(t)
			want := "system/system: " + strings.TrimSuffix(strings.TrimPrefix(row, `{"event":"create","collection_id":"t","data":`), "}")
			everybody.WantChat(t, want)
		}
	})

	t.Run("a message that can't be sent is logged and counted, and the stream goes on", func(t *testing.T) {
		t.Parallel()
		db := harness.Connect(t, pg.NewDatabase(t))
		s := harness.Serve(t, db.URL, "sql_rejected")
		everybody, _ := harness.Join(t, s, "broadcast", map[string]string{"api_key": harness.APIKey})
		const secret = "s3cret-content"
		db.Run(t, emit, "tablewire:broadcast", secret)
		db.Run(t, `SELECT pg_logical_emit_message(true, 'tablewire:broadcast', '\x22ff22'::bytea)`)
		db.Run(t, emit, "tablewire:room:nobody", `{"content":`+secret)
		db.Run(t, emit, "tablewire:elsewhere", `{"data":"`+secret+`"}`)
		// These are not Tablewire's, or nobody is in the room.
		db.Run(t, emit, "tablewire", secret)
		db.Run(t, emit, "other:broadcast", secret)
		db.Run(t, emit, "tablewire:room:nobody", `{"content":1}`)
		db.Run(t, `SELECT pg_logical_emit_message(false, 'tablewire:broadcast', '{"data":"not part of the transaction"}')`)
		db.Run(t, emit, "tablewire:broadcast", `{"data":"the stream goes on"}`)
		everybody.WantChat(t, `system/system: "the stream goes on"`)

		metrics := s.Metrics(t)
		if want := `tablewire_sql_messages_total{result="rejected"} 4`; !strings.Contains(metrics, want+"\n") {
			t.Errorf("the metrics lack %s:\n%s", want, strings.Join(regexp.MustCompile(`(?m)^.*sql_messages.*$`).FindAllString(metrics, -1), "\n"))
		}
		if n := s.CountLines("WRN a message from SQL was not sent"); n != 4 {
			t.Errorf("%d warnings about messages that can't be sent, want 4:\n%s", n, s.Output())
		}
		if s.CountLines(secret) > 0 {
			t.Error("the log contains a message")
		}
		if rooms, err := harness.ListRooms(t.Context(), s); err != nil || len(rooms) > 0 {
			t.Errorf("the list of rooms has %v (error %v), want no room", rooms, err)
		}
	})

	t.Run("a message that arrived before a restart does not arrive again", func(t *testing.T) {
		t.Parallel()
		db := harness.Connect(t, pg.NewDatabase(t))
		db.Run(t, `CREATE TABLE t (id int PRIMARY KEY)`)
		s := harness.Serve(t, db.URL, "sql_away")
		everybody, _ := harness.Join(t, s, "broadcast", map[string]string{"api_key": harness.APIKey})
		db.Run(t, emit, "tablewire:broadcast", `{"data":1}`)
		everybody.WantChat(t, "system/system: 1")
		s.Stop(t)
		s = harness.Serve(t, db.URL, "sql_away")
		everybody, _ = harness.Join(t, s, "broadcast", map[string]string{"api_key": harness.APIKey})
		db.Run(t, emit, "tablewire:broadcast", `{"data":2}`)
		everybody.WantChat(t, "system/system: 2") // not 1 again
	})
}

// insertAndSend inserts a row and sends it as a message in the same transaction.
func insertAndSend(ctx context.Context, conn *pgx.Conn, id int) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO t VALUES ($1)`, id); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `SELECT pg_logical_emit_message(true, 'tablewire:broadcast', json_build_object('data', replace(row_to_json(t)::text, ' ', '')::json)::text) FROM t WHERE id = $1`, id)
		return err
	})
}

var sqlBlock = regexp.MustCompile("(?s)```sql\n(.*?)```")

// All SQL of docs/messages-from-sql.md works as it stands there.
func TestSQLMessagesDocumentation(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/messages-from-sql.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := sqlBlock.FindAllStringSubmatch(string(doc), -1)
	if len(blocks) != 5 {
		t.Fatalf("the page has %d blocks of SQL, want the 5 that this test runs", len(blocks))
	}
	db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
	s := harness.Serve(t, db.URL, "sql_doc")
	everybody, _ := harness.Join(t, s, "broadcast", map[string]string{"api_key": harness.APIKey})
	order, _ := harness.Join(t, s, "rooms/order-1", map[string]string{"api_key": harness.APIKey, "action": "create"})
	for _, b := range blocks {
		db.Run(t, b[1])
	}
	everybody.WantChat(t, `system/system: {"text":"a new order"}`)
	order.WantChat(t, `shop/The shop: "Ada, your order is packed"`)

	db.Run(t, `UPDATE shop_orders SET status = status`) // the status is the same
	db.Run(t, `CREATE ROLE sql_doc_clerk; GRANT USAGE ON SCHEMA public TO sql_doc_clerk; GRANT SELECT, UPDATE ON shop_orders TO sql_doc_clerk`)
	t.Cleanup(func() { db.Run(t, `DROP OWNED BY sql_doc_clerk; DROP ROLE sql_doc_clerk`) })
	clerk := harness.Connect(t, db.URL)
	clerk.Run(t, `SET ROLE sql_doc_clerk`)
	if _, err := clerk.Exec(t.Context(), emit, "tablewire:broadcast", `{}`); err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("a role without the privilege could send a message: %v", err)
	}
	clerk.Run(t, `UPDATE shop_orders SET status = 'sent'`)
	order.WantChat(t, `shop/The shop: "Ada, your order is sent"`)
}
