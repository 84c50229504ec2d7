package sql_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
	"github.com/tablewire/tablewire/protocol/wal"
	"github.com/tablewire/tablewire/sql"
)

// The statements of setup-sql are right on every version: the application's own statements
// go on working, whatever columns and identities the tables have.
func TestSetupOnEveryVersion(t *testing.T) {
	t.Parallel()
	for _, version := range pgtest.Versions() {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			t.Parallel()
			conn := connect(t, pgtest.StartVersion(t, version).NewDatabase(t))
			exec(t, conn, `
				CREATE TABLE orders (id int PRIMARY KEY, v text, g int GENERATED ALWAYS AS (id * 2) STORED);
				ALTER TABLE orders REPLICA IDENTITY FULL; INSERT INTO orders VALUES (1, 'a');
				CREATE TABLE "$tablewire$" (id int PRIMARY KEY)`)
			slot := fmt.Sprintf("setup_%d", conn.PgConn().PID())
			publication, makeSlot, ok := strings.Cut(sql.Setup("wire pub", slot, []wal.TableName{{Schema: "public", Table: "orders"}, {Schema: "public", Table: "$tablewire$"}}), "\n\n")
			if !ok {
				t.Fatal("want two statements, an empty line between them")
			}
			exec(t, conn, publication)
			exec(t, conn, makeSlot)
			exec(t, conn, `UPDATE orders SET v = 'b'; DELETE FROM orders`)
			equal(t, []string{"public.$tablewire$", "public.orders"}, members(t, conn))
			var all string
			if err := conn.QueryRow(t.Context(), `SELECT pubinsert::text || pubupdate || pubdelete || pubtruncate || pubviaroot || coalesce(to_jsonb(p) ->> 'pubgencols', 's') FROM pg_publication p`).Scan(&all); err != nil {
				t.Fatal(err)
			}
			equal(t, "truetruetruetruetrues", all)
		})
	}
}

// Sync refuses a table whose own UPDATE fails because of somebody else's publication, and no
// other table. The statement in the reason mends it.
func TestForeignPublicationBreaksUpdates(t *testing.T) {
	t.Parallel()
	const (
		keyed   = `CREATE TABLE t (id int PRIMARY KEY, v text)`
		full    = keyed + `; ALTER TABLE t REPLICA IDENTITY FULL`
		genKey  = `CREATE TABLE t (a int, v text, g int GENERATED ALWAYS AS (a) STORED PRIMARY KEY)`
		genSide = `CREATE TABLE t (a int PRIMARY KEY, v text, g int GENERATED ALWAYS AS (a) STORED)`
		genFull = genSide + `; ALTER TABLE t REPLICA IDENTITY FULL`
		parts   = `CREATE TABLE t (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
			CREATE TABLE t1 (v text, id int PRIMARY KEY); ALTER TABLE t ATTACH PARTITION t1 FOR VALUES FROM (0) TO (10)`
		partsFull = parts + `; ALTER TABLE t REPLICA IDENTITY FULL; ALTER TABLE t1 REPLICA IDENTITY FULL`
	)
	tables := []string{keyed, full, genKey, genSide, genFull, parts, partsFull}
	publications := []string{
		`FOR TABLE t`, `FOR ALL TABLES`, `FOR TABLE t WITH (publish = 'insert, delete')`, `FOR TABLE t WITH (publish = 'insert')`,
		`FOR TABLE t (v)`, `FOR TABLE t (KEY)`, `FOR TABLE t (KEY, v)`, `FOR TABLE t WHERE (v = 'x')`, `FOR TABLE t WHERE (KEY > 3)`,
		`FOR TABLE t WITH (publish_generated_columns = stored)`, `FOR TABLE t (v) WITH (publish = 'insert')`, `FOR TABLES IN SCHEMA public`,
	}
	for _, version := range pgtest.Versions() {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			t.Parallel()
			url := pgtest.StartVersion(t, version).NewDatabase(t)
			conn, db := connect(t, url), open(t, url, "public.*")
			failing := 0
			for _, table := range tables {
				for _, publication := range publications {
					key := "id"
					switch table {
					case genKey:
						key = "g"
					case genSide, genFull:
						key = "a"
					}
					publication = strings.ReplaceAll(publication, "KEY", key)
					if strings.Contains(publication, "WITH (") {
						publication = strings.Replace(publication, "WITH (", "WITH (publish_via_partition_root = true, ", 1)
					} else {
						publication += " WITH (publish_via_partition_root = true)"
					}
					exec(t, conn, `DROP PUBLICATION IF EXISTS "wire pub"; DROP TABLE IF EXISTS t`)
					exec(t, conn, table+`; INSERT INTO t (`+strings.Replace(key, "g", "a", 1)+`, v) VALUES (1, 'a')`)
					if _, err := conn.Exec(t.Context(), `CREATE PUBLICATION "wire pub" `+publication); err != nil {
						continue // this version has no such publications
					}
					if breaksAsTold(t, conn, db, table+"; CREATE PUBLICATION "+publication) {
						failing++
					}
				}
			}
			if want := map[int]int{15: 15, 16: 15, 17: 15, 18: 20, 19: 20}; failing < want[version] {
				t.Errorf("%d publications make the UPDATE fail, want %d at least", failing, want[version])
			}
		})
	}
}

