package filter_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/tablewire/tablewire/protocol/wal"
)

var (
	textOps  = []string{"contains", "startswith", "endswith", "isnull"}
	equalOps = append([]string{"", "eq", "ne", "in", "notin"}, textOps...)
	allOps   = append([]string{"gt", "gte", "lt", "lte"}, equalOps...)
)

func simpleType(name string, oid uint32, kind wal.Kind, bits int) wal.Type {
	return column("", name, oid, kind, bits).Type
}

// sampleOf makes a column that is compared as itself and read as its cast to text.
func sampleOf(name string, t wal.Type, ops []string, values ...string) *sample {
	quoted := `"` + name + `"`
	return &sample{
		name: name, sqlType: t.Name, typ: t, ops: ops, values: values,
		expr: quoted, text: `(` + quoted + `::text COLLATE "C")`,
	}
}

func (s *sample) with(random func(*rand.Rand) string, spell func(*rand.Rand, string) string) *sample {
	s.random, s.spell = random, spell
	return s
}

func (s *sample) numeric() *sample { s.number = true; return s }

// asText compares as COLLATE "C", for text itself and for what has only its text form.
func (s *sample) asText() *sample { s.expr = `(` + s.expr + ` COLLATE "C")`; return s }

func (s *sample) byForm() *sample { s.expr = s.text; return s }

