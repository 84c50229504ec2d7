package doctor_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
	"github.com/tablewire/tablewire/protocol"
)

// breakage is one way to break a database.
type breakage struct {
	name string
	// from and before limit the versions: 17 and later, before 17.
	from, before int
	// needs is a setting that only some minor releases have; "" needs none.
	needs    string
	do       func(t *testing.T, s *subject)
	id       string
	severity protocol.Severity
	says     []string // parts of What and Hint
	// mended says that the finding's statements end it, run as a superuser.
	mended bool
	// also is another finding that may block.
	also string
}

const (
	blocks = protocol.SeverityBlocks
	warns  = protocol.SeverityWarns
	notes  = protocol.SeverityNotes
)

// statements breaks a database by statements of its superuser.
func statements(list ...string) func(*testing.T, *subject) {
	return func(t *testing.T, s *subject) { t.Helper(); s.run(t, list...) }
}

const makeSlot = `SELECT pg_create_logical_replication_slot('{slot}', 'pgoutput')`

// publish makes a publication by hand.
func publish(what string) string { return `CREATE PUBLICATION {publication} ` + what }

var breakages = []breakage{
	// The role.
	{name: "role without REPLICATION", id: "role-not-replication", severity: blocks, mended: true, says: []string{"ALTER ROLE"}, do: func(t *testing.T, s *subject) {
		s.run(t, fmt.Sprintf(`GRANT CREATE ON DATABASE {database} TO "%s"`, s.role(t, "")))
	}},
	{name: "RDS: role without rds_replication", id: "role-not-replication", severity: blocks, says: []string{"Amazon RDS", "GRANT rds_replication TO"}, do: func(t *testing.T, s *subject) {
		s.run(t, fmt.Sprintf(`GRANT CREATE ON DATABASE {database} TO "%s"`, s.role(t, "")), `ALTER DATABASE {database} SET rds.logical_replication = 'on'`)
	}},
	{name: "role without any right", id: "role-not-replication", also: "role-lacks-create", severity: blocks, mended: true, do: func(t *testing.T, s *subject) { s.role(t, "") }},
	{name: "role without CREATE", id: "role-lacks-create", severity: blocks, mended: true, do: func(t *testing.T, s *subject) { s.role(t, "REPLICATION") }},
	{name: "tables of another owner", id: "table-not-owned", severity: warns, mended: true, says: []string{`GRANT "owner of `}, do: func(t *testing.T, s *subject) {
		role := s.role(t, "REPLICATION")
		s.run(t, fmt.Sprintf(`GRANT CREATE ON DATABASE {database} TO "%s"`, role), `CREATE ROLE "owner of {database}"`, `ALTER TABLE orders OWNER TO "owner of {database}"`)
	}},
	{name: "tables that can't be read", id: "table-unreadable", severity: notes, mended: true, do: func(t *testing.T, s *subject) {
		role := s.role(t, "REPLICATION")
		s.run(t, `CREATE SCHEMA hidden; CREATE TABLE hidden.t (id int PRIMARY KEY)`, publish(`FOR TABLE hidden.t`), fmt.Sprintf(`REVOKE ALL ON SCHEMA public FROM "%s"`, role))
		s.tables = []string{"hidden.*"}
	}},
	{name: "row level security", id: "table-row-security", severity: warns, says: []string{`"orders"`, `'!orders'`}, do: statements(`ALTER TABLE orders ENABLE ROW LEVEL SECURITY`)},
	{name: "read-only database", id: "read-only", severity: blocks, do: statements(`ALTER DATABASE {database} SET default_transaction_read_only = on`)},

	// The way to the server.
	{name: "pooler that drops replication", id: "pooler-without-replication", severity: blocks, do: func(t *testing.T, s *subject) {
		s.as = pgtest.Pooler{Passes: []string{"application_name"}}.Start(t, s.url)
	}},
	{name: "pooler that refuses replication", id: "pooler-without-replication", severity: blocks, do: func(t *testing.T, s *subject) {
		s.as = pgtest.Pooler{Passes: []string{"application_name"}, Refuses: true}.Start(t, s.url)
	}},
	{name: "pooler that passes replication", id: "pooler-in-between", severity: notes, do: func(t *testing.T, s *subject) {
		s.as = pgtest.Pooler{Passes: []string{"application_name", "replication"}}.Start(t, s.url)
	}},
	{name: "no WAL sender left", id: "no-free-connection", severity: blocks, do: func(t *testing.T, s *subject) {
		for range 20 {
			holdSender(t, s.url)
		}
	}},

	// The slot.
	{name: "no slot left", id: "no-free-slot", severity: blocks, mended: true, do: func(t *testing.T, s *subject) {
		s.run(t, `DO $$ BEGIN WHILE (SELECT count(*) FROM pg_replication_slots) < 20 LOOP
			PERFORM pg_create_physical_replication_slot('full_' || (SELECT count(*) FROM pg_replication_slots)); END LOOP; END $$`)
	}},
	{name: "physical slot", id: "slot-physical", severity: blocks, do: statements(`SELECT pg_create_physical_replication_slot('{slot}')`)},
	{name: "slot of another plugin", id: "slot-plugin", severity: blocks, do: statements(publish(``), `SELECT pg_create_logical_replication_slot('{slot}', 'test_decoding')`)},
	{name: "slot of another database", id: "slot-database", severity: blocks, do: func(t *testing.T, s *subject) {
		other := newSubject(t, s.server)
		other.run(t, `SELECT pg_create_logical_replication_slot('`+s.slot+`', 'pgoutput')`)
		s.run(t, publish(``))
	}},
	{name: "slot with two_phase", id: "slot-two-phase", severity: blocks, do: statements(publish(`FOR TABLE orders`), `SELECT pg_create_logical_replication_slot('{slot}', 'pgoutput', false, true)`)},
	{name: "slot without its publication", id: "slot-without-publication", severity: blocks, mended: true, do: statements(makeSlot)},
	{name: "slot that another program reads", id: "slot-in-use", severity: blocks, says: []string{`"another"`}, do: func(t *testing.T, s *subject) {
		s.run(t, publish(`FOR TABLE orders`), makeSlot)
		stream(t, s, "another")
	}},
	{name: "slot that Tablewire reads", id: "slot-in-use", severity: notes, says: []string{`nothing if that is the server`}, do: func(t *testing.T, s *subject) {
		s.run(t, publish(`FOR TABLE orders`), makeSlot)
		stream(t, s, "tablewire")
	}},
	{name: "slot that nobody reads", id: "slot-inactive", severity: notes, mended: true, do: func(t *testing.T, s *subject) {
		s.run(t, `SELECT pg_create_logical_replication_slot('{slot}_old', 'test_decoding')`)
		s.write(t, 5)
	}},
	{name: "no bound on the log", id: "slot-wal-unbounded", severity: warns, mended: true, do: func(t *testing.T, s *subject) { s.reload(t, "max_slot_wal_keep_size", "-1") }},
	{name: "a low bound on the log", id: "slot-wal-bound-low", severity: warns, mended: true, do: func(t *testing.T, s *subject) { s.reload(t, "max_slot_wal_keep_size", "128MB") }},
	{name: "the bound is near", id: "slot-wal-bound-near", severity: warns, mended: true, do: func(t *testing.T, s *subject) {
		s.run(t, publish(`FOR TABLE orders`), makeSlot)
		s.write(t, 6)
		s.reload(t, "max_slot_wal_keep_size", "160MB")
	}},
	{name: "lost slot", id: "slot-lost", severity: blocks, mended: true, says: []string{"wal_removed"}, do: func(t *testing.T, s *subject) {
		s.run(t, publish(`FOR TABLE orders`), makeSlot)
		s.write(t, 4)
		s.reload(t, "max_slot_wal_keep_size", "16MB")
		s.run(t, `CHECKPOINT`)
		s.reload(t, "max_slot_wal_keep_size", "20GB")
	}},
	{name: "idle timeout of slots", from: 18, id: "slot-idle-timeout", severity: warns, mended: true, says: []string{"is 1h:"}, do: func(t *testing.T, s *subject) {
		s.reload(t, "idle_replication_slot_timeout", "1h")
	}},
	{name: "standby without a failover slot", from: 17, id: "slot-not-failover", severity: warns, mended: true, do: func(t *testing.T, s *subject) {
		s.run(t, publish(`FOR TABLE orders`), `SELECT pg_create_physical_replication_slot('standby_{database}')`)
	}},
	{name: "standby of an older version", before: 17, id: "slot-not-failover", severity: notes, do: statements(`SELECT pg_create_physical_replication_slot('standby_{database}')`)},

	// Transactions.
	{name: "open transaction", id: "slot-creation-waits", severity: warns, mended: true, says: []string{"PostgreSQL waits for the transactions that are open"}, do: func(t *testing.T, s *subject) {
		writer := connect(t, s.url)
		if _, err := writer.Exec(t.Context(), `BEGIN; INSERT INTO orders VALUES (1)`); err != nil {
			t.Fatal(err)
		}
	}},
	{name: "prepared transaction", id: "prepared-transaction", severity: warns, mended: true, says: []string{`it's forgotten`}, do: statements(`BEGIN`, `INSERT INTO orders VALUES (1)`, `PREPARE TRANSACTION 'it''s forgotten'`)},
	{name: "asynchronous commit of a role", id: "writers-asynchronous", severity: notes, mended: true, says: []string{"role \"Role of "}, do: func(t *testing.T, s *subject) {
		as := s.as
		s.run(t, fmt.Sprintf(`ALTER ROLE "%s" SET synchronous_commit = off`, s.role(t, "")))
		s.as = as
	}},
	{name: "asynchronous commit of a database", id: "writers-asynchronous", severity: notes, mended: true, do: statements(`ALTER DATABASE {database} SET synchronous_commit = off`)},
	{name: "asynchronous commit of the server", id: "writers-asynchronous", severity: notes, mended: true, says: []string{"off for the server"}, do: func(t *testing.T, s *subject) { s.reload(t, "synchronous_commit", "off") }},
	{name: "no wal_sender_timeout", id: "wal-sender-timeout", severity: warns, mended: true, do: func(t *testing.T, s *subject) { s.reload(t, "wal_sender_timeout", "0") }},
	{name: "a tiny wal_sender_timeout", id: "wal-sender-timeout", severity: warns, mended: true, says: []string{"is 2s:"}, do: func(t *testing.T, s *subject) { s.reload(t, "wal_sender_timeout", "2s") }},

	{name: "plugin that is not allowed", id: "output-plugin", severity: blocks, mended: true, says: []string{"test_decoding"}, needs: "output_plugin_libraries", do: func(t *testing.T, s *subject) {
		s.reload(t, "output_plugin_libraries", "test_decoding")
	}},

	// The publication.
	{name: "publication of ours that was altered", id: "publication-altered", severity: blocks, mended: true, do: statements(
		publish(`FOR TABLE orders WITH (publish = 'insert', publish_via_partition_root = true)`), `COMMENT ON PUBLICATION {publication} IS 'tablewire: slot "{slot}"'`)},
	{name: "publication of another server", id: "publication-shared", severity: warns, says: []string{`the slot "other_`}, do: statements(
		publish(`FOR TABLE orders WITH (publish_via_partition_root = true)`), `COMMENT ON PUBLICATION {publication} IS 'tablewire: slot "other_{database}"'`,
		`SELECT pg_create_logical_replication_slot('other_{database}', 'pgoutput')`)},
	{name: "publication that leaves operations out", id: "publication-lacks-operation", severity: warns, mended: true, says: []string{"delete, truncate"}, do: statements(publish(`FOR TABLE orders WITH (publish = 'insert, update')`))},
	{name: "publication with a row filter", from: 15, id: "publication-filtered", severity: warns, mended: true, do: statements(publish(`FOR TABLE orders WHERE (id > 5)`))},
	{name: "publication with a list of columns", from: 15, id: "publication-filtered", severity: warns, mended: true, do: statements(`ALTER TABLE orders REPLICA IDENTITY DEFAULT`, publish(`FOR TABLE orders (id)`))},
	{name: "publication without generated columns", from: 18, id: "publication-filtered", severity: warns, mended: true, do: statements(
		`ALTER TABLE orders REPLICA IDENTITY DEFAULT, ADD g int GENERATED ALWAYS AS (id) STORED`, publish(`FOR TABLE orders`))},
	{name: "table that is not published", id: "table-not-published", severity: warns, mended: true, do: statements(`CREATE TABLE "Other" (id int PRIMARY KEY)`, publish(`FOR TABLE orders`))},
	{name: "partitions that are published as such", id: "publication-partitions", severity: warns, mended: true, do: statements(
		`CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE parts1 PARTITION OF parts FOR VALUES FROM (0) TO (10)`, publish(`FOR TABLE orders, parts`))},
	{name: "published table without a key", id: "publication-breaks-updates", severity: blocks, mended: true, do: statements(`CREATE TABLE keyless (v text)`, publish(`FOR TABLE orders, keyless`))},
	{name: "list of columns without the key", from: 15, id: "publication-breaks-updates", severity: blocks, mended: true, do: statements(`ALTER TABLE orders REPLICA IDENTITY DEFAULT`, publish(`FOR TABLE orders (v)`))},
	{name: "row filter outside of the key", from: 15, id: "publication-breaks-updates", severity: blocks, mended: true, do: statements(`ALTER TABLE orders REPLICA IDENTITY DEFAULT`, publish(`FOR TABLE orders WHERE (v = 'x')`))},

	// The tables.
	{name: "no table", id: "table-unmatched", severity: warns, says: []string{`"shop.*"`}, do: func(_ *testing.T, s *subject) { s.tables = []string{"shop.*"} }},
	{name: "table without a key", id: "table-without-identity", severity: warns, mended: true, do: statements(`CREATE TABLE keyless (v text)`)},
	{name: "two tables without a key", id: "table-without-identity", severity: warns, mended: true, says: []string{`2 tables: "Also", "keyless"`}, do: statements(`CREATE TABLE keyless (v text); CREATE TABLE "Also" (v text)`)},
	{name: "identity NOTHING", id: "table-without-identity", severity: warns, mended: true, do: statements(`ALTER TABLE orders REPLICA IDENTITY NOTHING`)},
	{name: "key that is deferrable", id: "table-without-identity", severity: warns, mended: true, do: statements(`CREATE TABLE late (id int PRIMARY KEY DEFERRABLE)`)},
	{name: "index of the identity was dropped", id: "table-without-identity", severity: warns, mended: true, do: statements(
		`CREATE TABLE indexed (id int NOT NULL); CREATE UNIQUE INDEX ON indexed (id); ALTER TABLE indexed REPLICA IDENTITY USING INDEX indexed_id_idx; DROP INDEX indexed_id_idx`)},
	{name: "generated key", before: 18, id: "table-without-identity", severity: warns, mended: true, do: statements(`CREATE TABLE g (id int, k int GENERATED ALWAYS AS (id) STORED PRIMARY KEY)`)},
	{name: "virtual column", from: 18, id: "table-without-identity", severity: warns, mended: true, do: statements(
		`CREATE TABLE virtual (id int PRIMARY KEY, k int GENERATED ALWAYS AS (id) VIRTUAL); ALTER TABLE virtual REPLICA IDENTITY FULL`)},
	{name: "partition without the key", id: "table-without-identity", severity: warns, mended: true, says: []string{"partition public.part1"}, do: statements(
		`CREATE TABLE part (id int) PARTITION BY RANGE (id); CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (0) TO (10)`)},
	{name: "unlogged table", id: "table-unlogged", severity: warns, mended: true, do: statements(`CREATE UNLOGGED TABLE fast (id int PRIMARY KEY)`)},
	{name: "parent of others", id: "table-inherited", severity: warns, do: statements(`CREATE TABLE child () INHERITS (orders); ALTER TABLE child ADD PRIMARY KEY (id), REPLICA IDENTITY FULL`)},
	{name: "hypertable", id: "table-hypertable", severity: warns, do: statements(`CREATE SCHEMA _timescaledb_internal; CREATE TABLE _timescaledb_internal.chunk () INHERITS (orders)`)},
	{name: "partition with another identity", id: "partition-identity", severity: warns, mended: true, do: statements(
		`CREATE TABLE part (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (0) TO (10); ALTER TABLE part REPLICA IDENTITY FULL`)},
	{name: "identity that is not FULL", id: "table-old-values", severity: notes, mended: true, do: statements(`ALTER TABLE orders REPLICA IDENTITY DEFAULT`)},
	{name: "long values", id: "table-long-values", severity: notes, mended: true, do: statements(
		`ALTER TABLE orders REPLICA IDENTITY DEFAULT; ALTER TABLE orders ALTER v SET STORAGE EXTERNAL; INSERT INTO orders VALUES (1, repeat('x', 20000))`, `VACUUM orders`)},
	{name: "locked table", id: "table-locked", severity: warns, mended: true, says: []string{"by the processes"}, do: func(t *testing.T, s *subject) {
		s.quick = true // the lock's transaction may have an id, which the slot would wait for
		locker := connect(t, s.url)
		if _, err := locker.Exec(t.Context(), `BEGIN; LOCK TABLE orders`); err != nil {
			t.Fatal(err)
		}
	}},
	{name: "hosted", id: "hosted-database", severity: notes, says: []string{"Neon"}, do: statements(`ALTER DATABASE {database} SET neon.timeline_id = 'abc'`)},
}

