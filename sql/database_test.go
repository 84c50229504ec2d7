package sql_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
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

// synced returns the tables that Sync returns, the refused ones with the shortened reason.
func synced(t *testing.T, db *sql.Database) map[string]string {
	t.Helper()
	state, err := db.Sync(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range state.Tables {
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
			"public.nothing":  "it has replica identity NOTHING",
			"public.unlogged": "it is UNLOGGED",
		}, synced(t, db))
		equal(t, []string{`My Shop.a "b"`, "public.full_row", "public.indexed", "public.parted", "public.plain"}, members(t, conn))

		exec(t, conn, `
			DROP TABLE plain;
			ALTER TABLE indexed DROP CONSTRAINT indexed_id_key;
			CREATE TABLE newcomer (id int PRIMARY KEY)`)
		if got := synced(t, db); got["public.indexed"] != "it has lost the index of its replica identity" || got["public.newcomer"] != "" {
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
			"deferred": false, "root_full": false, "leaf_nothing": false, "child": false,
			"mixed": true, "parent": true, "made_full": true, "made": server.Major() >= 18,
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

	t.Run("a publication of ours that was altered is an error at the start", func(t *testing.T) {
		t.Parallel()
		url := server.NewDatabase(t)
		conn := connect(t, url)
		exec(t, conn, `CREATE TABLE a (id int PRIMARY KEY);
			CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10)`)
		db := open(t, url, "a", "parted")
		for _, setting := range []string{`publish = 'insert'`, `publish_via_partition_root = false`} {
			equal(t, map[string]string{"public.a": "", "public.parted": ""}, synced(t, db))
			exec(t, conn, `ALTER PUBLICATION "wire pub" SET (`+setting+`)`)
			_, err := open(t, url, "a", "parted").Sync(t.Context())
			var problem *protocol.Problem
			if !errors.As(err, &problem) {
				t.Fatalf("%s: %v", setting, err)
			}
			statement, ok := strings.CutPrefix(problem.Hint, "its owner can run ")
			if !ok {
				t.Errorf("%s: the hint is %q", setting, problem.Hint)
			}
			// A running server warns of what no longer arrives.
			if setting == `publish = 'insert'` {
				if got := warnings(t, db); !strings.Contains(got, "leaves out every update, delete, truncate") {
					t.Error(got)
				}
			} else if got := synced(t, db); got["public.a"] != "" || !strings.Contains(got["public.parted"], "sends the changes of its partitions as those of other tables") {
				t.Errorf("%q", got)
			}
			exec(t, conn, statement)
		}
		equal(t, map[string]string{"public.a": "", "public.parted": ""}, synced(t, db))
	})

	t.Run("what somebody else's publication holds back is said", func(t *testing.T) {
		t.Parallel()
		url := server.NewDatabase(t)
		conn := connect(t, url)
		exec(t, conn, `
			CREATE TABLE a (id int PRIMARY KEY, secret text, flag bool); CREATE TABLE b (id int PRIMARY KEY);
			CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id);
			CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
			CREATE PUBLICATION "wire pub" FOR TABLE b, parted WITH (publish = 'insert, truncate')`)
		want := []string{`publication "wire pub" leaves out every update, delete, which clients will never see`}
		if server.Major() >= 15 {
			exec(t, conn, `ALTER PUBLICATION "wire pub" ADD TABLE a (id, flag) WHERE (id > 5)`)
			want = append(want,
				`publication "wire pub" has a WHERE clause for table "a"`,
				`publication "wire pub" has a list of columns for table "a"`)
		} else {
			exec(t, conn, `ALTER PUBLICATION "wire pub" ADD TABLE a`)
		}
		state, err := open(t, url, "public.*").Sync(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, warning := range state.Warnings {
			warning, _, _ = strings.Cut(warning, ";")
			warning, _, _ = strings.Cut(warning, ":")
			got = append(got, warning)
		}
		slices.Sort(want)
		equal(t, want, got)
		for _, table := range state.Tables {
			if why := table.Refused; (table.Name == "parted") != strings.Contains(why, "publish_via_partition_root = true") {
				t.Errorf("%s: %q", table.Name, why)
			}
		}
	})

	t.Run("a list of columns decides what a table has", func(t *testing.T) {
		t.Parallel()
		if server.Major() < 15 {
			return // there are none
		}
		url := server.NewDatabase(t)
		conn := connect(t, url)
		exec(t, conn, `CREATE TABLE a (id int PRIMARY KEY, secret text, flag bool); CREATE PUBLICATION "wire pub" FOR TABLE a (id, flag)`)
		db := open(t, url, "public.*")
		state, err := db.Sync(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		columns, _, err := db.Columns(t.Context(), state.Tables[0].OID)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, c := range columns {
			names = append(names, c.Name)
		}
		equal(t, []string{"id", "flag"}, names)
	})

	t.Run("what an index includes beside its key is none of the key", func(t *testing.T) {
		t.Parallel()
		url := server.NewDatabase(t)
		exec(t, connect(t, url), `CREATE TABLE a (extra text, id int, PRIMARY KEY (id) INCLUDE (extra)); ALTER TABLE a REPLICA IDENTITY FULL`)
		db := open(t, url, "public.*")
		state, err := db.Sync(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		columns, _, err := db.Columns(t.Context(), state.Tables[0].OID)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range columns {
			equal(t, c.Name == "id", c.Key)
		}
	})

	t.Run("a partition that is named is a collection of its own", func(t *testing.T) {
		t.Parallel()
		url := server.NewDatabase(t)
		conn := connect(t, url)
		exec(t, conn, `
			CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id);
			CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (id);
			CREATE TABLE parted_1_1 PARTITION OF parted_1 FOR VALUES FROM (0) TO (10);
			CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (10) TO (20)`)
		equal(t, map[string]string{"public.parted_1_1": ""}, synced(t, open(t, url, "parted_1_1")))
		equal(t, []string{"public.parted_1_1"}, members(t, conn))
		refused := func(root string) string {
			return `it is a partition of "` + root + `", and its changes come as changes of that table`
		}
		equal(t, map[string]string{"public.parted": "", "public.parted_1_1": refused("parted"), "public.parted_2": refused("parted")},
			synced(t, open(t, url, "public.*", "parted_1_1", "public.parted_2")))
		equal(t, []string{"public.parted"}, members(t, conn))
		equal(t, map[string]string{"public.parted_1": "", "public.parted_1_1": refused("parted_1")},
			synced(t, open(t, url, "public.*", "!parted", "parted_1", "parted_1_1")))
		equal(t, []string{"public.parted_1"}, members(t, conn))
	})

	t.Run("a partition whose root somebody else's publication does not send", func(t *testing.T) {
		t.Parallel()
		for _, publication := range []string{
			`FOR TABLE parted_1 WITH (publish_via_partition_root = true)`,
			`FOR TABLE parted WITH (publish_via_partition_root = false)`,
		} {
			url := server.NewDatabase(t)
			exec(t, connect(t, url), `
				CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id);
				CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
				CREATE PUBLICATION "wire pub" `+publication)
			if got := synced(t, open(t, url, "public.*", "parted_1")); got["public.parted"] == "" || got["public.parted_1"] != "" {
				t.Errorf("%s: %q", publication, got)
			}
		}
	})

	t.Run("partitions that other columns identify than their root", func(t *testing.T) {
		t.Parallel()
		url := server.NewDatabase(t)
		conn := connect(t, url)
		exec(t, conn, `
			CREATE TABLE keyless (id int) PARTITION BY RANGE (id);
			CREATE TABLE keyless_1 PARTITION OF keyless (PRIMARY KEY (id)) FOR VALUES FROM (0) TO (10);
			CREATE TABLE other (id int PRIMARY KEY, code int NOT NULL) PARTITION BY RANGE (id);
			CREATE TABLE other_1 PARTITION OF other (CONSTRAINT other_code UNIQUE (code)) FOR VALUES FROM (0) TO (10);
			ALTER TABLE other_1 REPLICA IDENTITY USING INDEX other_code;
			CREATE TABLE same (id int NOT NULL, code int NOT NULL, UNIQUE (code, id)) PARTITION BY RANGE (id);
			ALTER TABLE same REPLICA IDENTITY USING INDEX same_code_id_key;
			CREATE TABLE same_1 (code int NOT NULL, id int NOT NULL, PRIMARY KEY (id, code));
			ALTER TABLE same ATTACH PARTITION same_1 FOR VALUES FROM (0) TO (10)`)
		lacks := func(leaf string) string {
			return "the replica identity of partition public." + leaf + " lacks columns that identify the table's rows, so that its updates and deletes would not say which row they are of"
		}
		db := open(t, url, "public.*")
		equal(t, map[string]string{"public.keyless": lacks("keyless_1"), "public.other": lacks("other_1"), "public.same": ""}, synced(t, db))
		for name, why := range refusals(t, db) {
			if _, statement, ok := strings.Cut(why, "row they are of: "); ok {
				exec(t, conn, statement)
			} else if why != "" {
				t.Errorf("%s: %s", name, why)
			}
		}
		equal(t, map[string]string{"public.keyless": "", "public.other": "", "public.same": ""}, synced(t, db))
	})

	t.Run("partitions that are not FULL as their root is", func(t *testing.T) {
		t.Parallel()
		url := server.NewDatabase(t)
		conn := connect(t, url)
		exec(t, conn, `
			CREATE TABLE "My orders" (id int PRIMARY KEY, n int) PARTITION BY RANGE (id); ALTER TABLE "My orders" REPLICA IDENTITY FULL;
			CREATE TABLE "My low" PARTITION OF "My orders" FOR VALUES FROM (0) TO (10); ALTER TABLE "My low" REPLICA IDENTITY FULL;
			CREATE TABLE bare (id int, n int) PARTITION BY RANGE (id); ALTER TABLE bare REPLICA IDENTITY FULL;
			CREATE TABLE bare_1 PARTITION OF bare FOR VALUES FROM (0) TO (10); ALTER TABLE bare_1 REPLICA IDENTITY FULL`)
		db := open(t, url, "public.*")
		equal(t, map[string]string{"public.My orders": "", "public.bare": ""}, synced(t, db))
		equal(t, "", warnings(t, db))

		// This is what pg_partman does each night.
		exec(t, conn, `
			CREATE TABLE "My mid" PARTITION OF "My orders" FOR VALUES FROM (10) TO (20);
			CREATE TABLE "My high" (LIKE "My orders" INCLUDING ALL); ALTER TABLE "My orders" ATTACH PARTITION "My high" FOR VALUES FROM (20) TO (30);
			CREATE TABLE bare_2 PARTITION OF bare FOR VALUES FROM (10) TO (20)`)
		equal(t, map[string]string{"public.My orders": "", "public.bare": "partition public.bare_2 has no primary key that is checked at once (a DEFERRABLE one is not)"}, synced(t, db))
		exec(t, conn, `INSERT INTO "My orders" VALUES (11); INSERT INTO bare VALUES (11); UPDATE "My orders" SET n = 1; UPDATE bare SET n = 1`)
		told := strings.Split(warnings(t, db), "\n")
		if len(told) != 2 {
			t.Fatalf("%q", told)
		}
		for _, warning := range told {
			_, statement, _ := strings.Cut(warning, "only the key is known; ")
			exec(t, conn, statement)
		}
		_, statement, _ := strings.Cut(refusals(t, db)["public.bare"], "add one, or ")
		exec(t, conn, statement)
		equal(t, "", warnings(t, db))
		equal(t, map[string]string{"public.My orders": "", "public.bare": ""}, synced(t, db))

		exec(t, conn, `DO $$ BEGIN FOR i IN 3..9 LOOP
			EXECUTE format('CREATE TABLE p%s PARTITION OF "My orders" FOR VALUES FROM (%s0) TO (%s0)', i, i, i + 1); END LOOP; END $$`)
		if told := strings.Split(warnings(t, db), "\n"); len(told) != 1 || !strings.HasPrefix(told[0], `7 partitions of "My orders" don't have replica identity FULL`) {
			t.Errorf("%q", told)
		}
	})

	t.Run("a partition that is locked", func(t *testing.T) {
		t.Parallel()
		url := server.NewDatabase(t)
		conn := connect(t, url)
		exec(t, conn, `
			CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id);
			CREATE TABLE low PARTITION OF parted FOR VALUES FROM (0) TO (10)`)
		db := open(t, url, "public.*")
		synced(t, db)
		exec(t, conn, `BEGIN; LOCK TABLE low`)
		equal(t, map[string]string{"public.parted": ""}, synced(t, db))
		exec(t, conn, `ROLLBACK`)
	})

	t.Run("a partition waits for its root to be taken out", func(t *testing.T) {
		t.Parallel()
		url := server.NewDatabase(t)
		conn, other := connect(t, url), connect(t, url)
		exec(t, conn, `
			CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id);
			CREATE TABLE low PARTITION OF parted FOR VALUES FROM (0) TO (10)`)
		synced(t, open(t, url, "public.*"))
		exec(t, other, `BEGIN; LOCK TABLE parted IN SHARE UPDATE EXCLUSIVE MODE`)
		db := open(t, url, "low")
		equal(t, map[string]string{"public.low": "it is a partition, and its changes come as changes of its table, which is locked and could not be taken out of the publication yet"}, synced(t, db))
		exec(t, other, `COMMIT`)
		equal(t, map[string]string{"public.low": ""}, synced(t, db))
		equal(t, []string{"public.low"}, members(t, conn))
	})

	t.Run("patterns that match nothing are said", func(t *testing.T) {
		t.Parallel()
		url := server.NewDatabase(t)
		exec(t, connect(t, url), `CREATE TABLE a (id int PRIMARY KEY); CREATE VIEW v AS SELECT 1; CREATE SCHEMA stock; CREATE TABLE stock.b (id int PRIMARY KEY)`)
		state, err := open(t, url, "a", "A", "public.v", "shop.*", "stock", "!stock.b", "!scerets").Sync(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, warning := range state.Warnings {
			warning, _, _ = strings.Cut(warning, ` of the setting "tables"`)
			got = append(got, warning)
		}
		equal(t, []string{`no table matches "A"`, `no table matches "public.v"`, `no table matches "shop.*"`, `no table matches "stock"`, `no table matches "!scerets"`}, got)
		if all := strings.Join(state.Warnings, "\n"); !strings.Contains(all, `all tables of the schema are "stock.*"`) {
			t.Errorf("the schema's pattern is not named:\n%s", all)
		}
	})

	t.Run("tables of others say what can be done", func(t *testing.T) {
		t.Parallel()
		url := server.NewDatabase(t)
		conn := connect(t, url)
		suffix := fmt.Sprint(conn.PgConn().PID())
		exec(t, conn, `
			CREATE ROLE walker_`+suffix+` LOGIN REPLICATION; CREATE ROLE owner_`+suffix+`;
			CREATE TABLE by_super (id int PRIMARY KEY);
			CREATE TABLE by_owner (id int PRIMARY KEY); ALTER TABLE by_owner OWNER TO owner_`+suffix)
		exec(t, conn, `DO $$BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO walker_`+suffix+`', current_database()); END$$`)
		t.Cleanup(func() {
			ctx := context.WithoutCancel(t.Context())
			_, _ = conn.Exec(ctx, `DROP OWNED BY walker_`+suffix+`, owner_`+suffix+` CASCADE; DROP ROLE walker_`+suffix+`, owner_`+suffix)
		})
		got := map[string]string{}
		state, err := open(t, strings.Replace(url, "postgres@", "walker_"+suffix+"@", 1), "public.*").Sync(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range state.Tables {
			got[table.Name] = table.Refused
		}
		if why := got["by_super"]; strings.Contains(why, "GRANT") || !strings.Contains(why, `ADD TABLE ONLY "public"."by_super"`) {
			t.Error(why)
		}
		if why := got["by_owner"]; !strings.Contains(why, `GRANT "owner_`+suffix+`" TO`) {
			t.Error(why)
		}
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

	// README.md and docs/running.md say who may run which statement of setup-sql.
	t.Run("who may run the statements", func(t *testing.T) {
		t.Parallel()
		admin := server.NewDatabase(t)
		conn := connect(t, admin)
		owner, reader, slot := fmt.Sprintf("setup_owner_%d", server.Major()), fmt.Sprintf("setup_reader_%d", server.Major()), fmt.Sprintf("setup_%d", server.Major())
		exec(t, conn, `CREATE ROLE `+owner+` LOGIN PASSWORD 'pw'; CREATE ROLE `+reader+` LOGIN REPLICATION PASSWORD 'pw';
			CREATE TABLE a (id int PRIMARY KEY); ALTER TABLE a OWNER TO `+owner)
		t.Cleanup(func() {
			_, _ = conn.Exec(context.WithoutCancel(t.Context()), `DROP OWNED BY `+owner+`, `+reader+` CASCADE; DROP ROLE `+owner+`, `+reader)
		})
		publication, createSlot, _ := strings.Cut(sql.Setup("by hand", slot, []wal.TableName{{Schema: "public", Table: "a"}}), "\n\n")
		run := func(role, statement, want string) {
			t.Helper()
			u, err := url.Parse(admin)
			if err != nil {
				t.Fatal(err)
			}
			u.User = url.UserPassword(role, "pw")
			_, err = connect(t, u.String()).Exec(t.Context(), statement)
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("%s, %.60s: %v, want %q", role, statement, err, want)
			}
		}
		const insufficient = "42501"
		grant := func(role string) {
			exec(t, conn, `DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO `+role+`', current_database()); END $$`)
		}
		run(owner, publication, insufficient)
		grant(reader)
		run(reader, publication, insufficient)
		grant(owner)
		run(owner, publication, "")
		run(owner, createSlot, insufficient)
		run(reader, createSlot, "")
		exec(t, conn, `SELECT pg_drop_replication_slot('`+slot+`')`)
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
		publication, _, _ := strings.Cut(sql.Setup("wire pub", "s", []wal.TableName{{Schema: "public", Table: "a"}}), "\n\n")
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

// A publication from before PostgreSQL 18, on a server that was upgraded.
func TestSyncAfterUpgrade(t *testing.T) {
	t.Parallel()
	server := pgtest.StartVersion(t, 18)
	for name, table := range map[string]string{
		"full": `CREATE TABLE t (id int PRIMARY KEY, g int GENERATED ALWAYS AS (id * 2) STORED); ALTER TABLE t REPLICA IDENTITY FULL`,
		"key":  `CREATE TABLE t (id int, g int GENERATED ALWAYS AS (id * 2) STORED PRIMARY KEY)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := server.NewDatabase(t)
			conn := connect(t, url)
			exec(t, conn, table+`; INSERT INTO t VALUES (1);
				CREATE PUBLICATION "wire pub" WITH (publish = 'insert, update, delete, truncate', publish_via_partition_root = true);
				COMMENT ON PUBLICATION "wire pub" IS 'tablewire: made by Tablewire, which adds and drops tables'`)
			equal(t, map[string]string{"public.t": ""}, synced(t, open(t, url, "*.*")))
			exec(t, conn, `UPDATE t SET id = 2`)
		})
	}
}

// Names are in UTF-8, whatever the database's encoding.
func TestNamesInAnotherEncoding(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	admin := connect(t, server.NewDatabase(t))
	name := fmt.Sprintf("latin2_%d", admin.PgConn().PID())
	exec(t, admin, `CREATE DATABASE `+name+` ENCODING 'LATIN2' TEMPLATE template0 LOCALE 'C'`)
	u, err := url.Parse(server.URL(name))
	if err != nil {
		t.Fatal(err)
	}
	withEncoding := *u
	q := u.Query()
	q.Set("client_encoding", "UTF8")
	withEncoding.RawQuery = q.Encode()
	exec(t, connect(t, withEncoding.String()), `
		CREATE TYPE mood AS ENUM ('zł', 'b'); CREATE TYPE pair AS ("ć" int);
		CREATE TABLE "tą" (id int PRIMARY KEY, "ś" text, m mood, p pair)`)
	db := open(t, u.String(), "public.*")
	equal(t, map[string]string{"public.tą": ""}, synced(t, db))
	state, err := db.Sync(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	columns, _, err := db.Columns(t.Context(), state.Tables[0].OID)
	if err != nil {
		t.Fatal(err)
	}
	types, err := db.Types(t.Context(), []uint32{columns[2].TypeOID, columns[3].TypeOID})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, typ := range types {
		got = append(got, typ.Labels...)
		for _, f := range typ.Fields {
			got = append(got, f.Name)
		}
	}
	slices.Sort(got)
	equal(t, []string{"b", "zł", "ć"}, got)
	equal(t, "ś", columns[1].Name)
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
	publication, makeSlot, ok := strings.Cut(sql.Setup("wire pub", slot, []wal.TableName{{Schema: "public", Table: "a"}, {Schema: "public", Table: "it's"}}), "\n\n")
	if !ok {
		t.Fatal("want two statements, an empty line between them")
	}
	exec(t, conn, publication)
	exec(t, conn, makeSlot)
	equal(t, []string{"public.a", "public.it's"}, members(t, conn))
}

func TestVisible(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t).NewDatabase(t)
	db, conn := open(t, url, "*"), connect(t, url)
	want := func(xid int64, want bool) {
		t.Helper()
		if got, err := db.Visible(t.Context(), uint32(xid)); err != nil || got != want {
			t.Errorf("transaction %d is visible: %v, %v; want %v", xid, got, err, want)
		}
	}
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var xid int64
	if err := tx.QueryRow(t.Context(), "SELECT pg_current_xact_id()::text::bigint").Scan(&xid); err != nil {
		t.Fatal(err)
	}
	want(xid, false)
	want(xid+100_000, false) // has not begun, or a snapshot does not know of it yet
	want(3, true)
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(xid, true)
}

// refusals returns the whole reasons for which tables are refused.
func refusals(t *testing.T, db *sql.Database) map[string]string {
	t.Helper()
	state, err := db.Sync(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	why := map[string]string{}
	for _, table := range state.Tables {
		why[table.Schema+"."+table.Name] = table.Refused
	}
	return why
}
