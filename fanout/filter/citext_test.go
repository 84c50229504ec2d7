package filter_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
	"github.com/tablewire/tablewire/protocol/wal"
	"github.com/tablewire/tablewire/sql"
)

// foldingDatabases are databases that fold differently, with the first version of PostgreSQL
// that has them.
var foldingDatabases = []struct {
	since   int
	options string
	// marks says that filters may be unknown for texts with combining marks.
	marks bool
}{
	{14, `ENCODING UTF8 LC_COLLATE 'C' LC_CTYPE 'C'`, false},
	{14, `ENCODING LATIN1 LC_COLLATE 'C' LC_CTYPE 'C'`, false},
	{14, `ENCODING UTF8 LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'`, false},
	{15, `ENCODING UTF8 LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE 'und'`, false},
	{15, `ENCODING UTF8 LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE 'el'`, false},
	{15, `ENCODING UTF8 LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE 'tr'`, true},
	{15, `ENCODING UTF8 LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE 'lt'`, true},
	{17, `ENCODING UTF8 LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'`, false},
	{17, `ENCODING UTF8 LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C'`, false},
	{18, `ENCODING UTF8 LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'PG_UNICODE_FAST'`, false},
}

// TestCitext compares filters on citext, on domains over it and on arrays of it with
// the WHERE clauses that they read as, in databases that fold differently.
func TestCitext(t *testing.T) {
	t.Parallel()
	for _, major := range pgtest.Versions() {
		for _, database := range foldingDatabases {
			if major < database.since {
				continue
			}
			t.Run(fmt.Sprintf("PostgreSQL%d/%s", major, database.options), func(t *testing.T) {
				t.Parallel()
				url := pgtest.StartVersion(t, major).NewDatabase(t, "TEMPLATE template0", database.options)
				c := &citextOracle{o: openCitext(t, url), r: newRand(t), marks: database.marks, major: major, latin: strings.Contains(database.options, "LATIN1")}
				c.relation = citextRelation(t, c.o, url)
				c.everyCharacter(t)
				c.filters(t)
			})
		}
	}
}

func openCitext(t *testing.T, url string) *oracle {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	o := &oracle{conn: conn}
	o.mustQuery(t, `SET client_encoding = 'UTF8'; CREATE EXTENSION citext; CREATE DOMAIN email AS citext; CREATE DOMAIN emails AS citext[];
		CREATE TABLE t (id int, c citext, d email, cs citext[], ds email[], l emails)`)
	return o
}

// citextRelation describes the table, with types as the catalog has them.
func citextRelation(t *testing.T, o *oracle, url string) *wal.Relation {
	t.Helper()
	db, err := sql.Open(sql.Config{URL: url, Publication: "p", Slot: "s"})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	oid, _ := strconv.ParseUint(string(o.mustQuery(t, `SELECT 'citext'::regtype::oid`)[0][0]), 10, 32)
	types, err := db.Types(t.Context(), []uint32{uint32(oid)})
	if err != nil || len(types) != 1 || types[0].Folding == nil {
		t.Fatalf("citext is %+v, %v", types, err)
	}
	elem := wal.Type{OID: uint32(oid), Base: uint32(oid), Name: "citext", Kind: wal.KindText, Folding: types[0].Folding}
	list := wal.Type{OID: 1, Base: 1, Name: "citext[]", Kind: wal.KindArray, Delim: ',', Elem: &elem}
	return &wal.Relation{Schema: "public", Name: "t", Columns: []wal.Column{
		column("id", "integer", 23, wal.KindInt, 32),
		wal.NewColumn("c", elem, false, nil), wal.NewColumn("d", elem, false, nil),
		wal.NewColumn("cs", list, false, nil), wal.NewColumn("ds", list, false, nil), wal.NewColumn("l", list, false, nil),
	}}
}

// citextOracle asks PostgreSQL for the meaning of filters on citext.
type citextOracle struct {
	o            *oracle
	r            *rand.Rand
	relation     *wal.Relation
	marks, latin bool
	major        int
}

// everyCharacter tests that each character folds as in lower().
func (c *citextOracle) everyCharacter(t *testing.T) {
	t.Helper()
	last, skipped := 0x10ffff, 0
	if c.latin {
		last = 0xff
	}
	for _, fields := range c.o.mustQuery(t, fmt.Sprintf(`SELECT string_agg(chr(i), ' ' ORDER BY i), lower(string_agg(chr(i), ' ' ORDER BY i))
		FROM generate_series(1, %d) i WHERE i NOT BETWEEN 55296 AND 57343 AND i NOT BETWEEN 128 AND 159 GROUP BY i / 64`, last)) {
		raw, err := json.Marshal(map[string]string{"c": string(fields[1])})
		if err != nil {
			t.Fatal(err)
		}
		f, err := filter.Compile(raw, c.relation)
		if c.marks && strings.ContainsFunc(string(fields[0]), unicode.IsMark) {
			skipped++
			continue
		}
		switch {
		case err == nil:
		case c.marks && strings.Contains(err.Error(), "combining mark"):
			skipped++
			continue
		default:
			t.Fatal(err)
		}
		row := make([]wal.Value, len(c.relation.Columns))
		row[1] = wal.Value{State: wal.Text, Text: fields[0]}
		if f.Match(row) != filter.Yes {
			t.Errorf("not folded alike: %q, lower() gives %q", fields[0], fields[1])
		}
	}
	if skipped > 400 {
		t.Errorf("%d runs of characters were skipped", skipped)
	}
}

