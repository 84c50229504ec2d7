package filter_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/tablewire/tablewire/fanout/filter"
)

// refused are spellings that PostgreSQL takes and this package does not.
var refused = map[string][]string{
	"real":                        {"-nan"},
	"double precision":            {"0x1p3"},
	"bytea":                       {"abc", `a\\b`},
	"date":                        {"now", "epoch", "Jan 8, 1999", "120240106", "990108", "2024-W03-1", "2024-015", "1999-Jan-08", "99-01-08", "2024-01-15 -05", "2024-01-15Z", "J2451187"},
	"timestamp without time zone": {"now", "epoch", "20240115T10", "20240115T1030.5", "20240115T103000,5", "2024-01-15 10:30 Europe/Berlin", "2024-01-15 10:30:00.", "2024-01-15 10:30 AM", "2024-01-15  10:30"},
	"timestamp with time zone":    {"now", "2024-01-15 10:30 PST", "2024-01-15 10:30+530"},
	"time with time zone":         {"now", "T103000-08", "103000-08:00", "10", "10:30 PM", "10:30 PST", "2024-01-15 10:30+02"},
	"oid":                         {"-1", "07", "0x10"},
	"oid8":                        {"-1", "07", "0x10"},
	"xid8":                        {"-1", "07", "0x10"},
	"time without time zone":      {"10", "T10", "10:30 PM", "2024-01-15 10:30"},
	"inet":                        {"10/8", "10.0.0.0/08", "1.2.3.4/032", "1.2.3.004"},
	"cidr":                        {"10/8", "10", "192.168"},
	"macaddr":                     {"8:0:2b:1:2:3", "08002b:010203", "0800.2b01.0203", "08002b010203"},
	"macaddr8":                    {"08:00:2b:01:02:03", "08002b0102030405"},
	"integer[]":                   {"[0:1]={1,2}", "{{}}", "{{},{}}", `{"1"2}`},
	"text[]":                      {"[0:1]={a,b}", `{a\\,b}`, `{"a"b}`, `{a"b"}`, "{{}}"},
	"interval":                    {"5", "1.5 days", "1 day ago", "@ 1 day", "1 century", "1-2", "P1-2", "P0001-02-03T04", "P0001-13-03", "P0001-02-03T-04:05:06", "PT04:05:06", "P1.5D", "1 us", "1d", "01:02:", "PT", "P1", "1 day  2 hours", "day"},
}

