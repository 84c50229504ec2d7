package cdc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/cdc"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
	"github.com/tablewire/tablewire/protocol"
)

// Databases with another encoding than the UTF-8 of the events.
func TestEncodings(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	for encoding, tc := range map[string]struct {
		tables, rows string
		want         []string
	}{
		"LATIN1": {
			`CREATE TYPE "Müde" AS ENUM ('Ö'); CREATE TABLE "Größe" (id int PRIMARY KEY, "ä" text, j json, m "Müde"[])`,
			`INSERT INTO "Größe" VALUES (1, 'é', '{"ü": "ß"}', '{Ö}')`,
			[]string{`{"event":"create","collection_id":"Größe","data":{"id":1,"ä":"é","j":{"ü": "ß"},"m":["Ö"]}}`},
		},
		"EUC_JP": {
			`CREATE TABLE "注文" (id int PRIMARY KEY, "名" text, j json)`,
			`INSERT INTO "注文" VALUES (1, '東京', '["大阪"]')`,
			[]string{`{"event":"create","collection_id":"注文","data":{"id":1,"名":"東京","j":["大阪"]}}`},
		},
		// Nobody knows what its bytes mean: those that are not UTF-8 become U+FFFD.
		"SQL_ASCII": {
			`CREATE TABLE t (id int PRIMARY KEY, a text, b text, j json)`,
			`INSERT INTO t VALUES (1, 'é', E'x\xff\xfey', '{"a": "é"}'), (2, NULL, NULL, E'["\xff"]')`,
			[]string{
				`{"event":"create","collection_id":"t","data":{"id":1,"a":"é","b":"x` + "\uFFFD\uFFFD" + `y","j":{"a": "é"}}}`,
				`{"event":"create","collection_id":"t","data":{"id":2,"a":null,"b":null,"j":["` + "\uFFFD" + `"]}}`,
			},
		},
	} {
		t.Run(encoding, func(t *testing.T) {
			t.Parallel()
			s := &subject{url: server.NewDatabase(t, "ENCODING", encoding, "LOCALE 'C' TEMPLATE template0"), slot: slotOf(t)}
			var err error
			if s.conn, err = pgx.Connect(t.Context(), s.url+"&client_encoding=UTF8"); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.conn.Close(context.WithoutCancel(t.Context())) })
			s.exec(t, tc.tables)
			s.start(t)
			s.exec(t, tc.rows)
			for _, want := range tc.want {
				if got := s.next(t); got != want || !utf8.ValidString(got) {
					t.Errorf("got  %q\nwant %q", got, want)
				}
			}
		})
	}
}

// A character that UTF-8 lacks stops the stream, and the problem says what to do.
func TestUntranslatable(t *testing.T) {
	t.Parallel()
	s := &subject{url: pgtest.Start(t).NewDatabase(t, "ENCODING 'EUC_JP' LOCALE 'C' TEMPLATE template0"), slot: slotOf(t)}
	var err error
	if s.conn, err = pgx.Connect(t.Context(), s.url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.conn.Close(context.WithoutCancel(t.Context())) })
	s.exec(t, `CREATE TABLE t (id int PRIMARY KEY, a text)`)
	s.start(t)
	s.exec(t, `SET client_encoding = EUC_JP; INSERT INTO t VALUES (1, E'\xfe\xfe')`)
	until(t, "the stream says so", func() bool { return s.stream.Live() != nil })
	var problem *protocol.Problem
	if said := cdc.Explain(s.stream.Live()); !errors.As(said, &problem) || !strings.Contains(problem.Hint, "pg_drop_replication_slot") {
		t.Errorf("the stream says %v", said)
	}
	until(t, "the slot is dropped", func() bool { // while the stream tries again and again
		_, err := s.conn.Exec(t.Context(), `SELECT pg_drop_replication_slot($1)`, s.slot)
		return err == nil
	})
	receive(t, s.lost, "word that changes are lost")
	until(t, "the stream is live", func() bool { return s.stream.Live() == nil })
	s.exec(t, `INSERT INTO t VALUES (2, 'x')`)
	s.want(t, `{"event":"create","collection_id":"t","data":{"id":2,"a":"x"}}`)
}