func allSamples() []*sample {
	mood := simpleType("mood", 16400, wal.KindEnum, 0)
	mood.Labels = []string{"sad", "ok", "happy", "ba,d"}
	domain := simpleType("positive", 16401, wal.KindInt, 32)
	domain.Base = 23
	ints := func(bits int) func(*rand.Rand) string {
		return func(r *rand.Rand) string {
			return strconv.FormatInt(int64(r.Uint64())>>(64-bits+r.IntN(bits)), 10)
		}
	}
	scalars := []*sample{
		sampleOf("i2", simpleType("smallint", 21, wal.KindInt, 16), allOps, "0", "1", "-1", "32767", "-32768").with(ints(16), spellNumber).numeric(),
		sampleOf("i4", simpleType("integer", 23, wal.KindInt, 32), allOps, "0", "1", "-1", "2147483647", "-2147483648").with(ints(32), spellNumber).numeric(),
		sampleOf("i8", simpleType("bigint", 20, wal.KindInt, 64), allOps, "0", "1", "9223372036854775807", "-9223372036854775808", "9007199254740993").with(ints(64), spellNumber).numeric(),
		sampleOf("dom", domain, allOps, "1", "2", "3", "2147483647").numeric(),
		sampleOf("f4", simpleType("real", 700, wal.KindFloat, 32), allOps, "0", "-0", "NaN", "Infinity", "-Infinity", "0.1", "16777216", "1e-45", "3.4028235e38").with(float(32), spellSpecial).numeric(),
		sampleOf("f8", simpleType("double precision", 701, wal.KindFloat, 64), allOps, "0", "-0", "NaN", "Infinity", "-Infinity", "0.1", "5e-324", "1.7976931348623157e308", "9007199254740993").with(float(64), spellSpecial).numeric(),
		sampleOf("num", simpleType("numeric", 1700, wal.KindNumeric, 0), allOps, "0", "-0.00", "1", "1.0", "1.00", "-1", "-1.0", "NaN", "Infinity", "-Infinity", "10", "0.1", "0.10", "0.09", "123456789012345678901234567890.123456789", "123456789012345678901234567890.1234567891", "1e-300", "-1e-300", "1e300").with(decimal, spellNumber).numeric(),
		sampleOf("num2", simpleType("numeric(10,2)", 1700, wal.KindNumeric, 0), allOps, "0", "1", "1.5", "99.99", "-0.01", "NaN").with(decimal, spellNumber).numeric(),
		sampleOf("b", simpleType("boolean", 16, wal.KindBool, 0), allOps, "t", "f").with(nil, spellBool),
		sampleOf("status", simpleType("text", 25, wal.KindText, 0), allOps, texts...).with(text, nil).asText(),
		sampleOf("status_2", simpleType("varchar(20)", 1043, wal.KindText, 0), allOps, "active", "Active", "", "a b", "10", "9").asText(),
		sampleOf("checked_in", simpleType("name", 19, wal.KindText, 0), allOps, "active", "b", "", "B").asText(),
		sampleOf("a.b", simpleType("text", 25, wal.KindText, 0), allOps, "x", "y", "xy").asText(),
		sampleOf("bp", simpleType("character(6)", 1042, wal.KindText, 0), allOps, "ab", "ab  ", " ab", "", "abc", "é").with(nil, func(r *rand.Rand, s string) string { return s + strings.Repeat(" ", r.IntN(4)) }).asText(),
		sampleOf("u", simpleType("uuid", 2950, wal.KindUUID, 0), allOps, "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11").with(uuid, spellUUID),
		sampleOf("d", simpleType("date", 1082, wal.KindDate, 0), allOps, "infinity", "-infinity", "4714-11-24 BC", "0044-03-15 BC", "0001-01-01", "0001-12-31 BC", "2000-02-29", "5874897-12-31", "10000-01-01").with(date, spellDate),
		sampleOf("tm", simpleType("time without time zone", 1083, wal.KindTime, 0), allOps, "00:00:00", "24:00:00", "23:59:59.999999", "12:00", "1:02").with(clock, spellTime),
		sampleOf("ts", simpleType("timestamp without time zone", 1114, wal.KindTimestamp, 0), allOps, "infinity", "-infinity", "4714-11-24 00:00:00 BC", "294276-12-31 23:59:59.999999", "0044-03-15 12:00:00 BC", "2000-01-01 00:00:00", "1999-12-31 23:59:59.999999").with(timestamp, spellTimestamp),
		sampleOf("tz", simpleType("timestamp with time zone", 1184, wal.KindTimestampTZ, 0), allOps, "infinity", "-infinity", "4714-11-24 00:00:00+00 BC", "294276-12-31 23:59:59.999999+00", "0044-03-15 12:00:00+00 BC", "2024-01-15 10:30:00+00", "2024-01-15 12:30:00+02", "2024-01-15T10:30:00Z").with(timestamp, spellTimestamp),
		sampleOf("by", simpleType("bytea", 17, wal.KindBytea, 0), allOps, `\x`, `\x00`, `\xff`, `\x0aff`, `\x0a`).with(bytea, func(_ *rand.Rand, s string) string { return `\x` + strings.ToUpper(s[2:]) }),
		sampleOf("e", mood, allOps, mood.Labels...),
		sampleOf("iv", simpleType("interval", 1186, wal.KindOther, 0), allOps, "0 days", "1 mon", "30 days", "720:00:00", "-1 mon", "1 year 2 mons 3 days 04:05:06.789", "-00:00:01", "178956970 years", "-178956970 years", "2147483647 days").with(interval, nil),
		sampleOf("xa", simpleType("int4range[]", 3905, wal.KindArray, 0), equalOps, "{}", `{"[1,5)",empty}`, "{NULL}").byForm(),
		sampleOf("ip", simpleType("inet", 869, wal.KindOther, 0), allOps, "10.0.0.1", "10.0.0.0/8", "10.1.2.3/8", "10.0.0.1/32", "0.0.0.0/0", "255.255.255.255", "::1", "::", "::/0", "::ffff:1.2.3.4", "2001:db8::/32", "2001:db8::1/32", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128").with(inet, spellInet),
		sampleOf("net", simpleType("cidr", 650, wal.KindOther, 0), allOps, "10.0.0.0/8", "10.0.0.1", "0.0.0.0/0", "128.0.0.0/1", "2001:db8::/32", "::/0", "8000::/1").with(nil, spellInet),
		sampleOf("mac", simpleType("macaddr", 829, wal.KindOther, 0), allOps, "08:00:2b:01:02:03", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "08:00:2b:01:02:04").with(mac(6), spellMAC),
		sampleOf("mac8", simpleType("macaddr8", 774, wal.KindOther, 0), allOps, "08:00:2b:01:02:03:04:05", "00:00:00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff:ff:ff").with(mac(8), spellMAC),
		sampleOf("ir", simpleType("int4range", 3904, wal.KindRange, 0), equalOps, "empty", "[1,5)", "(,)").byForm(),
		sampleOf("ttz", simpleType("time with time zone", 1266, wal.KindOther, 0), allOps, "10:00:00+00", "12:00:00+02", "12:00+02", "24:00:00-15:59", "00:00:00+15:59:59", "10:00").with(zonedClock, spellTime),
		sampleOf("o", simpleType("oid", 26, wal.KindOther, 0), allOps, "0", "1", "5", "2147483648", "4294967295"),
		sampleOf("x8", simpleType("xid8", 5069, wal.KindOther, 0), allOps, "0", "1", "9223372036854775807", "9223372036854775808", "18446744073709551615"),
		sampleOf("lsn", simpleType("pg_lsn", 3220, wal.KindOther, 0), allOps, "0/0", "0/1", "0/FFFFFFFF", "1/0", "9/1", "10/1", "7FFFFFFF/FFFFFFFF", "80000000/0", "FFFFFFFF/FFFFFFFF").with(lsn, spellLSN),
		sampleOf("pr", simpleType("pair", 16410, wal.KindComposite, 0), equalOps, "(,)", "(1,)", `(,"")`, "(1,a)", `(1,"a,b")`).byForm(),
	}
	return slices.Concat(scalars, arraySamples(scalars), jsonSamples())
}

// newSamples are of types that not every version has.
func newSamples(major int) []*sample {
	if major < 19 {
		return nil
	}
	scalars := []*sample{
		sampleOf("o8", simpleType("oid8", 6437, wal.KindOther, 0), allOps, "0", "1", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551615"),
		sampleOf("rd", simpleType("regdatabase", 6490, wal.KindOther, 0), equalOps, "postgres", "template0", "template1", "-").byForm(),
	}
	return slices.Concat(scalars, arraySamples(scalars))
}

func lsn(r *rand.Rand) string {
	return fmt.Sprintf("%X/%X", uint32(r.Uint64())>>r.IntN(32), uint32(r.Uint64())>>r.IntN(32))
}

// spellLSN puts zeros in front, as PostgreSQL 19 does, and writes small letters.
func spellLSN(_ *rand.Rand, s string) string {
	high, low, _ := strings.Cut(strings.ToLower(s), "/")
	return fmt.Sprintf("%s/%08s", high, low)
}

// arraySamples are arrays of the scalars that have an order.
func arraySamples(scalars []*sample) []*sample {
	oids := map[string]uint32{
		"i2": 1005, "i4": 1007, "f8": 1022, "num": 1231, "b": 1000, "status": 1009, "bp": 1014, "u": 2951,
		"d": 1182, "tz": 1185, "by": 1001, "e": 16399, "iv": 1187, "ip": 1041, "lsn": 3221, "o8": 6442,
	}
	var list []*sample
	for _, s := range scalars {
		oid, ok := oids[s.name]
		if !ok {
			continue
		}
		elem := s.typ
		typ := simpleType(s.typ.Name+"[]", oid, wal.KindArray, 0)
		typ.Elem, typ.Delim = &elem, ','
		a := sampleOf("a_"+s.name, typ, allOps, "{}", "{NULL}", "{NULL,NULL}").with(func(r *rand.Rand) string { return array(r, s) }, spellArray)
		if s.typ.Kind == wal.KindText {
			a.asText()
		}
		list = append(list, a)
	}
	return list
}

// array makes an array of few elements, of one or two dimensions.
func array(r *rand.Rand, s *sample) string {
	item := func() string {
		if r.IntN(8) == 0 {
			return "NULL"
		}
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s.value(r)) + `"`
	}
	items := func(n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = item()
		}
		return "{" + strings.Join(list, ",") + "}"
	}
	if r.IntN(4) > 0 {
		return items(1 + r.IntN(3))
	}
	rows := make([]string, 1+r.IntN(2))
	n := 1 + r.IntN(2)
	for i := range rows {
		rows[i] = items(n)
	}
	return "{" + strings.Join(rows, ",") + "}"
}

