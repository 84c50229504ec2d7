package pgtext

import (
	"testing"

	"github.com/tablewire/tablewire/protocol/wal"
)

// userTypes makes the types of encoder_test.go.
const userTypes = `
	CREATE TYPE mood AS ENUM ('sad', 'so "so"', 'a,b');
	CREATE DOMAIN ints AS integer[];
	CREATE DOMAIN price AS numeric(10,2);
	CREATE DOMAIN moment AS timestamptz;
	CREATE TYPE item AS (x integer, "y ""q""" text, t timestamptz, a integer[], f double precision);
	CREATE TYPE carton AS (p item, ps item[], n numeric, b boolean);
	CREATE TYPE empty AS ();`

// builtinCases are literals of built-in types, by the type's name in SQL.
var builtinCases = []struct {
	typ      string
	literals []string
}{
	{"boolean", []string{"t", "f"}},
	{"smallint", []string{"0", "-32768", "32767"}},
	{"integer", []string{"0", "-2147483648", "2147483647"}},
	{"bigint", []string{"0", "-9223372036854775808", "9223372036854775807"}},
	{"real", []string{"0", "-0", "1.5", "1e20", "3.4028235e38", "1e-45", "1.17549435e-38", "123456789", "0.0001", "0.00001", "-1.5e-7", "NaN", "Infinity", "-Infinity"}},
	{"double precision", []string{
		"0", "-0", "1.5", "1e20", "1e15", "1e14", "123456789012345", "1234567890123456", "1.7976931348623157e308", "5e-324",
		"2.2250738585072014e-308", "0.1", "0.0001", "0.00001", "-1.25e-7", "1e21", "1.2345678901234567e19", "NaN", "Infinity", "-Infinity",
	}},
	{"numeric", []string{"0", "-0", "0.00", "1.500", "-1e40", "1e-40", "12345678901234567890.12345678901234567890", "NaN", "Infinity", "-Infinity"}},
	{"numeric(10,2)", []string{"1", "1.005", "-99999999.99"}},
	{"text", []string{"", "a", `a"b\c`, "\x01\b\f\n\r\t\x1f\x7f", "é\u2028\u2029\U0001f600", "</script>&", "NULL", "null", " "}},
	{"varchar(3)", []string{"abc", "é"}},
	{"character(5)", []string{"ab", "", "abcde"}},
	{"bpchar", []string{"ab  "}},
	{"name", []string{"ab", `"`}},
	{`"char"`, []string{"a", "", `\351`, `"`}},
	{"date", []string{"2024-05-06", "0044-03-15 BC", "infinity", "-infinity", "12024-05-06", "5874897-12-31", "4713-01-01 BC", "0001-01-01"}},
	{"time", []string{"00:00", "24:00", "07:08:09.123456"}},
	{"time(2)", []string{"07:08:09.126"}},
	{"timetz", []string{"24:00+03:30", "07:08:09.5-08", "01:02:03+15:59:59"}},
	{"timestamp", []string{"2024-05-06 07:08:09.123456", "2024-05-06", "2024-05-06 24:00", "0044-03-15 01:02:03.5 BC", "12024-05-06 07:08", "294276-12-31 23:59:59.999999", "4713-01-01 BC", "infinity", "-infinity", "0001-01-01"}},
	{"timestamp(3)", []string{"2024-05-06 07:08:09.123456"}},
	{"timestamptz", []string{"2024-05-06 07:08:09.123456+02", "2024-05-06", "0044-03-15 01:02:03.5+00 BC", "12024-05-06 07:08+00", "294276-12-31 23:59:59.999999+00", "4713-01-01+00 BC", "infinity", "-infinity", "0001-01-01 00:00:00+01"}},
	{"interval", []string{"0", "1 mon -3 days 04:05:06.7", "-1 year", "178000000 years", "-00:00:00.000001", "1 day -00:00:01"}},
	{"interval day to second(2)", []string{"1 day 00:00:01.239"}},
	{"uuid", []string{"3F2504E0-4F89-11D3-9A0C-0305E82C3301"}},
	{"bytea", []string{`\x`, `\x00ff5c22`}},
	{"json", []string{`{"a":   1, "b": [1e5, 1.50, "é\u00e9\n"], "a": null}`, ` "x" `, "null", "\n[ ]\t", "-0.0e-3"}},
	{"jsonb", []string{`{"bb": 1, "a": [1e5, 1.50, "é\u00e9\n", {}], "c": null}`, `"x"`, "null", "[]", "1e-10", "12345678901234567890.5"}},
	{"oid", []string{"0", "4294967295"}},
	{"xid", []string{"5"}},
	{"xid8", []string{"18446744073709551615"}},
	{"cid", []string{"5"}},
	{"tid", []string{"(1,2)"}},
	{"pg_lsn", []string{"16/B374D848"}},
	{"money", []string{"5", "-1234567.891"}},
	{"inet", []string{"10.0.0.1", "10.0.0.1/8", "::1"}},
	{"cidr", []string{"10.0.0.0/8"}},
	{"macaddr", []string{"08:00:2b:01:02:03"}},
	{"macaddr8", []string{"08:00:2b:01:02:03:04:05"}},
	{"bit(3)", []string{"101"}},
	{"bit varying", []string{"", "1011"}},
	{"point", []string{"(1,2.5)", "(1e20,NaN)"}},
	{"line", []string{"{1,2,3}"}},
	{"lseg", []string{"[(1,2),(3,4)]"}},
	{"box", []string{"(1,2),(3,4)"}},
	{"path", []string{"((1,2),(3,4))", "[(1,2),(3,4)]"}},
	{"polygon", []string{"((1,2),(3,4))"}},
	{"circle", []string{"<(1,2),3>"}},
	{"tsvector", []string{`a:1A 'b c':2`, ``}},
	{"tsquery", []string{`a & !b:*`}},
	{"regclass", []string{"pg_class", "0"}},
	{"regtype", []string{"integer"}},
	{"regproc", []string{"now"}},
	{"jsonpath", []string{`$.a[*] ? (@ > "x")`}},
	{"pg_snapshot", []string{"10:20:10,14"}},
	{"refcursor", []string{"c"}},
	{"int4range", []string{"[1,5]", "empty", "(,)"}},
	{"numrange", []string{"[1.50,2)"}},
	{"tsrange", []string{"[2024-05-06,)"}},
	{"tstzrange", []string{"[2024-05-06,2024-05-07)"}},
	{"daterange", []string{"[2024-05-06,infinity]"}},
	{"int2vector", []string{"", "1", "1 -2 3"}},
	{"oidvector", []string{"", "1 4294967295"}},
	{"int2vector[]", []string{`{"1 2",3,NULL,""}`}},
	{"integer[]", []string{"{}", "{1,NULL,3}", "[2:4]={1,2,3}", "[2:3][-1:0]={{1,2},{3,NULL}}", "{{{{{{1}}}}}}"}},
	{"bigint[]", []string{"{9223372036854775807}"}},
	{"boolean[]", []string{"{t,f,NULL}"}},
	{"real[]", []string{"{1e20,-0,NaN}"}},
	{"double precision[]", []string{"{1e20,-0,NaN,1e-7,-Infinity}"}},
	{"numeric(10,2)[]", []string{"{1,2.5}"}},
	{"text[]", []string{`{"a\"b","c\\d","NULL",null,"","x y","{}",",",é," "}`, `{{a,b},{c,"d e"}}`}},
	{"varchar(4)[]", []string{"{ab}"}},
	{"character(3)[]", []string{"{a}"}},
	{`"char"[]`, []string{`{a,"\"",""}`}},
	{"bytea[]", []string{`{"\\x00ff","\\x"}`}},
	{"date[]", []string{`{2024-05-06,infinity,"0044-03-15 BC"}`}},
	{"timestamp[]", []string{`{2024-05-06,infinity,"0044-03-15 BC"}`}},
	{"timestamptz[]", []string{`{2024-05-06,infinity,"0044-03-15 BC"}`}},
	{"json[]", []string{`{"{\"a\": [1,  2]}","null","\"x\\\\y\"",NULL}`}},
	{"jsonb[]", []string{`{"{\"a\": [1,  2]}","null","\"x\\\\y\"",NULL}`}},
	{"uuid[]", []string{"{3f2504e0-4f89-11d3-9a0c-0305e82c3301}"}},
	{"oid[]", []string{"{1}"}},
	{"inet[]", []string{"{10.0.0.1,::1/64}"}},
	{"interval[]", []string{`{"1 day 00:00:01"}`}},
	{"point[]", []string{`{"(1,2)"}`}},
	{"box[]", []string{`{(1,2),(3,4);(5,6),(7,8)}`, `{{(1,2),(3,4)};{(5,6),(7,8)}}`}},
	{"int4range[]", []string{`{"[1,5)",empty}`}},
}