// edges are literals at the border of what a type takes.
var edges = map[string][]string{
	"":                            {"", " ", "x", "-", "+", "null", "NULL", "١"},
	"smallint":                    {"32768", "-32769", "1.0", "1e2", "--1", "+ 1", "1 2"},
	"integer":                     {"2147483648", "-2147483649", "0000000000000000000000001"},
	"bigint":                      {"9223372036854775808", "-9223372036854775809"},
	"real":                        {"3.5e38", "1e39", "1e-46", "1e-45", "nan", "+inf", "infinite", "1.", ".5", "."},
	"double precision":            {"1e309", "1e-400", "4.9e-324", "1e", "1e+", "1_0", "0e999999", "-inf"},
	"numeric":                     {"1e131071", "1e131072", "1e-16383", "1e-16384", "0e-16383", "0e-16384", "0.0e-16383", "10e-16384", "1.0e-16383", "0e131073", "0e1073741822", "0e9999999999999999999", "0e-9999999999999999999", "-0.00e-16382", "00e5", "1e", ".", "+.5", "5.", "1.2.3", "nan", "-nan", "inf", "-Infinity", "+Infinity", "infin", "1 e5"},
	"boolean":                     {"o", "of", "onn", "T", "yess", "tru", "2", "01", " f "},
	"uuid":                        {"a0eebc999c0b4ef8bb6d6bb9bd380a11", "{a0eebc999c0b4ef8bb6d6bb9bd380a11", "a0eebc99--9c0b4ef8bb6d6bb9bd380a11", "a0eebc999c0b4ef8bb6d6bb9bd380a1", "a0eebc999c0b4ef8bb6d6bb9bd380a11-", "-a0eebc999c0b4ef8bb6d6bb9bd380a11", "a0e-ebc999c0b4ef8bb6d6bb9bd380a11", " a0eebc999c0b4ef8bb6d6bb9bd380a11", "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11", "g0eebc999c0b4ef8bb6d6bb9bd380a11", "{a0eebc999c0b4ef8bb6d6bb9bd380a11}}"},
	"bytea":                       {`\x`, `\x0`, `\xAb cD`, `\xa b`, `\x 00 `, `\X00`},
	"date":                        {"2023-02-29", "2024-02-29", "1900-02-29", "2000-02-29", "0000-01-01", "0001-02-29 BC", "0005-02-29 BC", "2024-13-01", "2024-00-01", "2024-01-00", "2024-1-5", "4714-11-23 BC", "4714-11-24 BC", "4715-01-01 BC", "5874897-12-31", "5874898-01-01", "infinity", "-infinity", "Infinity", " 2024-01-15 ", "2024-01-15T24:00", "2024-01-15T24:01", "2024-01-15 BC AD", "2024-01-15 10:30 BC"},
	"timestamp without time zone": {"4714-11-24 00:00 BC", "4714-11-23 23:59 BC", "294276-12-31 23:59:59.9999995", "294276-12-31 23:59:59.9999999", "294277-01-01", "2024-01-15T10:60", "2024-01-15T10:30:60", "2024-01-15T10:30:60.5", "2024-01-15T10:30:61", "2024-01-15T24:00:00", "2024-01-15T24:00:00.1", "2024-01-15T25:00", "2024-01-15T10", "2024-01-15T10:3", "2024-01-15T1:30", "2024-01-15T10:30+16", "2024-01-15T10:30+15:59", "2024-01-15T10:30+5", "2024-01-15T10:30+05:60", "2024-01-15T10:30 -05:30:15", "2024-01-15 10:30:00.1234567Z", "2024-01-15T10:30ZZ", "2024-01-15T"},
	"timestamp with time zone":    {"4714-11-24 00:00+01 BC", "4714-11-24 00:00-01 BC", "294276-12-31 23:59:59+00", "294276-12-31 23:59:59-01", "294277-01-01 00:30+01", "2024-01-15T10:30:00 gmt", "2024-01-15T10:30:00utc"},
	"time without time zone":      {"24:00", "24:00:01", "25:00", "10:60", "23:59:60", "23:59:60.9", "10:30:61", "10", "1:2", "10:30:00.1234567", "10:30Z", "10:30+02", "23:59:59.9999999"},
	"time with time zone":         {"24:00", "24:00:01", "24:00+02", "10:60+02", "23:59:60+00", "10:30Z", "10:30 utc", "10:30+2", "10:30+0230", "10:30+15:59:59", "10:30-15:59", "10:30+16", "10:30+02:60"},
	"oid":                         {"4294967295", "4294967296", "-2147483649", "1.0"},
	"oid8":                        {"18446744073709551615", "18446744073709551616", "99999999999999999999", "1.0"},
	"xid8":                        {"18446744073709551615"},
	"pg_lsn":                      {"0/0", "0/00000000", "FFFFFFFF/FFFFFFFF", "ffffffff/0000000a", "000000001/0", "0/000000001", "0/", "/0", "0/0/0", "0/g", "0/1 ", " 0/1", "0", "0x1/2", "0/@", "0/`", "0/\x11"},
	"interval":                    {"1 year 1 year", "1 mons", "-1 mons +2 days", "1:2:3", "100:00", "-100:00:00.5", "178956971 years", "2147483648 days", "9999999999 hours", "P", "1 hour 1:00", "1 hours 1 hour", "P1Y", "PT1M", "P1M", "P1W", "PT1.5S", "P-1DT-1S", "PT1H1D", "-P1D", "1 day 1:00 1 day", "1 hour 61 minutes", "1.5 seconds", "-1.5 seconds", "1 sec", "1 secs 2 mins", "1 day -01:00", "10:60", "10:30:61", "1:30:60", "1 years ", "+1 day", "1day", "P1Y1Y", "P1D1Y"},
	"inet":                        {" 10.0.0.1", "10.0.0.1 ", "10.0.0.1/33", "10.0.0.1/-1", "10.0.0.1/", "10.0.0.256", "10.0.0.1.1", "::/129", ":::", "1::2::3", ":1", "1:", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::", "::1:2:3:4:5:6:7:8", "12345::", "g::", "::1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3.4:1", "fe80::1%eth0", "FE80::A"},
	"cidr":                        {"10.0.0.0/7", "10.0.0.1/31", "10.0.0.1/32", "::1/127", "2001:db8::/31", "10.0.0.0/0"},
	"macaddr":                     {"08:00:2b:01:02", "08:00:2b:01:02:03:04", "08-00:2b:01:02:03", "08-00-2B-01-02-03", " 08:00:2b:01:02:03 ", "08:00:2b:01:02:0g"},
	"macaddr8":                    {"08:00:2b:01:02:03:04:05:06", "08-00-2b-01-02-03-04-05"},
	"integer[]":                   {"{", "}", "{}{}", "{1", "1}", "{1,}", "{,1}", "{1,,2}", "{{1},{2,3}}", "{{1},2}", "{1,{2}}", "{ }", "{1}x", "{null}", `{"NULL"}`, `{"1"}`, "{1 2}", "{ 1 , +02 }", "{{{{{{1}}}}}}", "{{{{{{{1}}}}}}}", "{1}}", "{1}{2}", `{"1}`, "{2147483648}", "{{1},NULL}", "{{1,2},{3,NULL}}", `{"1\\"}`, `{""}`},
	"text[]":                      {"{a b}", "{ a  b ,c}", `{"a\\b\"c"}`, `{""}`, "{nulls}", `{"null",Null}`, `{"a"}"`, `{"a}`, "{é,{}", `{"{}"}`},
	"mood":                        {"SAD", " sad", "happy "},
	"jsonb":                       {"{}", "{", "[1,]", "01", "1.", `"a`, `"\u0000"`, `{"a":1}x`, "nul", "NaN", "1e131072", `{"a":{"b":[1,{"c":null}]}}`},
}

// TestLiterals asks PostgreSQL whether it takes the literals that Compile takes.
func TestLiterals(t *testing.T) {
	t.Parallel()
	eachOracle(t, func(t *testing.T, o *oracle, _ int) { compareLiterals(t, o) })
}

func compareLiterals(t *testing.T, o *oracle) {
	t.Helper()
	r := newRand(t)
	samples := append(allSamples(), newSamples(o.major)...)
	relation := relationOf(samples)
	known := map[string]bool{}
	for _, s := range samples {
		typeName := s.sqlType
		if typeName == "" || known[typeName] || slices.Contains(s.ops, "gt") == (s.name == "jb") {
			continue
		}
		known[typeName] = true
		literals := slices.Concat(s.values, edges[""], edges[typeName], refused[typeName])
		for range 60 {
			literals = append(literals, mangle(r, literals[r.IntN(len(literals))]), s.literal(r))
		}
		for _, literal := range literals {
			quoted, _ := json.Marshal(literal)
			_, err := filter.Compile([]byte(`{"`+s.name+`":`+string(quoted)+`}`), relation)
			_, sqlErr := o.query(t.Context(), "SELECT "+sqlQuote(literal)+"::"+strings.TrimSuffix(typeName, "(10,2)"))
			listed := slices.Contains(refused[typeName], literal) || slices.Contains(edges[typeName], literal)
			switch {
			case s.name == "jb" && strings.Contains(literal, `\u`): // half a surrogate pair
			case err == nil && sqlErr != nil && s.sqlType != "positive":
				t.Errorf("%s %q is taken, but %v", typeName, literal, sqlErr)
			case err != nil && sqlErr == nil && listed && !slices.Contains(refused[typeName], literal):
				t.Errorf("%s %q is taken by PostgreSQL, but %v", typeName, literal, err)
			case err == nil && slices.Contains(refused[typeName], literal):
				t.Errorf("%s %q is not refused", typeName, literal)
			}
		}
	}
}

// mangle changes a literal a little.
func mangle(r *rand.Rand, s string) string {
	runes := []rune(s + " ")
	at := r.IntN(len(runes))
	switch r.IntN(3) {
	case 0:
		runes = slices.Delete(runes, at, at+1)
	case 1:
		runes = slices.Insert(runes, at, []rune("0159 -+:.TZe{}\\x,")[r.IntN(17)])
	default:
		runes[at] = []rune("0159 -+:.TZe{}\\x,")[r.IntN(17)]
	}
	return strings.TrimSuffix(string(runes), " ")
}

// TestFolding compares contains with lower() for all letters of the plane.
func TestFolding(t *testing.T) {
	t.Parallel()
	o := newOracle(t)
	if o.folding == "" {
		t.Log("the server has no collation that knows Unicode: nothing to compare with")
		return
	}
	rows := o.mustQuery(t, `SELECT chr(c), lower(chr(c) COLLATE `+o.folding+`) FROM generate_series(1, 65533) c WHERE c NOT BETWEEN 55296 AND 57343`)
	differ := 0
	for _, fields := range rows {
		letter, lower := string(fields[0]), string(fields[1])
		r := []rune(letter)[0]
		if string(unicode.ToLower(r)) == lower {
			continue
		}
		// Versions of Unicode differ in letters that one of them does not know.
		differ++
		t.Logf("%q: lower is %q", letter, lower)
	}
	if differ > len(rows)/1000 {
		t.Errorf("%d of %d letters differ", differ, len(rows))
	}
}