// has reports whether the server has a setting.
func (s *subject) has(t *testing.T, setting string) (yes bool) {
	t.Helper()
	if err := s.conn.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_settings WHERE name = $1)`, setting).Scan(&yes); err != nil {
		t.Fatal(err)
	}
	return yes
}

// write makes the server's log so many segments of 16 MiB longer.
func (s *subject) write(t *testing.T, segments int) {
	t.Helper()
	for range segments {
		s.run(t, `SELECT pg_logical_emit_message(false, 'x', 'x')`, `SELECT pg_switch_wal()`)
	}
}

// replicate opens a replication connection until the test ends.
func replicate(t *testing.T, databaseURL, mode, application string) *pgconn.PgConn {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("replication", mode)
	q.Set("application_name", application)
	u.RawQuery = q.Encode()
	conn, err := pgconn.Connect(t.Context(), u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Conn().Close() })
	return conn
}

// holdSender takes a WAL sender of the server until the test ends, if there is one left.
func holdSender(t *testing.T, databaseURL string) {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	u.RawQuery = "sslmode=disable&replication=true"
	conn, err := pgconn.Connect(t.Context(), u.String())
	if err != nil {
		return
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
}

// stream reads the slot until the test ends.
func stream(t *testing.T, s *subject, application string) {
	t.Helper()
	conn := replicate(t, s.url, "database", application)
	conn.Exec(t.Context(), fmt.Sprintf(`START_REPLICATION SLOT "%s" LOGICAL 0/0 (proto_version '1', publication_names '%s')`, s.slot, s.publication))
	for range 200 {
		var active bool
		if err := s.conn.QueryRow(t.Context(), `SELECT active FROM pg_replication_slots WHERE slot_name = $1`, s.slot).Scan(&active); err != nil {
			t.Fatal(err)
		}
		if active {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("nothing reads the slot")
}

// TestBreakages breaks a database in each way. The examination finds that and nothing else
// that blocks, and the statements of the finding mend it.
func TestBreakages(t *testing.T) {
	t.Parallel()
	for _, major := range pgtest.Versions() {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			server := pgtest.SeparateVersion(t, major, map[string]string{"min_wal_size": "32MB", "max_wal_size": "64MB"})
			subject := newSubject(t, server).reset(t)
			if healthy := subject.examine(t); len(healthy.Findings) > 0 {
				t.Fatalf("a healthy database: %s", describe(healthy))
			}
			for _, b := range breakages {
				if b.from > major || b.before != 0 && b.before <= major || b.needs != "" && !subject.has(t, b.needs) {
					continue
				}
				t.Run(b.name, func(t *testing.T) { b.test(t, subject.reset(t)) })
			}
		})
	}
}

// reset takes back what a case did to the database and the server. It is much faster than
// another database. It returns a subject for the next case.
func (s *subject) reset(t *testing.T) *subject {
	t.Helper()
	s.run(t,
		`SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots WHERE active`,
		`SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots`,
		`DO $$ DECLARE p name; BEGIN FOR p IN SELECT pubname FROM pg_publication LOOP EXECUTE format('DROP PUBLICATION %I', p); END LOOP; END $$`,
		`DROP SCHEMA IF EXISTS public, hidden, _timescaledb_internal CASCADE`, `CREATE SCHEMA public`, `GRANT USAGE ON SCHEMA public TO PUBLIC`,
		`DROP ROLE IF EXISTS "owner of {database}"`,
		`ALTER DATABASE {database} RESET ALL`, `ALTER SYSTEM RESET ALL`, healthyTable)
	s.reload(t, "max_slot_wal_keep_size", "20GB")
	s.await(t, "wal_sender_timeout", "1min")
	fresh := *s
	return &fresh
}

func (b *breakage) test(t *testing.T, s *subject) {
	t.Helper()
	b.do(t, s)
	report := s.examine(t)
	found := find(report, b.id)
	if found == nil || found.Severity != b.severity {
		t.Fatalf("want %s %s: %s", b.severity, b.id, describe(report))
	}
	for _, says := range b.says {
		if text := found.Problem.Error() + found.Problem.Hint + strings.Join(found.Problem.SQL, ";"); !strings.Contains(text, says) {
			t.Errorf("the finding lacks %q: %s", says, text)
		}
	}
	for _, f := range report.Findings {
		if f.Problem.ID == "probe-failed" || f.Severity == blocks && f.Problem.ID != b.id && f.Problem.ID != b.also {
			t.Errorf("another finding: %s", describe(report))
		}
	}
	if t.Failed() {
		return
	}
	t.Log(describe(report))
	if b.mended {
		if len(found.Problem.SQL) == 0 {
			t.Fatalf("the finding has no statement: %s", describe(report))
		}
		s.run(t, found.Problem.SQL...)
		after := s.examine(t)
		for range 50 { // settings and terminated processes take a moment
			if find(after, b.id) == nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
			after = s.examine(t)
		}
		t.Errorf("its statements did not mend it: %s", describe(after))
	}
}
