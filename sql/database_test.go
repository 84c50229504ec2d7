package sql_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/pgserver/pgtest"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/sql"
)

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, statements string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), statements); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, url string, patterns ...string) *sql.Database {
	t.Helper()
	p, err := sql.ParsePatterns(patterns)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open(sql.Config{URL: url, Publication: "wire pub", Slot: "s", Tables: p})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// synced gives the tables that Sync lists, the refused ones with why, shortened.
func synced(t *testing.T, db *sql.Database) map[string]string {
	t.Helper()
	exposure, err := db.Sync(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range exposure.Tables {
		got[f.Schema+"."+f.Name], _, _ = strings.Cut(f.Refused, ":")
	}
	return got
}

func members(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), `SELECT schemaname || '.' || tablename FROM pg_publication_tables WHERE pubname = 'wire pub' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func equal[T any](t *testing.T, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestSync(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)

	t.Run("only tables that can be published, and they follow what is there", func(t *testing.T) {
		t.Parallel()
		url := server.NewDatabase(t)
		conn := connect(t, url)
		exec(t, conn, `
			CREATE TABLE plain (id int PRIMARY KEY);
			CREATE TABLE bare (id int);
			CREATE TABLE full_row (id int); ALTER TABLE full_row REPLICA IDENTITY FULL;
			CREATE TABLE nothing (id int PRIMARY KEY); ALTER TABLE nothing REPLICA IDENTITY NOTHING;
			CREATE TABLE indexed (id int NOT NULL UNIQUE); ALTER TABLE indexed REPLICA IDENTITY USING INDEX indexed_id_key;
			CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY);
			CREATE TEMP TABLE temporary (id int PRIMARY KEY);
			CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id);
			CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
			CREATE VIEW seen AS SELECT 1;
			CREATE SCHEMA "My Shop"; CREATE TABLE "My Shop"."a ""b""" (id int PRIMARY KEY)`)
		db := open(t, url, "*.*")
		equal(t, map[string]string{
			"public.plain": "", "public.full_row": "", "public.indexed": "", "public.parted": "", `My Shop.a "b"`: "",
			"public.bare":     "it has no primary key that is checked at once (a DEFERRABLE one is not)",
			"public.nothing":  "its replica identity is NOTHING",
			"public.unlogged": "it is UNLOGGED",
		}, synced(t, db))
		equal(t, []string{`My Shop.a "b"`, "public.full_row", "public.indexed", "public.parted", "public.plain"}, members(t, conn))

		exec(t, conn, `
			DROP TABLE plain;
			ALTER TABLE indexed DROP CONSTRAINT indexed_id_key;
			CREATE TABLE newcomer (id int PRIMARY KEY)`)
		if got := synced(t, db); got["public.indexed"] != "the index of its replica identity is gone" || got["public.newcomer"] != "" {
			t.Errorf("%q", got)
		}
		equal(t, []string{`My Shop.a "b"`, "public.full_row", "public.newcomer", "public.parted"}, members(t, conn))
		exec(t, conn, `UPDATE indexed SET id = 1`)
	})

	t.Run("patterns that changed take tables out", func(t *testing.T) {
		t.Parallel()
		url := server.NewDatabase(t)
		conn := connect(t, url)
		exec(t, conn, `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)`)
		synced(t, open(t, url, "public.*"))
		equal(t, map[string]string{"public.a": ""}, synced(t, open(t, url, "public.*", "!b")))
		equal(t, []string{"public.a"}, members(t, conn))
	})

	t.Run("tables whose own statements would fail", func(t *testing.T) {
		t.Parallel()
		url := server.NewDatabase(t)
		conn := connect(t, url)
		exec(t, conn, `
			CREATE TABLE deferred (id int PRIMARY KEY DEFERRABLE, n int);
			CREATE TABLE root_full (id int, n int) PARTITION BY RANGE (id); ALTER TABLE root_full REPLICA IDENTITY FULL;
			CREATE TABLE root_full_1 PARTITION OF root_full FOR VALUES FROM (0) TO (10);
			CREATE TABLE leaf_nothing (id int PRIMARY KEY, n int) PARTITION BY RANGE (id);
			CREATE TABLE leaf_nothing_1 PARTITION OF leaf_nothing FOR VALUES FROM (0) TO (10);
			ALTER TABLE leaf_nothing_1 REPLICA IDENTITY NOTHING;
			CREATE TABLE mixed (id int PRIMARY KEY, n int) PARTITION BY RANGE (id); ALTER TABLE mixed REPLICA IDENTITY FULL;
			CREATE TABLE mixed_1 PARTITION OF mixed FOR VALUES FROM (0) TO (10);
			CREATE TABLE parent (id int PRIMARY KEY, n int); CREATE TABLE child () INHERITS (parent);
			CREATE TABLE made (a int, id int GENERATED ALWAYS AS (a) STORED PRIMARY KEY, n int);
			CREATE TABLE made_full (a int, b int GENERATED ALWAYS AS (a) STORED, n int); ALTER TABLE made_full REPLICA IDENTITY FULL`)
		got := synced(t, open(t, url, "public.*"))
		for name, exposed := range map[string]bool{
			"deferred": false, "root_full": false, "leaf_nothing": false, "mixed": false, "child": false,
			"parent": true, "made_full": true, "made": server.Major() >= 18,
		} {
			if why, there := got["public."+name]; !there || (why == "") != exposed {
				t.Errorf("%s: %q", name, why)
			}
		}
		for _, name := range []string{"deferred", "root_full", "leaf_nothing", "mixed", "parent", "child", "made", "made_full"} {
			columns := "id"
			if strings.HasPrefix(name, "made") {
				columns = "a"
			}
			exec(t, conn, `INSERT INTO `+name+` (`+columns+`) VALUES (1); UPDATE `+name+` SET n = 2; DELETE FROM `+name)
		}
	})

	t.Run("a publication that somebody else uses is left alone", func(t *testing.T) {
		t.Parallel()
		url := server.NewDatabase(t)
		conn := connect(t, url)
		exec(t, conn, `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY); CREATE PUBLICATION "wire pub" FOR TABLE b`)
		if got := synced(t, open(t, url, "a")); !strings.Contains(got["public.a"], "was not made by Tablewire") {
			t.Errorf("%q", got)
		}
		equal(t, []string{"public.b"}, members(t, conn))
	})

	t.Run("a table that is locked is added later", func(t *testing.T) {
		t.Parallel()
		url := server.NewDatabase(t)
		conn, other := connect(t, url), connect(t, url)
		exec(t, conn, `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)`)
		exec(t, other, `BEGIN; LOCK TABLE a IN SHARE UPDATE EXCLUSIVE MODE`)
		db := open(t, url, "public.*")
		equal(t, map[string]string{"public.a": "it could not be added to the publication yet", "public.b": ""}, synced(t, db))
		exec(t, other, `COMMIT`)
		equal(t, map[string]string{"public.a": "", "public.b": ""}, synced(t, db))
	})

	t.Run("FOR ALL TABLES, made by hand, is used as it is", func(t *testing.T) {
		t.Parallel()
		url := server.NewDatabase(t)
		conn := connect(t, url)
		exec(t, conn, `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE bare (id int); CREATE PUBLICATION "wire pub" FOR ALL TABLES`)
		equal(t, map[string]string{"public.a": "", "public.bare": "it has no primary key that is checked at once (a DEFERRABLE one is not)"}, synced(t, open(t, url, "public.*")))
	})

	t.Run("a role that may only read the catalog", func(t *testing.T) {
		t.Parallel()
		admin := server.NewDatabase(t)
		conn := connect(t, admin)
		role := fmt.Sprintf("reader_%d", server.Major())
		exec(t, conn, `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY);
			CREATE ROLE `+role+` LOGIN REPLICATION PASSWORD 'pw'`)
		t.Cleanup(func() {
			_, _ = conn.Exec(context.WithoutCancel(t.Context()), `DROP ROLE `+role)
		})
		publication, _, _ := strings.Cut(sql.Setup("wire pub", "s", []protocol.TableName{{Schema: "public", Table: "a"}}), "\n\n")
		exec(t, conn, publication)
		u, err := url.Parse(admin)
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.UserPassword(role, "pw")
		db := open(t, u.String(), "public.*")
		got := synced(t, db)
		if got["public.a"] != "" || !strings.Contains(got["public.b"], "was not made by Tablewire") {
			t.Errorf("%q", got)
		}
		info, err := db.Server(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !info.PublicationExists || info.MayCreate || info.User != role || info.WALLevel != "logical" || info.SlotExists {
			t.Errorf("%+v", info)
		}
	})
}

func TestDatabaseConnectsAgain(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t).NewDatabase(t)
	conn := connect(t, url)
	exec(t, conn, `CREATE TABLE a (id int PRIMARY KEY)`)
	db := open(t, url, "public.*")
	synced(t, db)
	exec(t, conn, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	equal(t, map[string]string{"public.a": ""}, synced(t, db))
}

func TestSetupStatementsRun(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	conn := connect(t, server.NewDatabase(t))
	exec(t, conn, `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE "it's" (id int PRIMARY KEY)`)
	slot := fmt.Sprintf("setup_%d", conn.PgConn().PID())
	publication, makeSlot, ok := strings.Cut(sql.Setup("wire pub", slot, []protocol.TableName{{Schema: "public", Table: "a"}, {Schema: "public", Table: "it's"}}), "\n\n")
	if !ok {
		t.Fatal("want two statements, an empty line between them")
	}
	exec(t, conn, publication)
	exec(t, conn, makeSlot)
	equal(t, []string{"public.a", "public.it's"}, members(t, conn))
}
