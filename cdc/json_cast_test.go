package cdc_test

import (
	"bytes"
	"flag"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/tablewire/tablewire/cdc"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

var postgis = flag.Int("cdc.postgis", 0, "compare geometries with PostGIS itself, on a server of this major version")

// standInForPostGIS makes the type and the table that Tablewire reads, where PostGIS is not
// available: an extension with only its name in the catalog.
const standInForPostGIS = `
	CREATE TYPE gis.geometry;
	CREATE FUNCTION gis.geometry_in(cstring) RETURNS gis.geometry LANGUAGE internal IMMUTABLE STRICT AS 'textin';
	CREATE FUNCTION gis.geometry_out(gis.geometry) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
	CREATE TYPE gis.geometry (INPUT = gis.geometry_in, OUTPUT = gis.geometry_out, INTERNALLENGTH = VARIABLE);
	CREATE FUNCTION gis.json(gis.geometry) RETURNS json LANGUAGE sql AS $$ SELECT CASE $1::text
		WHEN '0101000000000000000000F03F0000000000000040' THEN '{"type":"Point","coordinates":[1,2]}'
		WHEN '0101000020E6100000000000000000F03F0000000000000040' THEN '{"type":"Point","crs":{"type":"name","properties":{"name":"EPSG:4326"}},"coordinates":[1,2]}'
		END::json $$;
	CREATE CAST (gis.geometry AS text) WITH INOUT; CREATE CAST (gis.geometry AS json) WITH FUNCTION gis.json(gis.geometry);
	CREATE TABLE gis.spatial_ref_sys (srid int PRIMARY KEY, auth_name text, auth_srid int);
	INSERT INTO gis.spatial_ref_sys VALUES (4326, 'EPSG', 4326), (1, NULL, 1);
	INSERT INTO pg_extension SELECT 99999, 'postgis', 10, 'gis'::regnamespace, false, '0';
	ALTER EXTENSION postgis ADD TYPE gis.geometry;`

// A geometry becomes what PostGIS casts it to, alone and within other types.
func TestGeometry(t *testing.T) {
	t.Parallel()
	versions, extension := pgtest.Versions(), standInForPostGIS
	if *postgis != 0 {
		versions, extension = []int{*postgis}, `CREATE EXTENSION postgis SCHEMA gis;`
	}
	for _, major := range versions {
		t.Run(fmt.Sprintf("PostgreSQL%d", major), func(t *testing.T) {
			t.Parallel()
			s := setup(t, pgtest.StartVersion(t, major), `CREATE SCHEMA gis;`+extension+`
				CREATE DOMAIN place AS gis.geometry; CREATE TYPE visit AS (at gis.geometry, d place, n int);
				CREATE TABLE t (id int PRIMARY KEY, g gis.geometry, s gis.geometry, d place, gs gis.geometry[], ds place[], v visit, vs visit[])`)
			const plain, named = `'0101000000000000000000F03F0000000000000040'::gis.geometry`, `'0101000020E6100000000000000000F03F0000000000000040'::gis.geometry`
			var oracle string
			if err := s.conn.QueryRow(t.Context(), `INSERT INTO t VALUES (1, `+plain+`, `+named+`, `+named+`, ARRAY[`+plain+`, NULL], ARRAY[`+plain+`::place],
				(`+plain+`, `+named+`, 1), ARRAY[(`+named+`, NULL, 1)::visit]) RETURNING to_jsonb(t)::text`).Scan(&oracle); err != nil {
				t.Fatal(err)
			}
			s.equalsOracle(t, oracle, "g", "s", "d", "gs", "ds", "v", "vs")
		})
	}
}

// equalsOracle compares columns of the next change with what to_jsonb has returned.
func (s *subject) equalsOracle(t *testing.T, oracle string, columns ...string) {
	t.Helper()
	event, err := object([]byte(s.next(t)))
	if err != nil {
		t.Fatal(err)
	}
	data, err := object(event.value("data"))
	if err != nil {
		t.Fatal(err)
	}
	want := parseRow(t, oracle)
	for _, name := range columns {
		if diff := (shape{kind: parsed}).compare(decode(want[name]), decode(data.value(name))); diff != "" {
			t.Errorf("%s is %s, to_jsonb gives %s: %s", name, data.value(name), want[name], diff)
		}
	}
}

// Tablewire does no other casts to json. The log says so once for each column.
func TestCastsToJSON(t *testing.T) {
	t.Parallel()
	for _, major := range pgtest.Versions() {
		t.Run(fmt.Sprintf("PostgreSQL%d", major), func(t *testing.T) {
			t.Parallel()
			var log lockedBuffer
			s := setup(t, pgtest.StartVersion(t, major), `
				CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE span AS RANGE (subtype = float8); CREATE TYPE plain AS ENUM ('x');
				CREATE DOMAIN some_mood AS mood; CREATE TYPE pair AS (m mood, n int); CREATE DOMAIN number AS int;`+baseType("own", "")+`
				CREATE FUNCTION mood_json(mood) RETURNS json LANGUAGE sql AS $$ SELECT '{"a":1}'::json $$;
				CREATE FUNCTION span_json(span) RETURNS json LANGUAGE sql AS $$ SELECT '[1]'::json $$;
				CREATE FUNCTION pair_json(pair) RETURNS json LANGUAGE sql AS $$ SELECT '[2]'::json $$;
				CREATE FUNCTION int_json(int) RETURNS json LANGUAGE sql AS $$ SELECT '[3]'::json $$;
				CREATE FUNCTION own_jsonb(own) RETURNS jsonb LANGUAGE sql AS $$ SELECT '[4]'::jsonb $$;
				CREATE FUNCTION moods_json(mood[]) RETURNS json LANGUAGE sql AS $$ SELECT '[5]'::json $$;
				CREATE CAST (mood AS json) WITH FUNCTION mood_json; CREATE CAST (span AS json) WITH FUNCTION span_json; CREATE CAST (pair AS json) WITH FUNCTION pair_json;
				CREATE CAST (int AS json) WITH FUNCTION int_json; CREATE CAST (own AS jsonb) WITH FUNCTION own_jsonb; CREATE CAST (mood[] AS json) WITH FUNCTION moods_json;
				CREATE CAST (plain AS json) WITH INOUT;
				CREATE TABLE t (id int PRIMARY KEY, m mood, d some_mood, ms mood[], p pair, ps pair[], r span, o own, x plain, n number)`,
				func(c *cdc.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
			var oracle string
			if err := s.conn.QueryRow(t.Context(), `INSERT INTO t VALUES (1, 'ok', 'ok', '{ok}', ('ok', 1), ARRAY[('sad', 1)::pair], '[1,2)', 'z', NULL, 7) RETURNING to_jsonb(t)::text`).Scan(&oracle); err != nil {
				t.Fatal(err)
			}
			// to_jsonb uses the cast of a base type, but not of a composite, an array or a built-in
			// type.
			for _, part := range []string{`"m": {"a": 1}`, `"d": {"a": 1}`, `"ms": [{"a": 1}]`, `"p": {"m": {"a": 1}, "n": 1}`, `"r": [1]`, `"o": "z"`, `"n": 7`, `"id": 1`} {
				if !strings.Contains(oracle, part) {
					t.Errorf("to_jsonb gives %s, not %s", oracle, part)
				}
			}
			s.want(t, `{"event":"create","collection_id":"t","data":{"id":1,"m":"ok","d":"ok","ms":["ok"],"p":{"m":"ok","n":1},"ps":[{"m":"sad","n":1}],"r":"[1,2)","o":"z","x":null,"n":7}}`)
			s.exec(t, `UPDATE t SET o = 'y'`)
			s.next(t)
			s.stop()
			for column, told := range map[string]int{"m": 1, "d": 1, "ms": 1, "p": 1, "ps": 1, "r": 1, "o": 0, "x": 0, "n": 0, "id": 0} {
				if got := strings.Count(log.String(), `table=t column=`+column+` `); got != told {
					t.Errorf("the log has %d lines about %s, want %d:\n%s", got, column, told, log.String())
				}
			}
		})
	}
}

// lockedBuffer is a log that a test may read while the stream writes it.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