// breaksAsTold compares the reason for a refused table with what its own statements do, and
// runs the statements of the reasons until they work.
func breaksAsTold(t *testing.T, conn *pgx.Conn, db *sql.Database, what string) (failed bool) {
	t.Helper()
	for range 3 {
		why := refused(t, db)
		if strings.Contains(why, "a generated column in its key") {
			return failed // what does not travel is another matter
		}
		_, err := conn.Exec(t.Context(), `UPDATE t SET v = 'b'; DELETE FROM t`)
		if (err != nil) != (why != "") {
			t.Errorf("%s: the table is refused for %q, its UPDATE and DELETE say %v", what, why, err)
			return failed
		}
		if err == nil {
			return failed
		}
		failed = true
		_, statement, ok := strings.Cut(why, "the publication's owner can run ")
		if !ok {
			_, statement, ok = strings.Cut(why, "): ")
		}
		if !ok {
			t.Errorf("%s: there is no statement in %q", what, why)
			return failed
		}
		exec(t, conn, statement)
		if strings.HasPrefix(statement, "ALTER TABLE") && strings.Contains(what, "PARTITION") {
			exec(t, conn, `ALTER TABLE t1 REPLICA IDENTITY FULL`)
		}
	}
	t.Errorf("%s: the statements don't help", what)
	return failed
}

// refused returns the reason for which the table t is refused.
func refused(t *testing.T, db *sql.Database) string {
	t.Helper()
	state, err := db.Sync(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range state.Tables {
		if table.Name == "t" {
			return table.Refused
		}
	}
	t.Fatal("the table is not found")
	return ""
}

// warnings returns the warnings of Sync.
func warnings(t *testing.T, db *sql.Database) string {
	t.Helper()
	state, err := db.Sync(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(state.Warnings, "\n")
}

// Sync warns of stored generated columns that somebody else's publication leaves out, if it
// could carry them.
func TestForeignPublicationWithoutGeneratedColumns(t *testing.T) {
	t.Parallel()
	for _, version := range pgtest.Versions() {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			t.Parallel()
			url := pgtest.StartVersion(t, version).NewDatabase(t)
			conn := connect(t, url)
			exec(t, conn, `CREATE TABLE t (id int PRIMARY KEY, g int GENERATED ALWAYS AS (id * 2) STORED);
				CREATE TABLE u (id int PRIMARY KEY); CREATE PUBLICATION "wire pub" FOR TABLE t, u`)
			db := open(t, url, "public.*")
			got := warnings(t, db)
			_, statement, ok := strings.Cut(got, `of t (g); its owner can run `)
			if ok != (version >= 18) {
				t.Fatal(got)
			}
			if ok {
				exec(t, conn, statement)
				equal(t, "", warnings(t, db))
			}
		})
	}
}