// spellArray puts blanks where they mean nothing.
func spellArray(_ *rand.Rand, s string) string {
	return " " + strings.NewReplacer("{\"", "{ \"", "\"}", "\" }").Replace(s) + "\t"
}

func jsonSamples() []*sample {
	documents := func(r *rand.Rand) string { return document(r, 3) }
	list := []*sample{
		sampleOf("jb", simpleType("jsonb", 3802, wal.KindJSON, 0), equalOps, `{}`, `[]`, `null`, `1`, `1.0`, `"a"`, `true`, `{"a": 1, "b": [1, 2.50]}`, `{"b":[1.0,2.5],"a":1}`, `-0.0`, `0`, `1e2`, `100`).with(documents, nil),
		sampleOf("js", simpleType("json", 114, wal.KindJSON, 0), textOps, `{}`, `[]`, `null`, ` {"a" : 1, "a": "2"}`, `{"bb":{"a":"\u00e9\n"}}`).with(documents, nil),
	}
	for _, base := range []string{"jb", "js"} {
		for _, path := range []string{"a", "bb", "bb.a", "a.bb", "bb.c c"} {
			steps := strings.Split(path, ".")
			expr := base
			for i, step := range steps {
				arrow := "->"
				if i == len(steps)-1 {
					arrow = "->>"
				}
				expr += arrow + sqlQuote(step)
			}
			expr = `((` + expr + `) COLLATE "C")`
			list = append(list,
				&sample{name: base + "." + path, expr: expr, text: expr, ops: allOps, values: []string{"", "a", "A", "10", "9", "true", "null", "é\n", "1.0", "[]"}, random: text},
				&sample{
					name: base + "." + path, text: expr, number: true,
					expr:   `(CASE WHEN ` + expr + ` ~ '^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$' THEN ` + expr + `::numeric END)`,
					ops:    []string{"", "eq", "ne", "gt", "gte", "lt", "lte", "in", "notin"},
					values: []string{"0", "1", "-1", "10", "9", "1.0", "2.5", "1e1"},
				})
		}
	}
	return list
}