// newCases are literals of types that not every version has.
var newCases = []struct {
	typ      string
	literals []string
}{
	{"oid8", []string{"0", "18446744073709551615"}},
	{"oid8[]", []string{"{1,NULL,18446744073709551615}"}},
	{"regdatabase", []string{"postgres", "0", "4294967295", `"a ""b"""`}},
	{"regdatabase[]", []string{"{postgres,-}"}},
	{"pg_lsn", []string{"0/0", "16/1A", "FFFFFFFF/FFFFFFFF"}},
	{"pg_lsn[]", []string{"{0/1}"}},
}

func TestToJSONB(t *testing.T) { //nolint:tparallel // the subtests share a connection
	t.Parallel()
	o := openOracle(t)
	o.mustExec(t, userTypes)

	for _, c := range builtinCases {
		t.Run(c.typ, func(t *testing.T) { o.check(t, nil, casts(c.typ, c.literals...)...) })
	}
	newest := newestOracle(t)
	newest.mustExec(t, `CREATE DATABASE "a ""b"""`)
	t.Cleanup(func() { newest.mustExec(t, `DROP DATABASE "a ""b"""`) })
	for _, c := range newCases {
		t.Run(c.typ, func(t *testing.T) { newest.check(t, nil, casts(c.typ, c.literals...)...) })
	}

	priceOf, momentOf, intsArray := numeric, timestamptz, arrayOf(ints)
	users := []struct {
		typ   *wal.Type
		exprs []string
	}{
		{&mood, casts("mood", "sad", `so "so"`, "a,b")},
		{&ints, casts("ints", "{1,2}", "{}")},
		{&priceOf, casts("price", "1.5")},
		{&momentOf, casts("moment", "2024-05-06")},
		{&intsArray, []string{`ARRAY['{1,2}', '{}', NULL]::ints[]`}},
		{&item, []string{
			`ROW(1, 'a"b\c,()', '2024-05-06', '{1,NULL}', 1e20)::item`,
			`ROW(NULL, '', NULL, NULL, NULL)::item`,
			`ROW(NULL, NULL, 'infinity', '{}', 'NaN')::item`,
			`ROW(-1, E' \n\t\u2028', '0044-03-15 BC', '[2:2]={1}', '-0')::item`,
		}},
		{&box, []string{
			`ROW(ROW(1, ' ', NULL, NULL, 'NaN')::item, ARRAY[ROW(1, '"\', now(), '{NULL}', 1)::item, NULL], 1.50, true)::carton`,
			`ROW(NULL, '{}', NULL, false)::carton`,
		}},
		{&empty, []string{`ROW()::empty`}},
	}
	for _, u := range users {
		t.Run(u.typ.Name, func(t *testing.T) { o.check(t, u.typ, u.exprs...) })
	}
	moods := arrayOf(mood)
	t.Run("mood[]", func(t *testing.T) { o.check(t, &moods, casts("mood[]", `{sad,"so \"so\"","a,b",NULL}`)...) })
}

