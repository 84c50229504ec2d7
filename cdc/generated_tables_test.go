package cdc_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/tablewire/tablewire/protocol/wal"
)

// genTable is one version of a generated table. Altering the table makes another version, so
// that a rollback can restore the one before.
type genTable struct {
	id           int // for the trigger that keeps the record
	schema, name string
	columns      []genColumn
	identity     wal.Identity
	primary      []string // names of the primary key's columns; nil when there is none
	unique       []string // of the replica identity's index
	partitioned  bool
	leaves       map[string]wal.Identity // of a partitioned table: what decides over its rows
	dropped      bool                    // a column has been dropped
}

type genColumn struct {
	name string
	typ  *genType
	// fresh returns a value that no row has. Columns of keys have it.
	fresh func(n int) string
	// picked marks the column with small numbers, by which statements choose rows.
	picked    bool
	generated string // "STORED" or "VIRTUAL"
	bulky     bool
}

// String is for messages.
func (t *genTable) String() string {
	var columns []string
	for _, c := range t.columns {
		columns = append(columns, t.definition(c))
	}
	return fmt.Sprintf("%s, identity %c, primary key %q, unique %q, partitions %q: %s", t.sql(), t.identity, t.primary, t.unique, t.leaves, strings.Join(columns, ", "))
}

func (t *genTable) sql() string {
	return quoteName(t.schema) + "." + quoteName(t.name)
}

// exposed reports whether the table's changes arrive.
func (t *genTable) exposed() bool { return t.partitioned || t.identity != wal.IdentityNothing }

// full reports whether events have the whole old row. A row of a FULL partition may not show
// that, if its values are only those that another partition would log, too.
func (t *genTable) full(old map[string]json.RawMessage, visible []genColumn) (full, certain bool) {
	if !t.partitioned {
		return t.identity == wal.IdentityFull, true
	}
	if t.leaves[leafOf(string(old[t.picked().name]))] != wal.IdentityFull {
		return false, true
	}
	if t.primary == nil {
		return true, true // all of them are
	}
	return true, slices.ContainsFunc(visible, func(c genColumn) bool {
		return !slices.Contains(t.primary, c.name) && string(old[c.name]) != "null"
	})
}

// leafOf names the partition of a value of the picked column.
func leafOf(picked string) string {
	switch picked {
	case "0", "1", "2":
		return "low"
	case "3", "4":
		return "other"
	}
	return "rest"
}

// leaf is the partition's name in a statement.
func (t *genTable) leaf(suffix string) string {
	return quoteName(t.schema) + "." + quoteName(fmt.Sprintf("part_%d_%s", t.id, suffix))
}

// anyFull reports whether the log has whole old rows of the table or a partition.
func (t *genTable) anyFull() bool {
	return t.identity == wal.IdentityFull || slices.Contains(slices.Collect(maps.Values(t.leaves)), wal.IdentityFull)
}

func (t *genTable) collection() string {
	return wal.TableName{Schema: t.schema, Table: t.name}.String()
}

// keys are the names of the columns that the event of a delete has.
func (t *genTable) keys(visible []genColumn) []string {
	switch {
	case t.identity == wal.IdentityIndex:
		return t.unique
	case t.primary != nil:
		return t.primary
	}
	var all []string
	for _, c := range visible {
		all = append(all, c.name)
	}
	return all
}

// visible are the columns that logical replication carries.
func (t *genTable) visible(major int) []genColumn {
	return slices.DeleteFunc(slices.Clone(t.columns), func(c genColumn) bool {
		return c.generated == "VIRTUAL" || c.generated == "STORED" && major < 18
	})
}

// writable are the columns that a statement may give a value.
func (t *genTable) writable() []genColumn {
	return slices.DeleteFunc(slices.Clone(t.columns), func(c genColumn) bool { return c.generated != "" })
}

func (t *genTable) picked() genColumn {
	return t.columns[slices.IndexFunc(t.columns, func(c genColumn) bool { return c.picked })]
}

// isKey reports whether a column belongs to a key of any kind.
func (t *genTable) isKey(name string) bool {
	return slices.Contains(t.primary, name) || slices.Contains(t.unique, name)
}

