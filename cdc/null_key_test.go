package cdc_test

import (
	"fmt"
	"testing"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// A NULL in a row's identity is a value like any other.
func TestNullInTheIdentity(t *testing.T) {
	t.Parallel()
	for _, major := range pgtest.Versions() {
		t.Run(fmt.Sprintf("PostgreSQL%d", major), func(t *testing.T) {
			t.Parallel()
			// PostgreSQL 18 accepts an index for the identity although its NOT NULL was never
			// checked, see below. The other versions lack such constraints or refuse the index:
			// there the test alters the catalog itself.
			nullable := `INSERT INTO k VALUES (NULL, 1, 'x'); INSERT INTO i VALUES (NULL, 1, 'x')`
			const forget = `UPDATE pg_attribute SET attnotnull = false WHERE attname = 'a' AND attrelid IN ('k'::regclass, 'i'::regclass);`
			s := setup(t, pgtest.StartVersion(t, major), `
				CREATE TABLE k (a int, b int, v text, PRIMARY KEY (a, b));
				CREATE TABLE i (a int NOT NULL, b int NOT NULL, v text); CREATE UNIQUE INDEX i_key ON i (b, a); ALTER TABLE i REPLICA IDENTITY USING INDEX i_key;
				CREATE TABLE f (a int, b int, v text); ALTER TABLE f REPLICA IDENTITY FULL;`+forget)
			s.exec(t, nullable+`; INSERT INTO f VALUES (NULL, 1, 'x')`)
			for _, table := range []string{"k", "i", "f"} {
				s.want(t, fmt.Sprintf(`{"event":"create","collection_id":%q,"data":{"a":null,"b":1,"v":"x"}}`, table))
			}
			for _, table := range []string{"k", "i"} {
				s.exec(t, fmt.Sprintf(`UPDATE %[1]s SET a = 2; UPDATE %[1]s SET a = NULL; UPDATE %[1]s SET v = 'y'; DELETE FROM %[1]s`, table))
				s.want(t,
					fmt.Sprintf(`{"event":"update","collection_id":%q,"data":{"a":2,"b":1,"v":"x"},"old_data":{"a":null}}`, table),
					fmt.Sprintf(`{"event":"update","collection_id":%q,"data":{"a":null,"b":1,"v":"x"},"old_data":{"a":2}}`, table),
					fmt.Sprintf(`{"event":"update","collection_id":%q,"data":{"a":null,"b":1,"v":"y"}}`, table),
					fmt.Sprintf(`{"event":"delete","collection_id":%q,"data":{"a":null,"b":1}}`, table))
			}
			s.exec(t, `UPDATE f SET a = 2; DELETE FROM f`)
			s.want(t,
				`{"event":"update","collection_id":"f","data":{"a":2,"b":1,"v":"x"},"old_data":{"a":null}}`,
				`{"event":"delete","collection_id":"f","data":{"a":2,"b":1,"v":"x"},"old_data":{"a":2,"b":1,"v":"x"}}`)
		})
	}
	t.Run("a constraint that was never checked", func(t *testing.T) {
		t.Parallel()
		s := setup(t, pgtest.StartVersion(t, 18), `
			CREATE TABLE t (a int, v text); INSERT INTO t VALUES (NULL, 'x');
			ALTER TABLE t ADD CONSTRAINT later NOT NULL a NOT VALID;
			CREATE UNIQUE INDEX t_a ON t (a); ALTER TABLE t REPLICA IDENTITY USING INDEX t_a`)
		s.exec(t, `UPDATE t SET a = 2; UPDATE t SET a = 3`)
		s.want(t,
			`{"event":"update","collection_id":"t","data":{"a":2,"v":"x"},"old_data":{"a":null}}`,
			`{"event":"update","collection_id":"t","data":{"a":3,"v":"x"},"old_data":{"a":2}}`)
	})
}
