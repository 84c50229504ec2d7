package integration

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// tableColumn is a column of a random table.
type tableColumn struct {
	name, sqlType string
	key           bool
	value         func(*rand.Rand) string // a random value as an SQL expression
	literal       func(*rand.Rand) string // a random value as text, for filters
	ops           []string                // the operators of filters
	left          string                  // the left side of a comparison in SQL
}

const (
	keys      = 60   // ids are below it, at first
	outOfLine = 3000 // a value of so many bytes is TOASTed: an update that does not set it does not log it
)

var (
	orderOps  = []string{"", "eq", "ne", "gt", "gte", "lt", "lte", "in", "notin", "isnull"}
	stringOps = append([]string{"contains", "startswith", "endswith"}, orderOps...)
)

// randomColumns returns most of the columns below, in any order. One or two are the key.
func randomColumns(r *rand.Rand) []tableColumn {
	words := oneOf("", "a", "ab", "b", "B", "abc")
	parts := oneOf("p", "q")
	columns := []tableColumn{
		{name: "id", sqlType: "int", key: true, literal: upTo(keys), ops: orderOps, left: "id"},
		{name: "word", sqlType: "text", value: quote(words), literal: words, ops: stringOps, left: `word COLLATE "C"`},
		{name: "n", sqlType: "int", value: upTo(10), literal: upTo(10), ops: orderOps, left: "n"},
		{name: "price", sqlType: "numeric(8,2)", value: upTo(6), literal: oneOf("0", "1.5", "2.00", "3", "5.0"), ops: orderOps, left: "price"},
		{name: "done", sqlType: "boolean", value: oneOf("true", "false"), literal: oneOf("true", "false"), ops: []string{"", "ne", "isnull"}, left: "done"},
		{name: "at", sqlType: "timestamp", value: quote(days), literal: days, ops: orderOps, left: "at"},
		{name: "body", sqlType: "text", value: bodies, literal: oneOf("", "x", "y", "xy"), ops: []string{"contains", "startswith", "endswith", "isnull", "ne"}, left: `body COLLATE "C"`},
	}
	for range r.IntN(4) {
		i := 1 + r.IntN(len(columns)-1)
		columns = slices.Delete(columns, i, i+1)
	}
	if r.IntN(3) == 0 {
		columns = append(columns, tableColumn{name: "part", sqlType: "text", key: true, value: quote(parts), literal: parts, ops: stringOps, left: `part COLLATE "C"`})
	}
	r.Shuffle(len(columns), func(i, j int) { columns[i], columns[j] = columns[j], columns[i] })
	return columns
}

func oneOf(values ...string) func(*rand.Rand) string {
	return func(r *rand.Rand) string { return values[r.IntN(len(values))] }
}

func upTo(n int) func(*rand.Rand) string {
	return func(r *rand.Rand) string { return strconv.Itoa(r.IntN(n)) }
}

func quote(f func(*rand.Rand) string) func(*rand.Rand) string {
	return func(r *rand.Rand) string { return "'" + f(r) + "'" }
}

func days(r *rand.Rand) string {
	return fmt.Sprintf("2024-01-%02d %02d:00:00", 1+r.IntN(5), r.IntN(2)*12)
}

func bodies(r *rand.Rand) string {
	word := "'" + oneOf("", "x", "xy", "y")(r) + "'"
	if r.IntN(2) == 0 {
		return word
	}
	return fmt.Sprintf("repeat('-', %d) || %s", outOfLine, word)
}

// rowFilter is a filter and the WHERE clause that means the same.
type rowFilter struct {
	members map[string]any // of the JSON object
	where   string
	onBody  bool // it has a clause on the column body
}

// filter returns a random filter.
func (w *rowSetRound) filter() rowFilter {
	f := rowFilter{members: map[string]any{}}
	var all, either []string
	for range w.r.IntN(4) {
		c := w.columns[w.r.IntN(len(w.columns))]
		name, value, where := c.clause(w.r)
		group := &all
		if w.r.IntN(2) == 0 {
			name, group = "[or]"+name, &either
		}
		if _, taken := f.members[name]; taken {
			continue
		}
		f.members[name] = value
		*group = append(*group, where)
		f.onBody = f.onBody || c.name == "body"
	}
	if len(either) > 0 {
		all = append(all, "("+strings.Join(either, " OR ")+")")
	}
	f.where = strings.Join(append(all, "true"), " AND ")
	return f
}

// clause returns a random member of a filter, and the SQL that means the same.
func (c *tableColumn) clause(r *rand.Rand) (name string, value any, where string) {
	op, literal := oneOf(c.ops...)(r), c.literal(r)
	name = c.name
	if op != "" {
		name += "_" + op
	}
	switch op {
	case "isnull":
		null := r.IntN(2) == 0
		return name, null, fmt.Sprintf("(%s IS NULL) = %v", c.name, null)
	case "contains":
		return name, literal, fmt.Sprintf("lower(%s) LIKE '%%%s%%'", c.name, strings.ToLower(literal))
	case "startswith":
		return name, literal, fmt.Sprintf("%s LIKE '%s%%'", c.name, literal)
	case "endswith":
		return name, literal, fmt.Sprintf("%s LIKE '%%%s'", c.name, literal)
	case "in", "notin":
		other := c.literal(r)
		sign := map[string]string{"in": "IN", "notin": "NOT IN"}[op]
		return name, []string{literal, other}, fmt.Sprintf("%s %s ('%s', '%s')", c.left, sign, literal, other)
	}
	sign := map[string]string{"": "=", "eq": "=", "ne": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}[op]
	return name, literal, fmt.Sprintf("%s %s '%s'", c.left, sign, literal)
}