// Changes that a statement causes elsewhere, and statements of rare kinds. TestDifferential
// has the others.
func TestKinds(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	event := func(op, table, data string) string {
		return fmt.Sprintf(`{"event":%q,"collection_id":%q,"data":{%s}}`, op, table, data)
	}
	for name, tc := range map[string]struct {
		tables, statements string
		want               []string
	}{
		"foreign keys cascade": {
			`CREATE TABLE a (id int PRIMARY KEY);
			CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a ON DELETE CASCADE ON UPDATE CASCADE);
			CREATE TABLE c (id int PRIMARY KEY, a int REFERENCES a ON DELETE SET NULL)`,
			`INSERT INTO a VALUES (1); INSERT INTO b VALUES (1, 1), (2, 1); UPDATE a SET id = 2; INSERT INTO c VALUES (1, 2); DELETE FROM a`,
			[]string{
				event("create", "a", `"id":1`), event("create", "b", `"id":1,"a":1`), event("create", "b", `"id":2,"a":1`),
				`{"event":"update","collection_id":"a","data":{"id":2},"old_data":{"id":1}}`,
				event("update", "b", `"id":1,"a":2`), event("update", "b", `"id":2,"a":2`), event("create", "c", `"id":1,"a":2`),
				event("delete", "a", `"id":2`), event("delete", "b", `"id":1`), event("delete", "b", `"id":2`), event("update", "c", `"id":1,"a":null`),
			},
		},
		"triggers change the row and write elsewhere": {
			`CREATE TABLE t (id int PRIMARY KEY, n int); CREATE TABLE log (id int PRIMARY KEY, said text);
			CREATE FUNCTION before() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.n := NEW.n * 10; RETURN NEW; END $$;
			CREATE FUNCTION after() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (NEW.id, 'was ' || NEW.n); RETURN NULL; END $$;
			CREATE TRIGGER b BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION before();
			CREATE TRIGGER a AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION after()`,
			`INSERT INTO t VALUES (1, 1), (2, 2)`,
			[]string{
				event("create", "t", `"id":1,"n":10`), event("create", "t", `"id":2,"n":20`),
				event("create", "log", `"id":1,"said":"was 10"`), event("create", "log", `"id":2,"said":"was 20"`),
			},
		},
		"inherited tables are collections of their own": {
			`CREATE TABLE parent (id int PRIMARY KEY, a text); CREATE TABLE child (b text, PRIMARY KEY (id)) INHERITS (parent)`,
			`INSERT INTO child VALUES (1, 'x', 'y'); UPDATE parent SET a = 'z'; DELETE FROM parent`,
			[]string{
				event("create", "child", `"id":1,"a":"x","b":"y"`), event("update", "child", `"id":1,"a":"z","b":"y"`), event("delete", "child", `"id":1`),
			},
		},
		"tables are swapped in one transaction": {
			`CREATE TABLE live (id int PRIMARY KEY, a text); CREATE TABLE built (a text, id int PRIMARY KEY)`,
			`INSERT INTO live VALUES (1, 'old'); INSERT INTO built VALUES ('new', 1);
			BEGIN; ALTER TABLE live RENAME TO retired; ALTER TABLE built RENAME TO live; INSERT INTO live VALUES ('newer', 2); INSERT INTO retired VALUES (2, 'x'); COMMIT;
			UPDATE live SET a = 'newest' WHERE id = 2`,
			[]string{
				event("create", "live", `"id":1,"a":"old"`), event("create", "built", `"a":"new","id":1`),
				event("create", "live", `"a":"newer","id":2`), event("create", "retired", `"id":2,"a":"x"`), event("update", "live", `"a":"newest","id":2`),
			},
		},
		"a view that can be written to": {
			`CREATE TABLE t (id int PRIMARY KEY, a text); CREATE VIEW v AS SELECT id, a FROM t`,
			`INSERT INTO v VALUES (1, 'x'); UPDATE v SET a = 'y'; DELETE FROM v`,
			[]string{event("create", "t", `"id":1,"a":"x"`), event("update", "t", `"id":1,"a":"y"`), event("delete", "t", `"id":1`)},
		},
		"several tables are truncated": {
			`CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a)`,
			`INSERT INTO a VALUES (1); TRUNCATE a CASCADE`,
			[]string{event("create", "a", `"id":1`), `{"event":"truncate","collection_id":"a"}`, `{"event":"truncate","collection_id":"b"}`},
		},
		"tables of one name in two schemas": {
			`CREATE SCHEMA s; CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE s.t (id text PRIMARY KEY); CREATE TABLE "s.t" (id bool PRIMARY KEY)`,
			`INSERT INTO t VALUES (1); INSERT INTO s.t VALUES ('x')`,
			[]string{event("create", "t", `"id":1`), event("create", "s.t", `"id":"x"`)},
		},
		"a partition is attached and another one detached": {
			`CREATE TABLE p (id int PRIMARY KEY, a text) PARTITION BY RANGE (id);
			CREATE TABLE low PARTITION OF p FOR VALUES FROM (0) TO (10);
			CREATE TABLE high (a text, gone int, id int PRIMARY KEY); ALTER TABLE high DROP gone`,
			`INSERT INTO p VALUES (1, 'x'); INSERT INTO high VALUES ('before', 10);
			ALTER TABLE p ATTACH PARTITION high FOR VALUES FROM (10) TO (20); INSERT INTO p VALUES (11, 'y'); UPDATE p SET id = 12 WHERE id = 1;
			ALTER TABLE p DETACH PARTITION high; INSERT INTO p VALUES (2, 'z')`,
			[]string{
				event("create", "p", `"id":1,"a":"x"`), event("create", "high", `"a":"before","id":10`), event("create", "p", `"id":11,"a":"y"`),
				event("delete", "p", `"id":1`), event("create", "p", `"id":12,"a":"x"`), event("create", "p", `"id":2,"a":"z"`),
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// There is no refresh meanwhile: the published tables stay.
			s := setup(t, server, tc.tables, func(c *cdc.Config) { c.RefreshInterval = time.Hour })
			s.exec(t, tc.statements)
			s.want(t, tc.want...)
			s.exec(t, `CREATE TABLE last (id int PRIMARY KEY); ALTER PUBLICATION tablewire ADD TABLE last; INSERT INTO last VALUES (1)`)
			s.want(t, event("create", "last", `"id":1`))
		})
	}

	t.Run("COPY", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, `CREATE TABLE t (id int PRIMARY KEY, a text)`)
		if _, err := s.conn.PgConn().CopyFrom(t.Context(), bytes.NewBufferString("1\tx\\ny\n2\t\\N\n"), "COPY t FROM STDIN"); err != nil {
			t.Fatal(err)
		}
		s.want(t, event("create", "t", `"id":1,"a":"x\ny"`), event("create", "t", `"id":2,"a":null`))
	})

	t.Run("MERGE", func(t *testing.T) {
		t.Parallel()
		s := setup(t, pgtest.StartVersion(t, 15), `CREATE TABLE t (id int PRIMARY KEY, a int)`)
		s.exec(t, `INSERT INTO t VALUES (1, 1), (2, 2)`)
		s.exec(t, `MERGE INTO t USING (VALUES (1), (2), (3)) s(id) ON t.id = s.id
			WHEN MATCHED AND t.a = 1 THEN DELETE WHEN MATCHED THEN UPDATE SET a = 5 WHEN NOT MATCHED THEN INSERT VALUES (s.id, 9)`)
		s.want(t,
			event("create", "t", `"id":1,"a":1`), event("create", "t", `"id":2,"a":2`),
			event("delete", "t", `"id":1`), event("update", "t", `"id":2,"a":5`), event("create", "t", `"id":3,"a":9`))
	})
}