// The server accepts the statement that adds a table to somebody else's publication, and the
// table is exposed then.
func TestForeignPublicationLacksTable(t *testing.T) {
	t.Parallel()
	for _, version := range pgtest.Versions() {
		for publication, curable := range map[string]bool{
			`FOR TABLE u`:                                          true,
			`FOR TABLES IN SCHEMA other`:                           true,
			`FOR ALL TABLES EXCEPT (TABLE t)`:                      true,
			`FOR ALL TABLES EXCEPT (TABLE t, TABLE other."a ""b")`: true,
			`FOR ALL TABLES EXCEPT (TABLE t), ALL SEQUENCES`:       true,
			`FOR ALL SEQUENCES`:                                    false,
		} {
			if version < 15 && strings.Contains(publication, "SCHEMA") || version < 19 && strings.Contains(publication, "ALL") {
				continue
			}
			t.Run(fmt.Sprintf("%d %s", version, publication), func(t *testing.T) {
				t.Parallel()
				url := pgtest.StartVersion(t, version).NewDatabase(t)
				conn := connect(t, url)
				exec(t, conn, `CREATE SCHEMA other; CREATE TABLE other."a ""b" (id int PRIMARY KEY);
					CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE u (id int PRIMARY KEY); CREATE SEQUENCE s`)
				exec(t, conn, `CREATE PUBLICATION "wire pub" `+publication)
				db := open(t, url, "t")
				why := refused(t, db)
				_, statement, ok := strings.Cut(why, "its owner can run ")
				if ok != curable {
					t.Fatal(why)
				}
				if !curable {
					if !strings.Contains(why, `the setting "publication"`) {
						t.Error(why)
					}
					return
				}
				exec(t, conn, statement)
				equal(t, "", refused(t, db))
				if strings.Contains(publication, "SEQUENCES") {
					var sequences bool
					if err := conn.QueryRow(t.Context(), `SELECT puballsequences FROM pg_publication`).Scan(&sequences); err != nil || !sequences {
						t.Errorf("the publication has lost its sequences: %v", err)
					}
				}
				if strings.Contains(publication, "other.") {
					equal(t, []string{"public.t", "public.u"}, members(t, conn))
				}
			})
		}
	}
}

// Sync warns that the rows of inheriting tables do not arrive as rows of the parent.
func TestInheritance(t *testing.T) {
	t.Parallel()
	for _, version := range pgtest.Versions() {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			t.Parallel()
			url := pgtest.StartVersion(t, version).NewDatabase(t)
			exec(t, connect(t, url), `
				CREATE TABLE events (id int PRIMARY KEY); CREATE TABLE clicks () INHERITS (events); CREATE TABLE touches () INHERITS (clicks);
				CREATE TABLE plain (id int PRIMARY KEY); CREATE TABLE many (id int PRIMARY KEY);
				DO $$BEGIN FOR i IN 1..5 LOOP EXECUTE format('CREATE TABLE many_%s () INHERITS (many)', i); END LOOP; END$$;
				CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
				CREATE SCHEMA _timescaledb_internal; CREATE TABLE metrics (id int PRIMARY KEY);
				DO $$BEGIN FOR i IN 1..7 LOOP EXECUTE format('CREATE TABLE _timescaledb_internal._hyper_1_%s_chunk () INHERITS (metrics)', i); END LOOP; END$$`)
			got := warnings(t, open(t, url, "public.*", "!clicks"))
			want := []string{
				`other tables inherit from table "events" (clicks, touches): changes of their rows come as those of these tables, if they are exposed, and never as changes of "events"; follow them, and leave the parent out of the setting "tables" with '!events' if it has no rows of its own`,
				`other tables inherit from table "many" (many_1, many_2, many_3 and others): changes of their rows come as those of these tables, if they are exposed, and never as changes of "many"; follow them, and leave the parent out of the setting "tables" with '!many' if it has no rows of its own`,
				`table "metrics" is a hypertable: its rows are in chunks, whose changes do not come as changes of "metrics"; leave it out of the setting "tables" with '!metrics'`,
			}
			equal(t, strings.Join(want, "\n"), got)
			equal(t, "", warnings(t, open(t, url, "public.*", "!events", "!clicks", "!metrics", "!many")))
		})
	}
}