// clone copies a version so that it can be altered.
func (t *genTable) clone() *genTable {
	c := *t
	c.leaves = maps.Clone(t.leaves)
	c.columns, c.primary, c.unique = slices.Clone(t.columns), slices.Clone(t.primary), slices.Clone(t.unique)
	return &c
}

func (t *genTable) rename(from, to string) {
	for i := range t.columns {
		if t.columns[i].name == from {
			t.columns[i].name = to
		}
	}
	for _, names := range [][]string{t.primary, t.unique} {
		if i := slices.Index(names, from); i >= 0 {
			names[i] = to
		}
	}
}

// picks is how many different numbers the picked column has.
const picks = 8

// freshTypes are the types of keys: each makes different values of different numbers.
var freshTypes = []genColumn{
	{typ: &genType{sql: "integer"}, fresh: strconv.Itoa},
	{typ: &genType{sql: "bigint"}, fresh: func(n int) string { return strconv.Itoa(n + 1<<40) }},
	{typ: &genType{sql: "text"}, fresh: func(n int) string { return quoteSQL(fmt.Sprintf("k\n\"%d\\é", n)) }},
	{typ: &genType{sql: "text"}, fresh: func(n int) string { // long enough to be stored apart (TOAST)
		return fmt.Sprintf("(SELECT '%d' || string_agg(md5(i::text || '%d'), '') FROM generate_series(1, 36) i)", n, n)
	}},
	{typ: &genType{sql: "numeric"}, fresh: func(n int) string { return strconv.Itoa(n) + ".500" }},
	{typ: &genType{sql: "uuid"}, fresh: func(n int) string { return quoteSQL(genUUID(n)) + "::uuid" }},
	{typ: &genType{sql: "timestamptz", shape: shape{kind: zoned}}, fresh: func(n int) string {
		return fmt.Sprintf("'2000-01-01 00:00:00Z'::timestamptz + interval '%d minutes'", n)
	}},
	{typ: &genType{sql: "integer[]", shape: shape{kind: array, elem: &shape{}}}, fresh: func(n int) string { return fmt.Sprintf("ARRAY[%d, NULL]", n) }},
	{typ: &genType{sql: "daterange"}, fresh: func(n int) string { return fmt.Sprintf("daterange('2000-01-01', '2000-01-02'::date + %d)", n) }},
	{typ: &genType{sql: "bytea"}, fresh: func(n int) string { return fmt.Sprintf("decode('%08x', 'hex')", n) }},
}

// generator makes tables and statements.
type generator struct {
	*rand.Rand
	major int
	types []*genType
	names int // used up
	keys  int // likewise
}