var texts = []string{
	"", " ", "a", "A", "ab", "aB", "b", "a,b", "active", "ACTIVE", "inactive", "100%", "100_", `back\slash`, "it's",
	"é", "É", "ßẞ", "İstanbul", "istanbul", "K", "k", "Σίσυφος", "ΣΊΣΥΦΟΣ", "😀", "\u00a0", "trail ", "null", "true", "ǅ", "ſ",
}

func text(r *rand.Rand) string {
	const letters = `aAbB%_\ éÉσΣς1,`
	runes := []rune(letters)
	var b strings.Builder
	for range r.IntN(7) {
		b.WriteRune(runes[r.IntN(len(runes))])
	}
	return b.String()
}

func decimal(r *rand.Rand) string {
	s := strconv.Itoa(r.IntN(2000) - 1000)
	if r.IntN(2) == 0 {
		s += "." + strconv.Itoa(r.IntN(100))
	}
	return s
}

func float(bits int) func(*rand.Rand) string {
	return func(r *rand.Rand) string {
		if r.IntN(2) == 0 {
			return decimal(r)
		}
		if bits == 32 {
			f := math.Float32frombits(r.Uint32())
			return strconv.FormatFloat(float64(f), 'g', -1, 32)
		}
		return strconv.FormatFloat(math.Float64frombits(r.Uint64()), 'g', -1, 64)
	}
}

func spellNumber(r *rand.Rand, s string) string {
	switch {
	case strings.ContainsAny(s, "NIe"):
		return spellSpecial(r, s)
	case s[0] == '-':
		return " " + s + "\t"
	}
	return "+0" + s
}

func spellSpecial(_ *rand.Rand, s string) string {
	switch s {
	case "Infinity":
		return "inf"
	case "-Infinity":
		return "-INF"
	}
	return strings.ToLower(s) + " "
}

func spellBool(r *rand.Rand, s string) string {
	if s == "t" {
		return []string{"true", "tr", "yes", "y", "on", "1", " TRUE "}[r.IntN(7)]
	}
	return []string{"false", "fal", "no", "n", "off", "of", "0", "False"}[r.IntN(8)]
}

func uuid(r *rand.Rand) string {
	return fmt.Sprintf("%08x-0000-4000-8000-%012x", r.Uint32()>>(28*r.IntN(2)), r.IntN(4))
}