// server opens the database as the server of a slot, and creates the slot if asked to.
func server(t *testing.T, conn *pgx.Conn, databaseURL, slot, publication string, patterns ...string) *sql.Database {
	t.Helper()
	p, err := sql.ParsePatterns(patterns)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open(sql.Config{URL: databaseURL, Publication: publication, Slot: slot, Tables: p})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if conn != nil {
		exec(t, conn, `SELECT pg_create_logical_replication_slot('`+slot+`', 'pgoutput')`)
	}
	return db
}

// A publication is kept for one slot. The server of another slot uses it as it is, until the
// first slot is gone.
func TestPublicationOfAnotherSlot(t *testing.T) {
	t.Parallel()
	for _, version := range pgtest.Versions() {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			t.Parallel()
			url := pgtest.StartVersion(t, version).NewDatabase(t)
			conn := connect(t, url)
			exec(t, conn, `CREATE TABLE orders (id int PRIMARY KEY); CREATE TABLE stock (id int PRIMARY KEY); CREATE TABLE late (id int PRIMARY KEY)`)
			one, two := slotNames(conn)
			first, second := server(t, conn, url, one, "wire pub", "orders", "stock"), server(t, conn, url, two, "wire pub", "orders", "late")
			equal(t, map[string]string{"public.orders": "", "public.stock": ""}, synced(t, first))
			for range 2 {
				got := synced(t, second)
				if got["public.orders"] != "" || !strings.Contains(got["public.late"], `is kept by the Tablewire of slot "`+one+`"`) {
					t.Errorf("%q", got)
				}
				equal(t, []string{"public.orders", "public.stock"}, members(t, conn))
				equal(t, map[string]string{"public.orders": "", "public.stock": ""}, synced(t, first))
			}
			if got := warnings(t, second); !strings.Contains(got, `give this server a publication of its own with the setting "publication"`) {
				t.Error(got)
			}
			equal(t, "", warnings(t, first))

			// The first server is gone for good, with its slot.
			exec(t, conn, `SELECT pg_drop_replication_slot('`+one+`')`)
			equal(t, map[string]string{"public.orders": "", "public.late": ""}, synced(t, second))
			equal(t, []string{"public.late", "public.orders"}, members(t, conn))
			if got := synced(t, first); got["public.orders"] != "" || !strings.Contains(got["public.stock"], `slot "`+two+`"`) {
				t.Errorf("%q", got)
			}
		})
	}
}

func slotNames(conn *pgx.Conn) (string, string) {
	return fmt.Sprintf("one_%d", conn.PgConn().PID()), fmt.Sprintf("two_%d", conn.PgConn().PID())
}

