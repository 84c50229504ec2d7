package cdc_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tablewire/tablewire/cdc"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// An event has those old values that the partition has logged. PostgreSQL sends them as if
// the table's own replica identity held.
func TestPartitionsIdentities(t *testing.T) {
	t.Parallel()
	for _, major := range pgtest.Versions() {
		t.Run(fmt.Sprintf("PostgreSQL %d", major), func(t *testing.T) {
			t.Parallel()
			server := pgtest.StartVersion(t, major)
			testPartitionsIdentities(t, server)
		})
	}
}

// orders is a partitioned table and its partitions, with the replica identities given. One
// partition has its columns in another order.
func orders(root, may, june string) string {
	return fmt.Sprintf(`
		CREATE TABLE orders (id int, ts date, v text, w text, PRIMARY KEY (id, ts)) PARTITION BY RANGE (ts);
		CREATE TABLE may PARTITION OF orders FOR VALUES FROM ('2024-05-01') TO ('2024-06-01');
		CREATE TABLE june (w text, v text, ts date NOT NULL, id int NOT NULL);
		ALTER TABLE orders ATTACH PARTITION june FOR VALUES FROM ('2024-06-01') TO ('2024-07-01');
		ALTER TABLE orders REPLICA IDENTITY %s; ALTER TABLE may REPLICA IDENTITY %s; ALTER TABLE june REPLICA IDENTITY %s`, root, may, june)
}

