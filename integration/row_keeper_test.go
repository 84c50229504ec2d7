package integration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
)

// tableColumn is a column of a random table, with what SQL and filters make of it.
type tableColumn struct {
	name, sqlType string
	key           bool
	value         func(*rand.Rand) string // as SQL
	literal       func(*rand.Rand) string // as text
	ops           []string
	left          string // what SQL compares
}

const (
	keys      = 60   // how many there are, about
	outOfLine = 3000 // bytes of a value that does not travel when it is not touched
)

var (
	orderOps  = []string{"", "eq", "ne", "gt", "gte", "lt", "lte", "in", "notin", "isnull"}
	stringOps = append([]string{"contains", "startswith", "endswith"}, orderOps...)
)

// randomColumns gives most of the columns that there are, in any order. The key has
// one or two.
func randomColumns(r *rand.Rand) []tableColumn {
	words := among("", "a", "ab", "b", "B", "abc")
	parts := among("p", "q")
	columns := []tableColumn{
		{name: "id", sqlType: "int", key: true, literal: upTo(keys), ops: orderOps, left: "id"},
		{name: "word", sqlType: "text", value: quote(words), literal: words, ops: stringOps, left: `word COLLATE "C"`},
		{name: "n", sqlType: "int", value: upTo(10), literal: upTo(10), ops: orderOps, left: "n"},
		{name: "price", sqlType: "numeric(8,2)", value: upTo(6), literal: among("0", "1.5", "2.00", "3", "5.0"), ops: orderOps, left: "price"},
		{name: "done", sqlType: "boolean", value: among("true", "false"), literal: among("true", "false"), ops: []string{"", "ne", "isnull"}, left: "done"},
		{name: "at", sqlType: "timestamp", value: quote(days), literal: days, ops: orderOps, left: "at"},
		{name: "body", sqlType: "text", value: bodies, literal: among("", "x", "y", "xy"), ops: []string{"contains", "startswith", "endswith", "isnull", "ne"}, left: `body COLLATE "C"`},
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

func among(values ...string) func(*rand.Rand) string {
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
	word := "'" + among("", "x", "xy", "y")(r) + "'"
	if r.IntN(2) == 0 {
		return word
	}
	return fmt.Sprintf("repeat('-', %d) || %s", outOfLine, word)
}

// rowFilter is a client's filters and the WHERE clause that they read as.
type rowFilter struct {
	members map[string]any
	where   string
	onBody  bool
}

func (w *rowSets) filter() rowFilter {
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

// clause gives a member of the filters and its SQL.
func (c *tableColumn) clause(r *rand.Rand) (name string, value any, where string) {
	op, literal := among(c.ops...)(r), c.literal(r)
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

// keptRow is a row as a client has it: the columns' JSON by name.
type keptRow map[string]json.RawMessage

// rowKeeper is a client that keeps the rows of a filter, and one that asks for the
// same and for some of the events alone.
type rowKeeper struct {
	client
	filter  rowFilter
	columns []string // nil: all
	key     []string
	rows    map[string]keptRow
	reloads bool // a row whose long values are not known is loaded anew

	limited client
	events  []string
	aligned bool // both have been read up to the same position, behind the rows that were loaded

	full bool // the log has told the whole old row ever since
}

// connect makes a client. As the page says it loads the rows that are there once it
// is connected, and what has come meanwhile is applied to them.
func (w *rowSets) connect(t *testing.T, s *server) *rowKeeper {
	t.Helper()
	c := &rowKeeper{filter: w.filter(), key: w.key(), full: w.full, reloads: w.r.IntN(2) == 0}
	hello := map[string]any{"filters": c.filter.members, "transitions": true}
	if w.r.IntN(2) == 0 {
		c.columns = []string{}
		for _, column := range w.columns {
			if w.r.IntN(3) == 0 {
				c.columns = append(c.columns, column.name)
			}
		}
		hello["columns"] = c.columns
	}
	c.client = greet(t, s, w.table, hello)
	for _, event := range []string{"create", "update", "delete", "truncate"} {
		if w.r.IntN(2) == 0 {
			c.events = append(c.events, event)
		}
	}
	if len(c.events) == 0 {
		c.events = []string{"create", "delete"}
	}
	hello["events"] = c.events
	c.limited = greet(t, s, w.table, hello)
	for range 1 + w.r.IntN(3) {
		w.transact(t)
	}
	c.rows = c.load(t, w)
	return c
}

// load gives the rows that match now.
func (c *rowKeeper) load(t *testing.T, w *rowSets) map[string]keptRow {
	t.Helper()
	rows := map[string]keptRow{}
	for _, row := range query[string](t, w.db, fmt.Sprintf(`SELECT to_jsonb(t)::text FROM %s t WHERE %s`, w.table, c.filter.where)) {
		loaded := c.shown(parseRow(t, row))
		rows[c.keyOf(loaded)] = loaded
	}
	return rows
}

// legible is the row with its long values cut short.
func (r keptRow) legible() map[string]string {
	texts := make(map[string]string, len(r))
	for name, v := range r {
		texts[name] = strings.ReplaceAll(string(v), strings.Repeat("-", outOfLine), "---...")
	}
	return texts
}

// parseRow reads a row, its values compact.
func parseRow(t *testing.T, text string) keptRow {
	t.Helper()
	var row keptRow
	decode(t, text, &row)
	for name, v := range row {
		var compact bytes.Buffer
		if err := json.Compact(&compact, v); err != nil {
			t.Fatal(err)
		}
		row[name] = compact.Bytes()
	}
	return row
}

func (c *rowKeeper) shows(column string) bool {
	return c.columns == nil || slices.Contains(c.columns, column) || slices.Contains(c.key, column)
}

// shown is what the client is shown of a row.
func (c *rowKeeper) shown(row keptRow) keptRow {
	row = maps.Clone(row)
	maps.DeleteFunc(row, func(name string, _ json.RawMessage) bool { return !c.shows(name) })
	return row
}

func (c *rowKeeper) keyOf(rows ...keptRow) string {
	whole := keptRow{}
	for _, r := range rows {
		maps.Copy(whole, r)
	}
	values := make([]string, len(c.key))
	for i, name := range c.key {
		values[i] = string(whole[name])
	}
	return strings.Join(values, ",")
}

// read takes all that is on its way to both clients. It reports whether they are
// still there: one that may have a row in error is asked to come back once the old
// row is told.
func (c *rowKeeper) read(t *testing.T, w *rowSets) (here bool) {
	t.Helper()
	messages, here := c.sofar(t)
	limited, too := c.limited.sofar(t)
	if !here || !too {
		return false
	}
	var listed []string
	for _, m := range messages {
		if event := c.keep(t, w, m); slices.Contains(c.events, event) {
			listed = append(listed, m)
		}
	}
	if early := len(listed) - len(limited); !c.aligned && early > 0 {
		listed = listed[early:] // before the second of the two was connected
	}
	c.aligned = true
	if !slices.Equal(listed, limited) {
		t.Fatalf("filters %v, of the events only %q: -want +got\n%s", c.filter.members, c.events, cmp.Diff(listed, limited))
	}
	return true
}

// sofar gives what has been queued for the client by now, and whether it has not
// been asked to come back.
func (c client) sofar(t *testing.T) (messages []string, here bool) {
	t.Helper()
	messages, err := c.ping()
	if err == nil {
		return messages, true
	}
	if code, err := c.end(); err != nil || code != websocket.CloseServiceRestart {
		t.Fatalf("closed with %d, %v", code, err)
	}
	return nil, false
}

// keep brings the client's rows up to date with a message.
func (c *rowKeeper) keep(t *testing.T, w *rowSets, message string) (event string) {
	t.Helper()
	var m struct {
		Event     string
		Data      keptRow
		OldData   keptRow `json:"old_data"`
		Unchanged []string
		Reason    string
	}
	decode(t, message, &m)
	for name := range m.OldData {
		if !c.shows(name) {
			t.Fatalf("columns %q: %s shows %s", c.columns, message, name)
		}
	}
	if m.Reason != "" && (m.Reason != "filter" || m.Event != "create" && m.Event != "delete") {
		t.Fatalf("a reason that is not known: %s", message)
	}
	before := c.keyOf(m.Data, m.OldData)
	if m.Event == "delete" {
		before = c.keyOf(m.Data) // its old data are of the whole row
	}
	if _, held := c.rows[before]; c.full && c.aligned && m.Event != "truncate" && held != (m.Event != "create") {
		t.Fatalf("filters %v: all is told, the client has the row: %v, and it is sent %.300s", c.filter.members, held, message)
	}
	switch m.Event {
	case "create", "update":
		key, held := c.keyOf(m.Data), c.rows[before]
		if !c.aligned && key != before && len(m.Unchanged) > 0 {
			held = nil // what was loaded under the old key may be another row, which took its place
			if c.reloads {
				held = c.load(t, w)[key]
			}
		}
		row := keptRow{}
		maps.Copy(row, held)
		maps.Copy(row, m.Data)
		delete(c.rows, before)
		c.rows[key] = row
	case "delete":
		delete(c.rows, before)
	case "truncate":
		clear(c.rows)
	default:
		t.Fatalf("the client was sent %s", message)
	}
	return m.Event
}

// compare holds the client's rows against the table.
func (c *rowKeeper) compare(t *testing.T, w *rowSets) {
	t.Helper()
	long := "false"
	if w.has("body") {
		long = fmt.Sprintf("coalesce(length(body) >= %d, false)", outOfLine)
	}
	there := map[string]bool{}
	for _, answer := range query[string](t, w.db, fmt.Sprintf(
		`SELECT jsonb_build_object('row', to_jsonb(t), 'matches', coalesce(%s, false), 'long', %s)::text FROM %s t`, c.filter.where, long, w.table)) {
		var now struct {
			Row           json.RawMessage
			Matches, Long bool
		}
		decode(t, answer, &now)
		row := c.shown(parseRow(t, string(now.Row)))
		key := c.keyOf(row)
		there[key] = true
		kept, held := c.rows[key]
		hidden := now.Long && !w.full && c.filter.onBody // only the old row could tell that it doesn't match
		if held != now.Matches && (now.Matches || !hidden) {
			t.Errorf("filters %v, columns %q, full %v: matches %v, and the client has it: %v: %.200s", c.filter.members, c.columns, w.full, now.Matches, held, now.Row)
		}
		w.pairs++
		if now.Matches {
			w.matches++
		}
		if !held {
			continue
		}
		if _, has := kept["body"]; now.Long && !c.full && !has {
			delete(row, "body")
		}
		if diff := cmp.Diff(row.legible(), kept.legible()); diff != "" {
			t.Errorf("filters %v, columns %q, full %v: -in the table +the client's\n%.2000s", c.filter.members, c.columns, w.full, diff)
		}
	}
	for key := range c.rows {
		if !there[key] {
			t.Errorf("filters %v, columns %q, full %v: the client has a row that is gone: %s", c.filter.members, c.columns, w.full, key)
		}
	}
}