// word makes texts in which case, ends of words and marks matter.
func (c *citextOracle) word() string {
	letters := []rune("aAbBiIıİßẞΣσςΟοÉéǅſKȺⱥ.·'_%\\,\"{} \u00ad\u0307\u0301")
	if c.latin {
		letters = []rune("aAbBÉé_%\\,\"{}.")
	}
	if c.latin && c.major == 19 {
		letters = []rune("aAbB_%\\,\"{}.") // 19rc1: 'xé' ILIKE '%é' is false in this encoding and the locale C
	}
	var b strings.Builder
	for range c.r.IntN(7) {
		l := letters[c.r.IntN(len(letters))]
		if c.r.IntN(3) == 0 {
			l = letters[c.r.IntN(4)]
		}
		b.WriteRune(l)
	}
	return b.String()
}

func (c *citextOracle) list() string {
	var items []string
	for range c.r.IntN(4) {
		switch c.r.IntN(6) {
		case 0:
			items = append(items, "NULL")
		case 1:
			items = append(items, `"NULL"`)
		default:
			items = append(items, `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(c.word())+`"`)
		}
	}
	return "{" + strings.Join(items, ",") + "}"
}

func (c *citextOracle) filters(t *testing.T) {
	t.Helper()
	var tuples []string
	for id := range 150 {
		tuples = append(tuples, fmt.Sprintf("(%d, %s, %s, %s, %s, %s)", id, c.value(c.word), c.value(c.word), c.value(c.list), c.value(c.list), c.value(c.list)))
	}
	c.o.mustQuery(t, `INSERT INTO t VALUES `+strings.Join(tuples, ","))
	table := map[string][]wal.Value{}
	for _, fields := range c.o.mustQuery(t, `SELECT * FROM t`) {
		table[string(fields[0])] = valuesOf(fields)
	}
	var index filter.Index
	var answers []*answer
	for range 300 {
		q := c.question()
		f, err := filter.Compile([]byte(q.raw), c.relation)
		if err != nil {
			if c.marks && strings.Contains(err.Error(), "combining mark") {
				continue
			}
			t.Fatalf("%s\n%v", q.raw, err)
		}
		a := &answer{q, map[string]bool{}}
		for _, fields := range c.o.mustQuery(t, "SELECT id FROM t WHERE "+q.where) {
			a.ids[string(fields[0])] = true
		}
		answers = append(answers, a)
		index.Add(f, a)
		for id, row := range table {
			switch got := f.Match(row); {
			case got == filter.Unknown && c.marks:
			case got == filter.Unknown, (got == filter.Yes) != a.ids[id]:
				t.Fatalf("%s gives %v and WHERE %s %v for %s", q.raw, got, q.where, a.ids[id], c.o.show(t, id))
			}
		}
	}
	for id, row := range table {
		found := map[*answer]filter.Result{}
		for _, match := range index.Match(nil, row) {
			found[match.Handle.Value.(*answer)] = match.Result
		}
		for _, a := range answers {
			result, ok := found[a]
			if ok && result == filter.Unknown && c.marks {
				continue
			}
			if ok != a.ids[id] || ok && result != filter.Yes {
				t.Fatalf("%s: the index gives %v, %v, and WHERE %s %v for %s", a.raw, ok, result, a.where, a.ids[id], c.o.show(t, id))
			}
		}
	}
}

func (c *citextOracle) value(next func() string) string {
	if c.r.IntN(10) == 0 {
		return "NULL"
	}
	return sqlQuote(next())
}

// question makes a filter of one clause.
func (c *citextOracle) question() question {
	columns := []string{"c", "d", "cs", "ds", "l"}
	name := columns[c.r.IntN(len(columns))]
	word, typ, ops := c.word, "citext", allOps
	if name == "cs" || name == "ds" || name == "l" {
		word, typ, ops = c.list, "citext[]", []string{"", "eq", "ne", "in", "notin", "gt", "gte", "lt", "lte"}
	}
	op := ops[c.r.IntN(len(ops))]
	literal := word()
	value, _ := json.Marshal(literal)
	left, right := fmt.Sprintf("%s::%s", name, typ), fmt.Sprintf(`%s::%s COLLATE "C"`, sqlQuote(literal), typ)
	signs := map[string]string{"": "=", "eq": "=", "ne": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
	var where string
	switch op {
	case "isnull":
		value, where = json.RawMessage("true"), left+" IS NULL"
	case "startswith":
		where = name + " LIKE " + sqlQuote(likeQuote(literal)+"%")
	case "endswith":
		where = name + " LIKE " + sqlQuote("%"+likeQuote(literal))
	case "contains":
		where = name + " LIKE " + sqlQuote("%"+likeQuote(literal)+"%")
	case "in", "notin":
		other := word()
		value, _ = json.Marshal([]string{literal, other})
		where = fmt.Sprintf(`%s %s (%s, %s::%s)`, left, map[string]string{"in": "IN", "notin": "NOT IN"}[op], right, sqlQuote(other), typ)
	default:
		where = left + " " + signs[op] + " " + right
	}
	if op != "" {
		name += "_" + op
	}
	return question{fmt.Sprintf(`{%q: %s}`, name, value), where}
}
