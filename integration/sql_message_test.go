package integration

import (
	"context"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// emit is the statement that sends a message from SQL.
const emit = `SELECT pg_logical_emit_message(true, $1, $2)`

// What a transaction says on the broadcast and in rooms is heard when it commits.
func TestSQLMessages(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)

	t.Run("heard if the transaction commits, and with its rows", func(t *testing.T) {
		t.Parallel()
		db := connect(t, pg.NewDatabase(t))
		db.run(t, `CREATE TABLE t (id int PRIMARY KEY)`)
		s := serve(t, db.url, "sql_commit")
		w := watch(t, s, "t", nil)
		everybody, _ := converse(t, s, "broadcast", map[string]string{"api_key": apiKey})
		room, _ := converse(t, s, "rooms/a:b", map[string]string{"api_key": apiKey, "action": "create"})

		// The first to begin is the last to commit.
		late := connect(t, db.url)
		late.run(t, `BEGIN`)
		late.run(t, `INSERT INTO t VALUES (1)`)
		late.run(t, emit, "tablewire:broadcast", `{"data":{"text":"hi"}}`)
		db.run(t, `BEGIN; INSERT INTO t VALUES (-1); SELECT pg_logical_emit_message(true, 'tablewire:broadcast', '{"data":"undone"}'); ROLLBACK`)
		db.run(t, `BEGIN;
			SELECT pg_logical_emit_message(true, 'tablewire:broadcast', '{"data": 1.50}');
			INSERT INTO t VALUES (2);
			SAVEPOINT s;
			SELECT pg_logical_emit_message(true, 'tablewire:broadcast', '{"data":"undone"}');
			SELECT pg_logical_emit_message(true, 'tablewire:room:a:b', '{"content":"undone"}');
			ROLLBACK TO s;
			SELECT pg_logical_emit_message(true, 'tablewire:room:a:b', '{"content":"ünïcode"}');
			SELECT pg_logical_emit_message(true, 'tablewire:broadcast', '{"user_id":"trigger","data":[ ]}');
			COMMIT`)
		late.run(t, `COMMIT`)
		db.run(t, `SELECT pg_logical_emit_message(true, 'tablewire:broadcast', '{"user_id":"u","user_name":"N","data":null}')`)

		w.want(t, `{"event":"create","collection_id":"t","data":{"id":2}}`, `{"event":"create","collection_id":"t","data":{"id":1}}`)
		everybody.wantSaid(t, `system/system: 1.50`, `trigger/trigger: [ ]`, `system/system: {"text":"hi"}`, `u/N: null`)
		room.wantSaid(t, `system/system: "ünïcode"`)
		if n := s.logged(" WRN ") + s.logged(" ERR "); n > 0 {
			t.Errorf("%d warnings of good messages:\n%s", n, s.output())
		}
	})

	t.Run("many from several connections arrive in the order of commits", func(t *testing.T) {
		t.Parallel()
		db := connect(t, pg.NewDatabase(t))
		db.run(t, `CREATE TABLE t (id int PRIMARY KEY)`)
		s := serve(t, db.url, "sql_order")
		w := watch(t, s, "t", nil)
		everybody, _ := converse(t, s, "broadcast", map[string]string{"api_key": apiKey})
		const clients, each = 4, 100
		var writing sync.WaitGroup
		for c := range clients {
			conn := connect(t, db.url)
			writing.Go(func() {
				for i := range each {
					if err := insertAndTell(background(t), conn.Conn, c*each+i); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		writing.Wait()
		for range clients * each {
			row := w.next(t)
			want := "system/system: " + strings.TrimSuffix(strings.TrimPrefix(row, `{"event":"create","collection_id":"t","data":`), "}")
			everybody.wantSaid(t, want)
		}
	})

	t.Run("what can't be sent is logged, counted and passed over", func(t *testing.T) {
		t.Parallel()
		db := connect(t, pg.NewDatabase(t))
		s := serve(t, db.url, "sql_rejected")
		everybody, _ := converse(t, s, "broadcast", map[string]string{"api_key": apiKey})
		const secret = "s3cret-content"
		db.run(t, emit, "tablewire:broadcast", secret)
		db.run(t, `SELECT pg_logical_emit_message(true, 'tablewire:broadcast', '\x22ff22'::bytea)`)
		db.run(t, emit, "tablewire:room:nobody", `{"content":`+secret)
		db.run(t, emit, "tablewire:elsewhere", `{"data":"`+secret+`"}`)
		// These are none of Tablewire's, or have nobody to hear them.
		db.run(t, emit, "tablewire", secret)
		db.run(t, emit, "other:broadcast", secret)
		db.run(t, emit, "tablewire:room:nobody", `{"content":1}`)
		db.run(t, `SELECT pg_logical_emit_message(false, 'tablewire:broadcast', '{"data":"not part of the transaction"}')`)
		db.run(t, emit, "tablewire:broadcast", `{"data":"the stream goes on"}`)
		everybody.wantSaid(t, `system/system: "the stream goes on"`)

		metrics := get(t, "http://"+s.admin+"/metrics")
		if want := `tablewire_sql_messages_total{result="rejected"} 4`; !strings.Contains(metrics, want+"\n") {
			t.Errorf("the metrics lack %s:\n%s", want, strings.Join(regexp.MustCompile(`(?m)^.*sql_messages.*$`).FindAllString(metrics, -1), "\n"))
		}
		if n := s.logged("WRN a message from SQL was not sent"); n != 4 {
			t.Errorf("%d warnings for 4 messages that can't be sent:\n%s", n, s.output())
		}
		if s.logged(secret) > 0 {
			t.Error("what was said is in the log")
		}
		if rooms, err := listRooms(t.Context(), s); err != nil || len(rooms) > 0 {
			t.Errorf("there are rooms: %v, %v", rooms, err)
		}
	})

	t.Run("what was said before a restart is not said again after it", func(t *testing.T) {
		t.Parallel()
		db := connect(t, pg.NewDatabase(t))
		db.run(t, `CREATE TABLE t (id int PRIMARY KEY)`)
		s := serve(t, db.url, "sql_away")
		everybody, _ := converse(t, s, "broadcast", map[string]string{"api_key": apiKey})
		db.run(t, emit, "tablewire:broadcast", `{"data":1}`)
		everybody.wantSaid(t, "system/system: 1")
		s.stop(t)
		s = serve(t, db.url, "sql_away")
		everybody, _ = converse(t, s, "broadcast", map[string]string{"api_key": apiKey})
		db.run(t, emit, "tablewire:broadcast", `{"data":2}`)
		everybody.wantSaid(t, "system/system: 2") // and not 1 again
	})
}

// insertAndTell inserts a row and says so in one transaction.
func insertAndTell(ctx context.Context, conn *pgx.Conn, id int) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO t VALUES ($1)`, id); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `SELECT pg_logical_emit_message(true, 'tablewire:broadcast', json_build_object('data', replace(row_to_json(t)::text, ' ', '')::json)::text) FROM t WHERE id = $1`, id)
		return err
	})
}

var sqlBlock = regexp.MustCompile("(?s)```sql\n(.*?)```")

// The SQL that docs/messages-from-sql.md shows, from its first line to its last.
func TestSQLMessagesDocumentation(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/messages-from-sql.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := sqlBlock.FindAllStringSubmatch(string(doc), -1)
	if len(blocks) != 5 {
		t.Fatalf("the document has %d blocks of SQL, this test knows 5", len(blocks))
	}
	db := connect(t, pgtest.Start(t).NewDatabase(t))
	s := serve(t, db.url, "sql_doc")
	everybody, _ := converse(t, s, "broadcast", map[string]string{"api_key": apiKey})
	order, _ := converse(t, s, "rooms/order-1", map[string]string{"api_key": apiKey, "action": "create"})
	for _, b := range blocks {
		db.run(t, b[1])
	}
	everybody.wantSaid(t, `system/system: {"text":"a new order"}`)
	order.wantSaid(t, `shop/The shop: "Ada, your order is packed"`)

	db.run(t, `UPDATE shop_orders SET status = status`) // the status is the same
	db.run(t, `CREATE ROLE sql_doc_clerk; GRANT USAGE ON SCHEMA public TO sql_doc_clerk; GRANT SELECT, UPDATE ON shop_orders TO sql_doc_clerk`)
	t.Cleanup(func() { db.run(t, `DROP OWNED BY sql_doc_clerk; DROP ROLE sql_doc_clerk`) })
	clerk := connect(t, db.url)
	clerk.run(t, `SET ROLE sql_doc_clerk`)
	if _, err := clerk.Exec(t.Context(), emit, "tablewire:broadcast", `{}`); err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("a role without the right may speak: %v", err)
	}
	clerk.run(t, `UPDATE shop_orders SET status = 'sent'`)
	order.wantSaid(t, `shop/The shop: "Ada, your order is sent"`)
}