// A publication of an earlier version of Tablewire belongs to the first server that sees it.
// A publication that was copied from another database belongs to this database's server.
func TestPublicationOfNoSlot(t *testing.T) {
	t.Parallel()
	postgres := pgtest.Start(t)
	t.Run("of an earlier version", func(t *testing.T) {
		t.Parallel()
		url := postgres.NewDatabase(t)
		conn := connect(t, url)
		exec(t, conn, `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY);
			CREATE PUBLICATION "wire pub" FOR TABLE b WITH (publish_via_partition_root = true);
			COMMENT ON PUBLICATION "wire pub" IS 'tablewire: made by Tablewire, which adds and drops tables'`)
		one, two := slotNames(conn)
		equal(t, map[string]string{"public.a": ""}, synced(t, server(t, conn, url, one, "wire pub", "a")))
		if got := synced(t, server(t, conn, url, two, "wire pub", "b")); !strings.Contains(got["public.b"], `slot "`+one+`"`) {
			t.Errorf("%q", got)
		}
	})
	t.Run("of another database's slot", func(t *testing.T) {
		t.Parallel()
		url, elsewhere := postgres.NewDatabase(t), postgres.NewDatabase(t)
		conn, other := connect(t, url), connect(t, elsewhere)
		one, two := slotNames(conn)
		exec(t, other, `SELECT pg_create_logical_replication_slot('`+one+`', 'pgoutput')`)
		exec(t, conn, `CREATE TABLE a (id int PRIMARY KEY); CREATE PUBLICATION "wire pub" WITH (publish_via_partition_root = true);
			COMMENT ON PUBLICATION "wire pub" IS 'tablewire: slot "`+one+`"; made by Tablewire, which adds and drops tables'`)
		equal(t, map[string]string{"public.a": ""}, synced(t, server(t, conn, url, two, "wire pub", "a")))
	})
	t.Run("of two that have no slot yet", func(t *testing.T) {
		t.Parallel()
		url := postgres.NewDatabase(t)
		conn := connect(t, url)
		exec(t, conn, `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)`)
		one, two := slotNames(conn)
		first, second := server(t, nil, url, one, "wire pub", "a"), server(t, nil, url, two, "wire pub", "b")
		equal(t, map[string]string{"public.a": ""}, synced(t, first))
		for range 2 {
			if got := synced(t, second); !strings.Contains(got["public.b"], `slot "`+one+`"`) {
				t.Errorf("%q", got)
			}
			equal(t, map[string]string{"public.a": ""}, synced(t, first))
		}
	})
}

// Somebody who takes a table out again and again has their way. The warning names who it may
// be.
func TestTableTakenOut(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Start(t).NewDatabase(t)
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("application_name", "terraform")
	u.RawQuery = q.Encode()
	conn := connect(t, u.String())
	exec(t, conn, `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY)`)
	one, _ := slotNames(conn)
	db := server(t, conn, databaseURL, one, "wire pub", "a", "b")
	equal(t, map[string]string{"public.a": "", "public.b": ""}, synced(t, db))

	exec(t, conn, `ALTER PUBLICATION "wire pub" DROP TABLE a`)
	got := warnings(t, db)
	for _, want := range []string{`somebody took table "a" out of publication "wire pub", and it is added again`, `the setting "tables" with '!a'`, `the publication's owner "postgres"`, `a session of role "postgres" (terraform)`} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %s", want, got)
		}
	}
	equal(t, []string{"public.a", "public.b"}, members(t, conn))
	equal(t, "", warnings(t, db))

	exec(t, conn, `ALTER PUBLICATION "wire pub" DROP TABLE a`)
	for range 3 {
		if got := synced(t, db); !strings.HasPrefix(got["public.a"], `somebody took it out of publication "wire pub" again`) || got["public.b"] != "" {
			t.Errorf("%q", got)
		}
		equal(t, []string{"public.b"}, members(t, conn))
	}
	exec(t, conn, `ALTER PUBLICATION "wire pub" ADD TABLE a`)
	equal(t, map[string]string{"public.a": "", "public.b": ""}, synced(t, db))

	// A table that does not match is taken out once.
	exec(t, conn, `ALTER PUBLICATION "wire pub" ADD TABLE c`)
	equal(t, "", warnings(t, db))
	equal(t, []string{"public.a", "public.b"}, members(t, conn))
	exec(t, conn, `ALTER PUBLICATION "wire pub" ADD TABLE c`)
	if got := warnings(t, db); !strings.Contains(got, `table "c"`) {
		t.Error(got)
	}
	equal(t, []string{"public.a", "public.b", "public.c"}, members(t, conn))

	// A dropped publication is not the same as tables taken out.
	exec(t, conn, `DROP PUBLICATION "wire pub"`)
	equal(t, map[string]string{"public.a": "", "public.b": ""}, synced(t, db))
	equal(t, "", warnings(t, db))
}