func testPartitionsIdentities(t *testing.T, server *pgtest.Server) {
	seldom := func(c *cdc.Config) { c.RefreshInterval = time.Hour }
	insert := func(id, month int, v, w string) string {
		return fmt.Sprintf(`INSERT INTO orders VALUES (%d, '2024-%02d-02', %s, %s);`, id, month, v, w)
	}
	created := func(id, month int, v, w string) string {
		return fmt.Sprintf(`{"event":"create","collection_id":"orders","data":{"id":%d,"ts":"2024-%02d-02","v":%s,"w":%s}}`, id, month, v, w)
	}
	deleted := func(id, month int, old string) string {
		if old != "" {
			old = fmt.Sprintf(`,"old_data":{"id":%d,"ts":"2024-%02d-02",%s}`, id, month, old)
		}
		return fmt.Sprintf(`{"event":"delete","collection_id":"orders","data":{"id":%d,"ts":"2024-%02d-02"}%s}`, id, month, old)
	}

	t.Run("the root becomes FULL and its partitions don't", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, orders("DEFAULT", "DEFAULT", "DEFAULT"), seldom)
		s.exec(t, insert(1, 5, `'x'`, `'y'`)+insert(2, 6, `'x'`, `NULL`))
		s.exec(t, `ALTER TABLE orders REPLICA IDENTITY FULL`)
		s.exec(t, `UPDATE orders SET v = 'z' WHERE id = 1; UPDATE orders SET id = id + 10; DELETE FROM orders`)
		s.want(t,
			created(1, 5, `"x"`, `"y"`), created(2, 6, `"x"`, `null`),
			`{"event":"update","collection_id":"orders","data":{"id":1,"ts":"2024-05-02","v":"z","w":"y"}}`,
			`{"event":"update","collection_id":"orders","data":{"id":11,"ts":"2024-05-02","v":"z","w":"y"},"old_data":{"id":1}}`,
			`{"event":"update","collection_id":"orders","data":{"id":12,"ts":"2024-06-02","v":"x","w":null},"old_data":{"id":2}}`,
			deleted(11, 5, ""), deleted(12, 6, ""))
	})

	t.Run("the partitions are FULL and the root is not", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, orders("DEFAULT", "FULL", "FULL"), seldom)
		s.exec(t, insert(1, 5, `'x'`, `NULL`)+insert(2, 6, `'x'`, `NULL`)+`UPDATE orders SET v = 'z'; DELETE FROM orders`)
		s.want(t,
			created(1, 5, `"x"`, `null`), created(2, 6, `"x"`, `null`),
			`{"event":"update","collection_id":"orders","data":{"id":1,"ts":"2024-05-02","v":"z","w":null},"old_data":{"v":"x"}}`,
			`{"event":"update","collection_id":"orders","data":{"id":2,"ts":"2024-06-02","v":"z","w":null},"old_data":{"v":"x"}}`,
			deleted(1, 5, `"v":"z","w":null`), deleted(2, 6, `"v":"z","w":null`))
	})

	for _, root := range []string{"DEFAULT", "FULL", "NOTHING"} {
		t.Run("one partition is FULL and one is not, the root "+root, func(t *testing.T) {
			t.Parallel()
			s := setup(t, server, orders(root, "FULL", "DEFAULT"), seldom)
			s.exec(t, insert(1, 5, `'x'`, `NULL`)+insert(2, 6, `'x'`, `'y'`)+insert(3, 5, `NULL`, `NULL`))
			s.want(t, created(1, 5, `"x"`, `null`), created(2, 6, `"x"`, `"y"`), created(3, 5, `null`, `null`))
			s.exec(t, `UPDATE orders SET v = 'z' WHERE id < 3; DELETE FROM orders`)
			s.want(t,
				`{"event":"update","collection_id":"orders","data":{"id":1,"ts":"2024-05-02","v":"z","w":null},"old_data":{"v":"x"}}`,
				`{"event":"update","collection_id":"orders","data":{"id":2,"ts":"2024-06-02","v":"z","w":"y"}}`,
				// This row has no value that the other partition would not log: it could be of
				// either. The next row shows that its partition is FULL.
				deleted(3, 5, ""),
				deleted(1, 5, `"v":"z","w":null`),
				deleted(2, 6, ""))
		})
	}

	t.Run("a partition becomes FULL, and ceases to be", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, orders("FULL", "FULL", "DEFAULT"), seldom)
		s.exec(t, insert(1, 6, `NULL`, `'y'`)+insert(2, 6, `NULL`, `'y'`)+insert(3, 6, `NULL`, `'y'`)+`DELETE FROM orders WHERE id = 1`)
		s.exec(t, `ALTER TABLE june REPLICA IDENTITY FULL; DELETE FROM orders WHERE id = 2`)
		s.exec(t, `ALTER TABLE june REPLICA IDENTITY DEFAULT; DELETE FROM orders WHERE id = 3`)
		s.want(t, created(1, 6, `null`, `"y"`), created(2, 6, `null`, `"y"`), created(3, 6, `null`, `"y"`),
			deleted(1, 6, ""), deleted(2, 6, `"v":null,"w":"y"`), deleted(3, 6, ""))
	})

	t.Run("what was changed before is read late", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, orders("FULL", "FULL", "DEFAULT"), seldom)
		s.exec(t, insert(1, 6, `'x'`, `'y'`))
		s.want(t, created(1, 6, `"x"`, `"y"`))
		s.stop()
		s.exec(t, insert(2, 5, `'x'`, `'y'`)+`DELETE FROM orders`)
		s.exec(t, `ALTER TABLE june REPLICA IDENTITY FULL`)
		s.exec(t, insert(3, 6, `'x'`, `NULL`)+`DELETE FROM orders`)
		s.start(t, seldom)
		s.want(t, created(2, 5, `"x"`, `"y"`),
			deleted(2, 5, `"v":"x","w":"y"`), deleted(1, 6, ""),
			created(3, 6, `"x"`, `null`), deleted(3, 6, `"v":"x","w":null`))
	})

	t.Run("a new partition", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, orders("FULL", "FULL", "FULL"), func(c *cdc.Config) { c.RefreshInterval = 50 * time.Millisecond })
		s.exec(t, insert(1, 5, `'x'`, `NULL`)+`CREATE TABLE july PARTITION OF orders FOR VALUES FROM ('2024-07-01') TO ('2024-08-01')`)
		s.exec(t, insert(2, 7, `'x'`, `NULL`)+`DELETE FROM orders`)
		s.want(t, created(1, 5, `"x"`, `null`), created(2, 7, `"x"`, `null`), deleted(1, 5, `"v":"x","w":null`), deleted(2, 7, ""))
		s.exec(t, `ALTER TABLE july REPLICA IDENTITY FULL;`+insert(3, 7, `'x'`, `NULL`)+`DELETE FROM orders`)
		s.want(t, created(3, 7, `"x"`, `null`), deleted(3, 7, `"v":"x","w":null`))
		if len(s.dropped) > 0 || len(s.broken) > 0 || len(s.unseen) > 0 {
			t.Errorf("clients were sent away: %d, %d, %d times", len(s.dropped), len(s.broken), len(s.unseen))
		}
	})

	t.Run("a key that is stored apart", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, `
			CREATE TABLE orders (id text, n int, body text, PRIMARY KEY (id, n)) PARTITION BY LIST (n);
			CREATE TABLE one PARTITION OF orders FOR VALUES IN (1);
			ALTER TABLE one ALTER body SET STORAGE EXTERNAL;
			ALTER TABLE orders REPLICA IDENTITY FULL`, seldom)
		body := strings.Repeat("b", 9000)
		s.exec(t, `INSERT INTO orders VALUES ('k', 1, $1)`, body)
		s.exec(t, `UPDATE orders SET id = 'l'`)
		s.want(t, `{"event":"create","collection_id":"orders","data":{"id":"k","n":1,"body":"`+body+`"}}`,
			`{"event":"update","collection_id":"orders","data":{"id":"l","n":1},"old_data":{"id":"k"},"unchanged":["body"]}`)
	})

	t.Run("partitions of partitions", func(t *testing.T) {
		t.Parallel()
		s := setup(t, server, orders("FULL", "FULL", "FULL")+`;
			CREATE TABLE july PARTITION OF orders FOR VALUES FROM ('2024-07-01') TO ('2024-08-01') PARTITION BY LIST (id);
			CREATE TABLE july_1 PARTITION OF july FOR VALUES IN (1); CREATE TABLE july_2 PARTITION OF july FOR VALUES IN (2);
			ALTER TABLE july_2 REPLICA IDENTITY FULL`, seldom)
		s.exec(t, insert(1, 7, `'x'`, `'y'`)+insert(2, 7, `'x'`, `'y'`)+`TRUNCATE orders;`+insert(1, 7, `'x'`, `'y'`)+insert(2, 7, `'x'`, `'y'`)+`DELETE FROM orders`)
		s.want(t, created(1, 7, `"x"`, `"y"`), created(2, 7, `"x"`, `"y"`), `{"event":"truncate","collection_id":"orders"}`,
			created(1, 7, `"x"`, `"y"`), created(2, 7, `"x"`, `"y"`), deleted(1, 7, ""), deleted(2, 7, `"v":"x","w":"y"`))
	})
}