func spellUUID(r *rand.Rand, s string) string {
	s = strings.ToUpper(s)
	if r.IntN(2) == 0 {
		s = strings.ReplaceAll(s, "-", "")
	}
	return "{" + s + "}"
}

func date(r *rand.Rand) string {
	return fmt.Sprintf("%04d-%02d-%02d", 1990+r.IntN(20)*(1+r.IntN(100)), 1+r.IntN(12), 1+r.IntN(28))
}

func spellDate(r *rand.Rand, s string) string {
	if strings.Contains(s, "infinity") {
		return strings.ToUpper(s)
	}
	if strings.Contains(s, "BC") {
		return strings.ToLower(s)
	}
	if r.IntN(2) == 0 && strings.Index(s, "-") == 4 {
		s = strings.ReplaceAll(s, "-", "")
	}
	return s + []string{"T23:59:59Z", " 01:00+05", " AD", " 24:00", "T235959", " 0100-0800"}[r.IntN(6)]
}

// clock has leap seconds, but for one behind which the day has no more time.
func clock(r *rand.Rand) string {
	s := fmt.Sprintf("%02d:%02d", r.IntN(24), r.IntN(60))
	if r.IntN(2) == 0 {
		seconds := 61
		if s == "23:59" {
			seconds = 60
		}
		s += fmt.Sprintf(":%02d", r.IntN(seconds))
		if r.IntN(2) == 0 {
			s += "." + strconv.Itoa(r.IntN(1_000_000_0))
		}
	}
	return s
}

// timestamp is often near others, so that zones decide.
func timestamp(r *rand.Rand) string {
	if r.IntN(2) == 0 {
		return fmt.Sprintf("2024-01-%02d %02d:%02d:00", 14+r.IntN(2), r.IntN(24), 30*r.IntN(2))
	}
	return date(r) + " " + clock(r)
}

func spellTimestamp(r *rand.Rand, s string) string {
	if strings.Contains(s, "infinity") {
		return strings.ToUpper(s)
	}
	if strings.ContainsAny(s, "+BZ") || strings.HasPrefix(s, "294276") {
		return s
	}
	zone := []string{"Z", "z", "+00", "-03:30", "+0530", " +01", " UTC", "+15:59:59", "-00:00", " AD"}[r.IntN(10)]
	if day, clock, ok := strings.Cut(s, " "); ok && strings.Index(day, "-") == 4 && r.IntN(2) == 0 {
		s = strings.ReplaceAll(day, "-", "") + " " + clock
		if zone[0] != '-' {
			s = strings.ReplaceAll(day, "-", "") + " " + spellClock(r, clock)
		}
	}
	return strings.Replace(s, " ", []string{" ", "T"}[r.IntN(2)], 1) + zone
}

// spellClock makes the basic form of some times, and puts a T before some.
func spellClock(r *rand.Rand, s string) string {
	if basic := strings.ReplaceAll(s, ":", ""); r.IntN(2) == 0 && strings.Index(s, ":") == 2 && (strings.Count(s, ":") == 2 || !strings.Contains(s, ".")) {
		return basic
	}
	return s
}

func spellTime(r *rand.Rand, s string) string {
	day, zone := s, ""
	if at := strings.IndexAny(s, "+-"); at > 0 {
		day, zone = s[:at], s[at:]
	}
	if strings.HasPrefix(zone, "-") {
		return s
	}
	return []string{"", "T", "t"}[r.IntN(3)] + spellClock(r, day) + zone
}

// zonedClock makes times that are often the same instant in several zones.
func zonedClock(r *rand.Rand) string {
	return fmt.Sprintf("%02d:%02d:00%+03d", r.IntN(24), 30*r.IntN(2), r.IntN(7)-3)
}

// inet makes addresses that are often in one network.
func inet(r *rand.Rand) string {
	s := fmt.Sprintf("10.%d.%d.%d", r.IntN(2)*r.IntN(256), r.IntN(3), r.IntN(256))
	if most := 32; r.IntN(2) == 0 {
		if r.IntN(2) == 0 {
			s, most = fmt.Sprintf("2001:db8:%x::%x:%x", r.IntN(3), r.IntN(2)*r.IntN(1<<16), r.IntN(1<<16)), 128
		}
		s += "/" + strconv.Itoa(r.IntN(most+1))
	}
	return s
}

