package integration

import (
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

	"github.com/tablewire/tablewire/integration/harness"
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

// rowKeeper is a client that keeps the rows of a filter, and one that asks for the
// same and for some of the events alone.
type rowKeeper struct {
	harness.Client
	harness.RowKeeper
	filter  rowFilter
	columns []string // nil: all
	reloads bool     // a row whose long values are not known is loaded anew

	limited harness.Client
	events  []string
	aligned bool // both have been read up to the same position, behind the rows that were loaded

	full bool // the log has told the whole old row ever since
}

// connect makes a client. As the page says it loads the rows that are there once it
// is connected, and what has come meanwhile is applied to them.
func (w *rowSets) connect(t *testing.T, s *harness.Server) *rowKeeper {
	t.Helper()
	c := &rowKeeper{filter: w.filter(), full: w.full, reloads: w.r.IntN(2) == 0}
	c.Key = w.key()
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
	c.Client = harness.SubscribeWith(t, s, w.table, hello)
	for _, event := range []string{"create", "update", "delete", "truncate"} {
		if w.r.IntN(2) == 0 {
			c.events = append(c.events, event)
		}
	}
	if len(c.events) == 0 {
		c.events = []string{"create", "delete"}
	}
	hello["events"] = c.events
	c.limited = harness.SubscribeWith(t, s, w.table, hello)
	for range 1 + w.r.IntN(3) {
		w.transact(t)
	}
	c.Rows = c.load(t, w)
	return c
}

// load gives the rows that match now.
func (c *rowKeeper) load(t *testing.T, w *rowSets) map[string]harness.Row {
	t.Helper()
	rows := map[string]harness.Row{}
	for _, row := range harness.Query[string](t, w.db, fmt.Sprintf(`SELECT to_jsonb(t)::text FROM %s t WHERE %s`, w.table, c.filter.where)) {
		loaded := c.shown(parseRow(t, row))
		rows[c.KeyOf(loaded)] = loaded
	}
	return rows
}

// legible is the row with its long values cut short.
func legible(r harness.Row) map[string]string {
	texts := make(map[string]string, len(r))
	for name, v := range r {
		texts[name] = strings.ReplaceAll(string(v), strings.Repeat("-", outOfLine), "---...")
	}
	return texts
}

func parseRow(t *testing.T, text string) harness.Row {
	t.Helper()
	row, err := harness.ParseRow(text)
	if err != nil {
		t.Fatal(err)
	}
	return row
}

func (c *rowKeeper) shows(column string) bool {
	return c.columns == nil || slices.Contains(c.columns, column) || slices.Contains(c.Key, column)
}

// shown is what the client is shown of a row.
func (c *rowKeeper) shown(row harness.Row) harness.Row {
	row = maps.Clone(row)
	maps.DeleteFunc(row, func(name string, _ json.RawMessage) bool { return !c.shows(name) })
	return row
}

// read takes all that is on its way to both clients. It reports whether they are
// still there: one that may have a row in error is asked to come back once the old
// row is told.
func (c *rowKeeper) read(t *testing.T, w *rowSets) (here bool) {
	t.Helper()
	messages, here := sofar(t, c.Client)
	limited, too := sofar(t, c.limited)
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
func sofar(t *testing.T, c harness.Client) (messages []string, here bool) {
	t.Helper()
	messages, err := c.Ping()
	if err == nil {
		return messages, true
	}
	if code, err := c.WaitClosed(); err != nil || code != websocket.CloseServiceRestart {
		t.Fatalf("closed with %d, %v", code, err)
	}
	return nil, false
}

// keep brings the client's rows up to date with a message.
func (c *rowKeeper) keep(t *testing.T, w *rowSets, message string) (event string) {
	t.Helper()
	var e harness.RowEvent
	decode(t, message, &e)
	for name := range e.OldData {
		if !c.shows(name) {
			t.Fatalf("columns %q: %s shows %s", c.columns, message, name)
		}
	}
	if e.Reason != "" && (e.Reason != "filter" || e.Event != "create" && e.Event != "delete") {
		t.Fatalf("a reason that is not known: %s", message)
	}
	before, now := c.OldKey(e), c.KeyOf(e.Data)
	if _, held := c.Rows[before]; c.full && c.aligned && e.Event != "truncate" && held != (e.Event != "create") {
		t.Fatalf("filters %v: all is told, the client has the row: %v, and it is sent %.300s", c.filter.members, held, message)
	}
	if !c.aligned && now != before && len(e.Unchanged) > 0 {
		// What was loaded under the old key may be another row, which took its place.
		delete(c.Rows, before)
		if c.reloads {
			c.Rows[before] = c.load(t, w)[now]
		}
	}
	if err := c.Apply(e); err != nil {
		t.Fatalf("the client was sent %s: %v", message, err)
	}
	return e.Event
}

// compare holds the client's rows against the table.
func (c *rowKeeper) compare(t *testing.T, w *rowSets) {
	t.Helper()
	long := "false"
	if w.has("body") {
		long = fmt.Sprintf("coalesce(length(body) >= %d, false)", outOfLine)
	}
	there := map[string]bool{}
	for _, answer := range harness.Query[string](t, w.db, fmt.Sprintf(
		`SELECT jsonb_build_object('row', to_jsonb(t), 'matches', coalesce(%s, false), 'long', %s)::text FROM %s t`, c.filter.where, long, w.table)) {
		var now struct {
			Row           json.RawMessage
			Matches, Long bool
		}
		decode(t, answer, &now)
		row := c.shown(parseRow(t, string(now.Row)))
		key := c.KeyOf(row)
		there[key] = true
		kept, held := c.Rows[key]
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
		if diff := cmp.Diff(legible(row), legible(kept)); diff != "" {
			t.Errorf("filters %v, columns %q, full %v: -in the table +the client's\n%.2000s", c.filter.members, c.columns, w.full, diff)
		}
	}
	for key := range c.Rows {
		if !there[key] {
			t.Errorf("filters %v, columns %q, full %v: the client has a row that is gone: %s", c.filter.members, c.columns, w.full, key)
		}
	}
}
