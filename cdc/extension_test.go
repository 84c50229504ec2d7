package cdc_test

import (
	"fmt"
	"testing"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// baseType is the statements for a base type that prints like text and has none of its
// operators.
func baseType(name, options string) string {
	return fmt.Sprintf(`
		CREATE TYPE %[1]s;
		CREATE FUNCTION %[1]s_in(cstring) RETURNS %[1]s LANGUAGE internal IMMUTABLE STRICT AS 'textin';
		CREATE FUNCTION %[1]s_out(%[1]s) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
		CREATE TYPE %[1]s (INPUT = %[1]s_in, OUTPUT = %[1]s_out, INTERNALLENGTH = VARIABLE, STORAGE = extended%[2]s);`, name, options)
}

// An extension's type is recognised in any schema and under any name.
func TestExtensionTypes(t *testing.T) {
	t.Parallel()
	for _, major := range pgtest.Versions() {
		t.Run(fmt.Sprintf("PostgreSQL%d", major), func(t *testing.T) {
			t.Parallel()
			s := setup(t, pgtest.StartVersion(t, major), `
				SET client_min_messages = warning;
				CREATE SCHEMA ext; CREATE EXTENSION hstore SCHEMA ext; CREATE SCHEMA own;`+baseType("own.hstore", "")+`
				CREATE DOMAIN attributes AS ext.hstore NOT NULL;
				CREATE DOMAIN strict_attributes AS attributes CHECK (VALUE OPERATOR(ext.?) 'a');
				CREATE DOMAIN several AS attributes[];
				CREATE TYPE item AS (name text, attributes attributes);
				CREATE DOMAIN some_item AS item;
				CREATE TABLE t (id int PRIMARY KEY, plain ext.hstore, d attributes, dd strict_attributes, ds attributes[],
					several several, i item, "is" item[], di some_item, own own.hstore)`)
			s.exec(t, `SET search_path = public, ext`)
			var oracle string
			if err := s.conn.QueryRow(t.Context(), `
				INSERT INTO t VALUES (1, 'a=>1', 'a=>2, b=>NULL', 'a=>3', '{"a=>4",""}', '{"a=>5"}', ('x', 'a=>6'), ARRAY[('y', 'a=>7')::item], ('z', 'a=>8'), 'a=>9')
				RETURNING to_jsonb(t)::text`).Scan(&oracle); err != nil {
				t.Fatal(err)
			}
			event, err := object([]byte(s.next(t)))
			if err != nil {
				t.Fatal(err)
			}
			data, err := object(event.value("data"))
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range parseRow(t, oracle) {
				if diff := (shape{kind: parsed}).compare(decode(value), decode(data.value(name))); diff != "" {
					t.Errorf("%s is %s, to_jsonb gives %s: %s", name, data.value(name), value, diff)
				}
			}
		})
	}
}