// TestToJSONBOfOptionalTypes tests types of contrib's modules, and of servers that are built
// with them. It fails on a server without them, which would test less than it seems to.
func TestToJSONBOfOptionalTypes(t *testing.T) { //nolint:tparallel // the subtests share a connection
	t.Parallel()
	o := openOracle(t)
	for _, c := range []struct {
		setup, typ string
		typed      *wal.Type
		literals   []string
	}{
		{"SELECT '{}'::int4multirange", "int4multirange", nil, []string{"{}", "{[1,5),[7,8)}"}},
		{"SELECT '<a/>'::xml", "xml", nil, []string{`<a b="c">&amp;é</a>`}},
		{"CREATE EXTENSION hstore", "hstore", &hstoreType, []string{"", `a=>1, "b \"c"=>NULL, é=>"x\\y\"", ""=>""`}},
		{"CREATE EXTENSION citext", "citext", &wal.Type{Name: "citext", Kind: wal.KindText}, []string{"Ab", `"`}},
		{"CREATE EXTENSION ltree", "ltree", &wal.Type{Name: "ltree"}, []string{"a.b"}},
		{"CREATE EXTENSION cube", "cube", &wal.Type{Name: "cube"}, []string{"(1,2),(3,4)"}},
		{"CREATE EXTENSION isn", "isbn13", &wal.Type{Name: "isbn13"}, []string{"978-0-393-04002-9"}},
	} {
		t.Run(c.typ, func(t *testing.T) {
			if _, err := o.exec(c.setup); err != nil {
				t.Fatalf("the server lacks %s, which this test needs: install its contrib modules (postgresql-contrib), or PostgreSQL with XML: %v", c.typ, err)
			}
			o.check(t, c.typed, casts(c.typ, c.literals...)...)
		})
	}
}
