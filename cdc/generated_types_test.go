package cdc_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

// genType is a type that a generated table may have a column of.
type genType struct {
	sql   string
	shape shape
	// value returns an expression of the type that is not NULL.
	value func(r *rand.Rand) string
}

// shape is what a comparison of the JSON of two values of a type depends on.
type shape struct {
	kind   shapeKind
	elem   *shape           // of an array
	fields map[string]shape // of a composite
}

type shapeKind int

const (
	exact  shapeKind = iota // the same JSON, every digit of a number included
	zoned                   // a timestamptz: to_jsonb ends it in +00:00, we in Z
	parsed                  // jsonb: the same value
	text                    // json: likewise, but the text passes through as it is
	array
	composite
)

func quoteSQL(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// literal makes a type whose values are literals of their text form.
func literal(sql string, text func(r *rand.Rand) string) *genType {
	return &genType{sql: sql, value: func(r *rand.Rand) string { return quoteSQL(text(r)) + "::" + sql }}
}

func oneOf(texts ...string) func(r *rand.Rand) string {
	return func(r *rand.Rand) string { return pick(r, texts...) }
}

func genString(r *rand.Rand) string {
	alphabet := []rune("ab \"'\\{}(),;:=[]<>\n\t\r\b\f\x01\x1f\x7f\u00a0é\u2028\u2029\ufffd😀")
	switch r.IntN(6) {
	case 0:
		return pick(r, "", "NULL", "null", "true", "1e5", "infinity", "{}", "()", `"`, `\`, " ")
	case 1:
		return "word " + strconv.Itoa(r.IntN(1000))
	}
	s := make([]rune, r.IntN(12))
	for i := range s {
		s[i] = pick(r, alphabet...)
	}
	return string(s)
}

func genInteger(bits int) func(r *rand.Rand) string {
	return func(r *rand.Rand) string {
		n := int64(r.Uint64()) >> (64 - bits)
		return strconv.FormatInt(pick(r, n, n>>(bits/2), 0, -1<<(bits-1), 1<<(bits-1)-1), 10)
	}
}

func genDigits(r *rand.Rand, n int) string {
	b := make([]byte, 1+r.IntN(n))
	for i := range b {
		b[i] = byte('0' + r.IntN(10))
	}
	return string(b)
}

func genNumeric(r *rand.Rand) string {
	if r.IntN(8) == 0 {
		return pick(r, "NaN", "Infinity", "-Infinity", "0", "-0.00", "1e-30", "1e40")
	}
	return pick(r, "", "-") + genDigits(r, 30) + pick(r, "", ".0", "."+genDigits(r, 30))
}

func genFloat(bits int) func(r *rand.Rand) string {
	return func(r *rand.Rand) string {
		if r.IntN(4) == 0 {
			return pick(r, "NaN", "Infinity", "-Infinity", "0", "-0", "1e15", "1e-5", "123456.5")
		}
		f := math.Float64frombits(r.Uint64())
		if bits == 32 {
			f = float64(math.Float32frombits(r.Uint32()))
		}
		if math.IsNaN(f) || math.IsInf(f, 0) || f != 0 && math.Abs(f) < 1e-300 || bits == 32 && math.Abs(f) < 1e-37 && f != 0 {
			f = 0.1 // subnormal numbers are an error on input
		}
		return strconv.FormatFloat(f, 'g', -1, bits)
	}
}

func genDate(r *rand.Rand) string {
	if r.IntN(10) == 0 {
		return pick(r, "infinity", "-infinity", "0044-03-15 BC", "12024-05-06", "0001-01-01")
	}
	return fmt.Sprintf("%04d-%02d-%02d", 1900+r.IntN(200), 1+r.IntN(12), 1+r.IntN(28))
}

func genClock(r *rand.Rand) string {
	if r.IntN(10) == 0 {
		return pick(r, "24:00:00", "00:00:00")
	}
	return fmt.Sprintf("%02d:%02d:%02d%s", r.IntN(24), r.IntN(60), r.IntN(60), pick(r, "", "."+genDigits(r, 6)))
}

func genMoment(r *rand.Rand) string {
	date := genDate(r)
	switch {
	case strings.HasSuffix(date, "infinity"):
		return date
	case strings.HasSuffix(date, " BC"):
		return strings.TrimSuffix(date, " BC") + " " + genClock(r) + " BC"
	}
	return date + " " + genClock(r)
}

func genJSON(r *rand.Rand, depth int) string {
	str := func() string { b, _ := json.Marshal(genString(r)); return string(b) }
	switch n := r.IntN(8); {
	case n < 2 || depth == 0:
		return pick(r, "null", "true", "0", "1.50", "-12e3", "1E-5", "12345678901234567890", str())
	case n < 5:
		var b strings.Builder
		for i := range r.IntN(4) {
			fmt.Fprintf(&b, "%s\"%c\":%s%s", strings.Repeat(",", min(i, 1)), 'a'+r.IntN(3), pick(r, "", " ", "\n"), genJSON(r, depth-1))
		}
		return "{" + b.String() + "}"
	}
	var elems []string
	for range r.IntN(4) {
		elems = append(elems, genJSON(r, depth-1))
	}
	return "[" + strings.Join(elems, pick(r, ",", " , ")) + "]"
}

func genBits(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + r.IntN(2))
	}
	return string(b)
}

func genPoint(r *rand.Rand) string {
	n := func() string { return pick(r, "0", "1", "-2.5", "1e20", strconv.Itoa(r.IntN(100))) }
	return "(" + n() + "," + n() + ")"
}

func genAddress(r *rand.Rand) string {
	if r.IntN(3) == 0 {
		return fmt.Sprintf("2001:db8::%x", r.IntN(1<<16))
	}
	return fmt.Sprintf("10.%d.%d.%d", r.IntN(256), r.IntN(256), r.IntN(256))
}

// newTypes are those that the oldest version lacks.
func newTypes(major int) []*genType {
	if major < 19 {
		return nil
	}
	return []*genType{literal("oid8", oneOf("0", "4294967296", "18446744073709551615")), literal("regdatabase", oneOf("postgres", "template1", "-"))}
}

// builtinTypes are those that every version has.
func builtinTypes() []*genType {
	boolean := &genType{sql: "boolean", value: func(r *rand.Rand) string { return pick(r, "true", "false") }}
	zonedMoment := literal("timestamptz", func(r *rand.Rand) string {
		m := genMoment(r)
		if strings.HasSuffix(m, "infinity") || strings.HasSuffix(m, "BC") {
			return m
		}
		return m + pick(r, "", "+00", "-08", "+05:30")
	})
	zonedMoment.shape.kind = zoned
	jsonb := literal("jsonb", func(r *rand.Rand) string { return genJSON(r, 3) })
	jsonb.shape.kind = parsed
	jsonText := literal("json", func(r *rand.Rand) string { return genJSON(r, 3) })
	jsonText.shape.kind = text
	return []*genType{
		boolean, zonedMoment, jsonb, jsonText,
		literal("smallint", genInteger(16)), literal("integer", genInteger(32)), literal("bigint", genInteger(64)),
		literal("numeric", genNumeric), literal("numeric(12,3)", func(r *rand.Rand) string { return genDigits(r, 9) + "." + genDigits(r, 3) }),
		literal("real", genFloat(32)), literal("double precision", genFloat(64)),
		literal("money", func(r *rand.Rand) string { return pick(r, "", "-") + genDigits(r, 12) + ".5" }),
		literal("text", genString), literal("varchar(12)", genString), literal("character(12)", genString), literal("name", genString),
		literal(`"char"`, oneOf("", "a", `"`, "\\")),
		literal("bytea", func(r *rand.Rand) string { return `\x` + hex.EncodeToString([]byte(genString(r))) }),
		literal("uuid", func(r *rand.Rand) string { return genUUID(int(r.Int32N(1 << 30))) }),
		literal("date", genDate), literal("time", genClock), literal("time(3)", genClock),
		literal("timetz", func(r *rand.Rand) string { return genClock(r) + pick(r, "+00", "-08", "+05:30") }),
		literal("timestamp", genMoment), literal("timestamp(2)", genMoment),
		literal("interval", func(r *rand.Rand) string {
			return fmt.Sprintf("%d mons %d days %d.%s seconds", r.IntN(50)-25, r.IntN(50)-25, r.IntN(100000)-50000, genDigits(r, 6))
		}),
		literal("inet", func(r *rand.Rand) string { return genAddress(r) + pick(r, "", "/20") }),
		literal("cidr", genAddress),
		literal("macaddr", oneOf("08:00:2b:01:02:03")), literal("macaddr8", oneOf("08:00:2b:01:02:03:04:05")),
		literal("bit(5)", func(r *rand.Rand) string { return genBits(r, 5) }),
		literal("varbit", func(r *rand.Rand) string { return genBits(r, r.IntN(9)) }),
		literal("point", genPoint), literal("line", oneOf("{1,2,3}", "{0,-1,0.5}")),
		literal("lseg", func(r *rand.Rand) string { return "[" + genPoint(r) + "," + genPoint(r) + "]" }),
		literal("box", func(r *rand.Rand) string { return genPoint(r) + "," + genPoint(r) }),
		literal("path", func(r *rand.Rand) string {
			points := genPoint(r) + "," + genPoint(r)
			return pick(r, "["+points+"]", "("+points+")")
		}),
		literal("polygon", func(r *rand.Rand) string { return "(" + genPoint(r) + "," + genPoint(r) + "," + genPoint(r) + ")" }),
		literal("circle", func(r *rand.Rand) string { return "<" + genPoint(r) + ",2.5>" }),
		literal("tsvector", oneOf("", "a:1A 'b c':2", "fat cat")), literal("tsquery", oneOf("", "a & !b:*", "'x y' | z")),
		literal("oid", oneOf("0", "4294967295")), literal("xid8", oneOf("18446744073709551615")), literal("tid", oneOf("(1,2)")),
		literal("pg_lsn", oneOf("0/0", "16/B374D848")), literal("regclass", oneOf("pg_class", "0")), literal("regtype", oneOf("integer", "text[]")),
		literal("jsonpath", oneOf(`$."a"[*]?(@ > "x")`)), literal("pg_snapshot", oneOf("10:20:10,14")), literal("refcursor", genString),
		literal("int2vector", oneOf("", "1 -2 3")), literal("oidvector", oneOf("", "1 4294967295")),
		rangeOf("int4range", "integer", func(r *rand.Rand) string { return strconv.Itoa(r.IntN(1000)) }),
		rangeOf("int8range", "bigint", func(r *rand.Rand) string { return strconv.Itoa(r.IntN(1 << 30)) }),
		rangeOf("numrange", "numeric", func(r *rand.Rand) string { return strconv.Itoa(r.IntN(1000)) + "." + genDigits(r, 4) }),
		rangeOf("daterange", "date", genBound), rangeOf("tsrange", "timestamp", genBound), rangeOf("tstzrange", "timestamptz", genBound),
		multirange("int4multirange", rangeOf("int4range", "integer", func(r *rand.Rand) string { return strconv.Itoa(r.IntN(1000)) })),
		multirange("tstzmultirange", rangeOf("tstzrange", "timestamptz", genBound)),
	}
}

func genUUID(n int) string { return fmt.Sprintf("3f2504e0-4f89-11d3-9a0c-%012x", n) }

func genBound(r *rand.Rand) string {
	return fmt.Sprintf("%04d-%02d-%02d", 1900+r.IntN(200), 1+r.IntN(12), 1+r.IntN(28))
}

// rangeOf makes a type of ranges between two bounds, which the server puts in order.
func rangeOf(sql, subtype string, bound func(r *rand.Rand) string) *genType {
	return &genType{sql: sql, value: func(r *rand.Rand) string {
		if r.IntN(6) == 0 {
			return pick(r, "'empty'", "'(,)'") + "::" + sql
		}
		a, b := quoteSQL(bound(r))+"::"+subtype, quoteSQL(bound(r))+"::"+subtype
		return fmt.Sprintf("%s(least(%s, %s), greatest(%s, %s), %s)", sql, a, b, a, b, pick(r, "'[]'", "'[)'", "'(]'", "'()'"))
	}}
}

func multirange(sql string, elem *genType) *genType {
	return &genType{sql: sql, value: func(r *rand.Rand) string {
		if r.IntN(5) == 0 {
			return "'{}'::" + sql
		}
		return sql + "(" + elem.value(r) + ", " + elem.value(r) + ")"
	}}
}

// orNull makes every sixth expression NULL.
func orNull(r *rand.Rand, t *genType) string {
	if r.IntN(6) == 0 {
		return "NULL"
	}
	return t.value(r)
}

// arrayOf makes arrays: empty ones, of one and of two dimensions.
func arrayOf(t *genType) *genType {
	sql := t.sql + "[]"
	return &genType{sql: sql, shape: shape{kind: array, elem: &t.shape}, value: func(r *rand.Rand) string {
		width := r.IntN(4)
		row := func() string {
			elems := make([]string, width)
			for i := range elems {
				elems[i] = orNull(r, t)
			}
			return "ARRAY[" + strings.Join(elems, ", ") + "]::" + sql
		}
		if width == 0 || r.IntN(3) > 0 {
			return row()
		}
		return "ARRAY[" + row() + ", " + row() + "]"
	}}
}

// userTypes makes types of a world's own: the statements, and what they make.
func userTypes(r *rand.Rand, base []*genType) (statements []string, made []*genType) {
	var sound []*genType // json has no equality, and vectors are arrays of a kind
	for _, t := range base {
		if t.shape.kind != text && !strings.HasSuffix(t.sql, "vector") {
			sound = append(sound, t)
		}
	}
	create := func(t *genType, format string, args ...any) *genType {
		statements = append(statements, "CREATE "+fmt.Sprintf(format, args...))
		made = append(made, t)
		return t
	}
	labels := []string{"sad", `so "so"`, "a,b", "É{}", "it's"}
	var quoted []string
	for _, l := range labels {
		quoted = append(quoted, quoteSQL(l))
	}
	mood := create(literal(`"Mood"`, oneOf(labels...)), `TYPE "Mood" AS ENUM (%s)`, strings.Join(quoted, ", "))
	domain := func(name string, of *genType, check string) *genType {
		return create(&genType{sql: name, shape: of.shape, value: func(r *rand.Rand) string {
			return "(" + of.value(r) + ")::" + name
		}}, "DOMAIN %s AS %s %s", name, of.sql, check)
	}
	record := func(name string, fields ...*genType) *genType {
		s := shape{kind: composite, fields: map[string]shape{}}
		var defs []string
		for i, f := range fields {
			field := pick(r, "f", "Größe ", `q"`) + strconv.Itoa(i)
			s.fields[field] = f.shape
			defs = append(defs, quoteName(field)+" "+f.sql)
		}
		return create(&genType{sql: name, shape: s, value: func(r *rand.Rand) string {
			values := make([]string, len(fields))
			for i, f := range fields {
				values[i] = orNull(r, f)
			}
			return "ROW(" + strings.Join(values, ", ") + ")::" + name
		}}, "TYPE %s AS (%s)", name, strings.Join(defs, ", "))
	}
	some := func() *genType { return pick(r, sound...) }
	price := domain("price", literal("numeric(10,2)", func(r *rand.Rand) string { return genDigits(r, 6) + ".5" }), "CHECK (value >= 0)")
	domain("list", arrayOf(some()), "")
	domain("moment", base[1], "")
	pair := record("pair", some(), mood, some())
	box := record("crate", pair, arrayOf(pair), some(), price, arrayOf(some()))
	domain("checked_pair", pair, "")
	create(rangeOf("floatrange", "float8", genFloatBound), "TYPE floatrange AS RANGE (subtype = float8)")
	made = append(made, arrayOf(mood), arrayOf(pair), arrayOf(box), arrayOf(price))
	return statements, made
}

func genFloatBound(r *rand.Rand) string { return strconv.FormatFloat(r.Float64()*100, 'g', -1, 64) }

func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// extensions are those of contrib that have types, with these types. isn and cube stand for
// types without a cast to json.
var extensions = map[string][]*genType{
	"hstore": {literal("hstore", oneOf("", `a=>1, "b \"c"=>NULL`, `é=>"x\\y\"", ""=>""`))},
	"citext": {literal("citext", genString)},
	"ltree":  {literal("ltree", oneOf("a.b", "x", ""))},
	"isn":    {literal("isbn13", oneOf("978-0-393-04002-9"))},
	"cube":   {literal("cube", oneOf("(1,2),(3,4)", "(0)"))},
}

// bulky makes values that are long enough to be TOASTed.
func bulky(r *rand.Rand) string {
	return fmt.Sprintf("(SELECT string_agg(md5(i::text || '%d'), '') FROM generate_series(1, %d) i)", r.IntN(1<<30), 70+r.IntN(300))
}