func spellInet(_ *rand.Rand, s string) string {
	s = strings.ToUpper(s)
	if !strings.Contains(s, "/") && !strings.Contains(s, ":") {
		s += "/32"
	}
	return strings.Replace(s, "2001:DB8:", "2001:0db8:", 1)
}

func mac(size int) func(*rand.Rand) string {
	return func(r *rand.Rand) string {
		parts := make([]string, size)
		for i := range parts {
			parts[i] = fmt.Sprintf("%02x", r.IntN(2)*r.IntN(256))
		}
		return strings.Join(parts, ":")
	}
}

func spellMAC(_ *rand.Rand, s string) string { return strings.ToUpper(strings.ReplaceAll(s, ":", "-")) }

func bytea(r *rand.Rand) string {
	b := make([]byte, r.IntN(4))
	for i := range b {
		b[i] = byte(r.IntN(256))
	}
	return fmt.Sprintf(`\x%x`, b)
}

func interval(r *rand.Rand) string {
	switch r.IntN(9) {
	case 0:
		return fmt.Sprintf("P%04d-%02d-%02d", r.IntN(3), r.IntN(13), r.IntN(31))
	case 1:
		return fmt.Sprintf("P%04d%02d%02dT%02d%02d%02d", r.IntN(3), r.IntN(13), r.IntN(31), r.IntN(24), r.IntN(60), r.IntN(60))
	case 2:
		return fmt.Sprintf("P%04d-%02d-%02dT%02d:%02d:%02d.%d", r.IntN(3), r.IntN(13), r.IntN(31), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1000))
	case 3, 4, 5:
		return fmt.Sprintf("P%dY%dM%dDT%dH%dM%d.%dS", r.IntN(3), r.IntN(14), r.IntN(40)-5, r.IntN(50)-9, r.IntN(60), r.IntN(60), r.IntN(1000))
	}
	parts := []string{
		fmt.Sprintf("%d years", r.IntN(4)-1), fmt.Sprintf("%d mons", r.IntN(30)-5), fmt.Sprintf("%+d day", r.IntN(70)-5),
		fmt.Sprintf("%d weeks", r.IntN(5)), fmt.Sprintf("%d hours", r.IntN(100)), fmt.Sprintf("%d min", r.IntN(100)-9),
		fmt.Sprintf("%d.5 secs", r.IntN(100)),
	}
	var chosen []string
	for _, part := range parts {
		if r.IntN(3) == 0 {
			chosen = append(chosen, part)
		}
	}
	if len(chosen) == 0 || len(chosen) < 3 && r.IntN(2) == 0 {
		chosen = append(chosen[:0], fmt.Sprintf("%d days", r.IntN(40)), []string{"-", "+", ""}[r.IntN(3)]+fmt.Sprintf("%d:%02d:%02d.%d", r.IntN(100), r.IntN(60), r.IntN(60), r.IntN(1000)))
	}
	return strings.Join(chosen, " ")
}

// document makes JSON with few names and values, so that paths and equality match.
func document(r *rand.Rand, depth int) string {
	blank := []string{"", " ", "\n\t"}[r.IntN(3)]
	switch n := r.IntN(10); {
	case n < 6 && depth > 0:
		var members []string
		for range r.IntN(4) {
			name := []string{`"a"`, `"bb"`, `"c c"`, `"\u0061"`, `"é\n"`}[r.IntN(5)]
			members = append(members, name+blank+":"+blank+document(r, depth-1))
		}
		return blank + "{" + strings.Join(members, blank+",") + blank + "}"
	case n == 6 && depth > 0:
		return "[" + document(r, depth-1) + blank + "," + document(r, depth-1) + "]"
	}
	return []string{
		"1", "1.0", "10", "-1", "2.50", "1e1", "0", "-0", `"a"`, `"A"`, `"10"`, `" 10"`, `"+.5e1"`, `"NaN"`, `"é\n"`, `"\u00e9\n"`, `"\ud83d\ude00\"\\"`,
		"true", "false", "null", `""`,
	}[r.IntN(21)]
}