// name returns a new name. Some need quotes.
func (g *generator) name() string {
	g.names++
	return pick(g.Rand, "n", "Select ", `qu"ote`, "dot.ted", "日本語", "é😀", "$1 ", `back\`, "it's ") + strconv.Itoa(g.names)
}

func (g *generator) fresh(c genColumn) string {
	g.keys++
	return c.fresh(g.keys)
}

// newTable makes a table and the statements that create it.
func (g *generator) newTable(id int, schema string) (t *genTable, statements []string) {
	t = &genTable{id: id, schema: schema, name: g.name(), partitioned: g.IntN(4) == 0}
	t.identity = pick(g.Rand, wal.IdentityDefault, wal.IdentityDefault, wal.IdentityFull, wal.IdentityFull, wal.IdentityIndex, wal.IdentityNothing)
	if t.partitioned && t.identity == wal.IdentityIndex {
		t.identity = wal.IdentityDefault
	}
	picked := genColumn{name: g.name(), typ: &genType{sql: "smallint", value: func(r *rand.Rand) string { return strconv.Itoa(r.IntN(picks)) }}, picked: true}
	t.columns = append(t.columns, picked)
	keyed := func() []string {
		var names []string
		for range 1 + g.IntN(2) {
			c := pick(g.Rand, freshTypes...)
			c.name = g.name()
			t.columns, names = append(t.columns, c), append(names, c.name)
		}
		return names
	}
	if t.identity != wal.IdentityFull || g.IntN(3) > 0 {
		t.primary = keyed()
	}
	if t.partitioned && t.primary != nil {
		t.primary = append(t.primary, picked.name)
	}
	if t.identity == wal.IdentityIndex {
		t.unique = keyed()
	}
	if t.partitioned {
		t.leaves = map[string]wal.Identity{}
		for _, suffix := range []string{"low", "rest", "other"} {
			t.leaves[suffix] = wal.IdentityFull
			if t.primary != nil && g.IntN(2) == 0 {
				t.leaves[suffix] = wal.IdentityDefault
			}
		}
	}
	for range 2 + g.IntN(8) {
		t.columns = append(t.columns, genColumn{name: g.name(), typ: pick(g.Rand, g.types...)})
	}
	if g.IntN(2) == 0 {
		t.columns = append(t.columns, genColumn{name: g.name(), typ: &genType{sql: "text", value: bulky}, bulky: true})
	}
	if g.IntN(3) == 0 {
		t.columns = append(t.columns, genColumn{name: g.name(), typ: &genType{sql: "integer"}, generated: "STORED"})
	}
	// The server can't publish a FULL table with a virtual generated column.
	if g.major >= 18 && !t.anyFull() && g.IntN(3) == 0 {
		t.columns = append(t.columns, genColumn{name: g.name(), typ: &genType{sql: "integer"}, generated: "VIRTUAL"})
	}
	g.Shuffle(len(t.columns), func(i, j int) { t.columns[i], t.columns[j] = t.columns[j], t.columns[i] })
	return t, g.create(t)
}

func (g *generator) create(t *genTable) []string {
	var defs []string
	for _, c := range t.columns {
		defs = append(defs, t.definition(c))
	}
	if t.primary != nil {
		defs = append(defs, "PRIMARY KEY ("+quoteNames(t.primary)+")")
	}
	create := "CREATE TABLE " + t.sql() + " (" + strings.Join(defs, ", ") + ")"
	if t.partitioned {
		create += " PARTITION BY LIST (" + quoteName(t.picked().name) + ")"
	}
	statements := []string{create}
	stored := []string{t.sql()}
	if t.partitioned {
		var parts []string
		parts, stored = g.partitions(t)
		statements = append(statements, parts...)
	}
	for _, table := range stored {
		for _, c := range t.columns {
			if c.bulky {
				statements = append(statements, "ALTER TABLE "+table+" ALTER "+quoteName(c.name)+" SET STORAGE "+pick(g.Rand, "EXTERNAL", "EXTENDED"))
			}
		}
	}
	if t.unique != nil {
		statements = append(statements, fmt.Sprintf("CREATE UNIQUE INDEX identity_%d ON %s (%s)", t.id, t.sql(), quoteNames(t.unique)))
	}
	statements = append(statements, t.identify(t.sql(), t.identity))
	for _, suffix := range slices.Sorted(maps.Keys(t.leaves)) {
		statements = append(statements, t.identify(t.leaf(suffix), t.leaves[suffix]))
	}
	return append(statements,
		fmt.Sprintf("CREATE TRIGGER record AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION harness.record(%d)", t.sql(), t.id),
		fmt.Sprintf("CREATE TRIGGER record_all AFTER TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION harness.record(%d)", t.sql(), t.id))
}

// identify gives the table, or a partition of it, a replica identity.
func (t *genTable) identify(table string, identity wal.Identity) string {
	return "ALTER TABLE " + table + " REPLICA IDENTITY " + map[wal.Identity]string{
		wal.IdentityDefault: "DEFAULT", wal.IdentityFull: "FULL",
		wal.IdentityNothing: "NOTHING", wal.IdentityIndex: fmt.Sprintf("USING INDEX identity_%d", t.id),
	}[identity]
}

func (t *genTable) definition(c genColumn) string {
	def := quoteName(c.name) + " " + c.typ.sql
	if c.generated != "" {
		def += " GENERATED ALWAYS AS (" + quoteName(t.picked().name) + " * 2) " + c.generated
	}
	if c.fresh != nil || c.picked {
		def += " NOT NULL"
	}
	return def
}

// partitions makes the partitions of a table. One of them has its columns in another order,
// behind a dropped column.
func (g *generator) partitions(t *genTable) (statements, names []string) {
	part := func(suffix string) string {
		names = append(names, t.leaf(suffix))
		return t.leaf(suffix)
	}
	defs := []string{"gone integer"}
	for _, i := range g.Perm(len(t.columns)) {
		defs = append(defs, t.definition(t.columns[i]))
	}
	other := part("other")
	statements = []string{
		"CREATE TABLE " + part("low") + " PARTITION OF " + t.sql() + " FOR VALUES IN (0, 1, 2)",
		"CREATE TABLE " + part("rest") + " PARTITION OF " + t.sql() + " DEFAULT",
		"CREATE TABLE " + other + " (" + strings.Join(defs, ", ") + ")",
		"ALTER TABLE " + other + " DROP gone",
		"ALTER TABLE " + t.sql() + " ATTACH PARTITION " + other + " FOR VALUES IN (3, 4)",
	}
	return statements, names
}

func quoteNames(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = quoteName(n)
	}
	return strings.Join(quoted, ", ")
}

// alter returns a statement that alters a table, and the altered table.
func (g *generator) alter(t *genTable) (statement string, altered *genTable) {
	altered = t.clone()
	var plain []int // columns that may be dropped
	for i, c := range t.columns {
		if c.fresh == nil && !c.picked {
			plain = append(plain, i)
		}
	}
	begin := "ALTER TABLE " + t.sql() + " "
	virtual := slices.ContainsFunc(t.columns, func(c genColumn) bool { return c.generated == "VIRTUAL" })
	switch n := g.IntN(7); {
	case n == 4 && t.partitioned && t.primary != nil && !virtual && g.IntN(3) == 0:
		altered.identity = pick(g.Rand, wal.IdentityDefault, wal.IdentityFull, wal.IdentityNothing)
		return t.identify(t.sql(), altered.identity), altered
	case n == 4 && t.partitioned && t.primary != nil && !virtual:
		suffix := pick(g.Rand, "low", "rest", "other")
		altered.leaves[suffix] = pick(g.Rand, wal.IdentityDefault, wal.IdentityFull)
		return t.identify(t.leaf(suffix), altered.leaves[suffix]), altered
	case n == 5 && t.partitioned && g.IntN(2) == 0: // the rows stay, so that nothing is to come
		return begin + "DETACH PARTITION " + t.leaf("other") + "; " + begin + "ATTACH PARTITION " + t.leaf("other") + " FOR VALUES IN (3, 4)", altered
	case n == 4 && t.primary != nil && !t.partitioned && !virtual && t.identity == wal.IdentityDefault:
		altered.identity = wal.IdentityFull
		return begin + "REPLICA IDENTITY FULL", altered
	case n == 4 && t.primary != nil && !t.partitioned && t.identity == wal.IdentityFull:
		altered.identity = wal.IdentityDefault
		return begin + "REPLICA IDENTITY DEFAULT", altered
	case n == 0 && len(plain) > 1:
		i := pick(g.Rand, plain...)
		altered.columns = slices.Delete(altered.columns, i, i+1)
		altered.dropped = true
		return begin + "DROP " + quoteName(t.columns[i].name), altered
	case n == 1 && len(plain) > 0:
		i := pick(g.Rand, plain...)
		if c := &altered.columns[i]; c.generated == "" && c.typ.shape.kind == exact {
			c.typ = literal("text", genString)
			return begin + "ALTER " + quoteName(c.name) + " TYPE text USING " + quoteName(c.name) + "::text", altered
		}
	case n == 2:
		// The decoder asks the catalog for the key of a FULL table, and the catalog may be
		// ahead of the stream; see isKeyNow.
		if c := pick(g.Rand, t.columns...); t.identity != wal.IdentityFull && t.identity != wal.IdentityNothing || !t.isKey(c.name) || !t.dropped {
			to := g.name()
			altered.rename(c.name, to)
			return begin + "RENAME " + quoteName(c.name) + " TO " + quoteName(to), altered
		}
	case n == 3 && !t.partitioned: // the server does not tell the new name of a root at once
		altered.name = g.name()
		return begin + "RENAME TO " + quoteName(altered.name), altered
	}
	c := genColumn{name: g.name(), typ: pick(g.Rand, g.types...)}
	altered.columns = append(altered.columns, c)
	def := begin + "ADD " + quoteName(c.name) + " " + c.typ.sql
	// In a partition with another order of columns, the server sends NULL for the old value
	// of a row that is older than the column.
	if !t.partitioned && g.IntN(2) == 0 {
		def += " DEFAULT " + c.typ.value(g.Rand)
	}
	return def, altered
}
