package cdc_test

import (
	"fmt"
	"slices"
	"strings"
)

// A statement changes rows of a table. Its result is what RETURNING has of these rows, if
// the statement can have that. The table's trigger records all changes.
type statement struct {
	sql string
	// returns says whether the result is the changed rows of the table, in the order of
	// the changes.
	returns bool
	table   *genTable
	// copies is a table that the rows are to be copied into; sql selects them.
	copies string
}

func (g *generator) statement(t *genTable, rows int) statement {
	returning := " RETURNING to_jsonb(changed)::text"
	target := t.sql() + " AS changed"
	where := " WHERE changed." + quoteName(t.picked().name) + fmt.Sprintf(" %s %d", pick(g.Rand, "=", "=", "<"), g.IntN(picks))
	n := g.IntN(20)
	switch {
	case n < 6 || rows == 0:
		names, rows := g.rows(t)
		return statement{sql: "INSERT INTO " + target + " (" + names + ") " + rows + returning, returns: true, table: t}
	case n < 12:
		return statement{sql: "UPDATE " + target + " SET " + g.assignments(t) + where + returning, returns: true, table: t}
	case n < 14:
		return statement{sql: "DELETE FROM " + target + where + returning, returns: true, table: t}
	case n == 14 && len(t.primary) > 0 || n == 15 && len(t.primary) > 0:
		return statement{sql: g.upsert(t, target) + returning, returns: true, table: t}
	case n == 16 && g.major >= 15:
		return statement{sql: g.merge(t, target)}
	case n == 17:
		names, rows := g.rows(t)
		return statement{sql: rows, copies: t.sql() + " (" + names + ")"}
	case n == 18 && g.IntN(3) == 0:
		return statement{sql: "TRUNCATE " + t.sql()}
	}
	// The key of one row changes: two would collide.
	for _, c := range t.writable() {
		if c.fresh != nil {
			key := quoteName(c.name)
			return statement{
				sql: "UPDATE " + target + " SET " + key + " = " + g.fresh(c) + " WHERE " + key + " = (SELECT " + key + " FROM " + t.sql() +
					fmt.Sprintf(" ORDER BY %s OFFSET %d LIMIT 1)", key, g.IntN(rows)) + returning,
				returns: true, table: t,
			}
		}
	}
	return statement{sql: "DELETE FROM " + target + where + returning, returns: true, table: t}
}

func (g *generator) value(c genColumn) string {
	switch {
	case c.fresh != nil:
		return g.fresh(c)
	case c.picked:
		return c.typ.value(g.Rand)
	}
	return orNull(g.Rand, c.typ)
}

// rows returns a query for new rows, and the names of its columns, which may be some of the
// table's.
func (g *generator) rows(t *genTable) (names, query string) {
	var columns []genColumn
	for _, c := range t.writable() {
		if c.fresh != nil || c.picked || g.IntN(8) > 0 {
			columns = append(columns, c)
		}
	}
	return namesOf(columns), g.query(columns, 1+g.IntN(4))
}

func namesOf(columns []genColumn) string {
	var names []string
	for _, c := range columns {
		names = append(names, c.name)
	}
	return quoteNames(names)
}

func (g *generator) query(columns []genColumn, rows int) string {
	selects := make([]string, rows)
	for i := range selects {
		var values []string
		for _, c := range columns {
			values = append(values, "CAST("+g.value(c)+" AS "+c.typ.sql+") AS "+quoteName(c.name))
		}
		selects[i] = "SELECT " + strings.Join(values, ", ")
	}
	return strings.Join(selects, " UNION ALL ")
}

// assignments of an UPDATE to columns that no key has: new values, the same values, and the
// picked column, so that a row of a partitioned table moves.
func (g *generator) assignments(t *genTable) string {
	var sets []string
	for _, c := range t.writable() {
		if c.fresh != nil || g.IntN(2) == 0 {
			continue
		}
		value := g.value(c)
		if g.IntN(6) == 0 {
			value = "changed." + quoteName(c.name)
		}
		sets = append(sets, quoteName(c.name)+" = "+value)
	}
	if len(sets) == 0 {
		name := quoteName(t.picked().name)
		sets = append(sets, name+" = changed."+name)
	}
	return strings.Join(sets, ", ")
}

// upsert inserts rows with keys that are there already, and one that is not.
func (g *generator) upsert(t *genTable, target string) string {
	columns := t.writable()
	isKey := func(c genColumn) bool { return slices.Contains(t.primary, c.name) }
	values := make([]string, len(columns))
	for i, c := range columns {
		if isKey(c) {
			values[i] = quoteName(c.name)
			continue
		}
		values[i] = "CAST(" + g.value(c) + " AS " + c.typ.sql + ")"
	}
	action := "DO NOTHING"
	var sets []string
	for _, c := range columns {
		if !isKey(c) && !c.picked && c.fresh == nil && g.IntN(2) == 0 {
			sets = append(sets, quoteName(c.name)+" = EXCLUDED."+quoteName(c.name))
		}
	}
	if len(sets) > 0 && g.IntN(4) > 0 {
		action = "DO UPDATE SET " + strings.Join(sets, ", ")
	}
	// A key of another unique index would collide for two rows.
	old := "(SELECT " + strings.Join(values, ", ") + " FROM " + t.sql() + " ORDER BY " + quoteNames(t.primary) + " LIMIT 1)"
	return "INSERT INTO " + target + " (" + namesOf(columns) + ") " + old + " UNION ALL " + g.query(columns, 1) +
		" ON CONFLICT (" + quoteNames(t.primary) + ") " + action
}

// merge deletes, updates and inserts in one statement.
func (g *generator) merge(t *genTable, target string) string {
	columns := t.writable()
	picked := quoteName(t.picked().name)
	var sources []string
	for _, n := range g.Perm(picks)[:1+g.IntN(4)] {
		sources = append(sources, "SELECT q.*, "+fmt.Sprint(n)+" AS wanted FROM ("+g.query(columns, 1)+") q")
	}
	var sets []string
	values := make([]string, len(columns))
	for i, c := range columns {
		values[i] = "s." + quoteName(c.name)
		if c.fresh == nil && !c.picked && g.IntN(2) == 0 {
			sets = append(sets, quoteName(c.name)+" = s."+quoteName(c.name))
		}
	}
	update := ""
	if len(sets) > 0 {
		update = " WHEN MATCHED THEN UPDATE SET " + strings.Join(sets, ", ")
	}
	return "MERGE INTO " + target + " USING (" + strings.Join(sources, " UNION ALL ") + ") s ON changed." + picked + " = s.wanted" +
		" WHEN MATCHED AND s.wanted % 3 = 0 THEN DELETE" + update +
		" WHEN NOT MATCHED THEN INSERT (" + namesOf(columns) + ") VALUES (" + strings.Join(values, ", ") + ")"
}
