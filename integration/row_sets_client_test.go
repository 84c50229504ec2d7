package integration

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"github.com/tablewire/tablewire/integration/harness"
)

// rowSetClient is a client that keeps the rows of a filter. A second client, limited, has the
// same subscription for only some of the events.
type rowSetClient struct {
	harness.Client
	harness.RowKeeper
	filter  rowFilter
	columns []string // nil: all
	reloads bool     // it loads a row again if it does not know the row's long values

	limited harness.Client
	events  []string // of limited
	aligned bool     // both have read up to the same position, which is after the rows were loaded

	wholeOldRow bool // since it connected, WAL has had the whole old row of every change
}

// connect returns a new client. As docs/row-sets.md tells applications to do, it loads the
// rows once it is connected, and applies what has arrived meanwhile to them.
func (w *rowSetRound) connect(t *testing.T, s *harness.Server) *rowSetClient {
	t.Helper()
	c := &rowSetClient{filter: w.filter(), wholeOldRow: w.wholeOldRow, reloads: w.r.IntN(2) == 0}
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

// load returns the rows that match now.
func (c *rowSetClient) load(t *testing.T, w *rowSetRound) map[string]harness.Row {
	t.Helper()
	rows := map[string]harness.Row{}
	for _, row := range harness.Query[string](t, w.db, fmt.Sprintf(`SELECT to_jsonb(t)::text FROM %s t WHERE %s`, w.table, c.filter.where)) {
		loaded := c.project(parseRow(t, row))
		rows[c.KeyOf(loaded)] = loaded
	}
	return rows
}

// abbreviated returns a row with its long values cut, for failures.
func abbreviated(r harness.Row) map[string]string {
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

// hasColumn reports whether the subscription has a column: one that it asked for, or one of
// the key.
func (c *rowSetClient) hasColumn(column string) bool {
	return c.columns == nil || slices.Contains(c.columns, column) || slices.Contains(c.Key, column)
}

// project returns the columns of a row that the subscription has.
func (c *rowSetClient) project(row harness.Row) harness.Row {
	row = maps.Clone(row)
	maps.DeleteFunc(row, func(name string, _ json.RawMessage) bool { return !c.hasColumn(name) })
	return row
}

// read applies what the server has queued for both clients. It returns false if the server has
// closed one of them, as it does where a client may have a wrong row.
func (c *rowSetClient) read(t *testing.T, w *rowSetRound) (open bool) {
	t.Helper()
	messages, open := queued(t, c.Client)
	limited, limitedOpen := queued(t, c.limited)
	if !open || !limitedOpen {
		return false
	}
	var listed []string
	for _, m := range messages {
		if event := c.receive(t, w, m); slices.Contains(c.events, event) {
			listed = append(listed, m)
		}
	}
	if early := len(listed) - len(limited); !c.aligned && early > 0 {
		listed = listed[early:] // they came before limited was connected
	}
	c.aligned = true
	if !slices.Equal(listed, limited) {
		t.Fatalf("filters %v, events %q (-want +got):\n%s", c.filter.members, c.events, cmp.Diff(listed, limited))
	}
	return true
}

// queued returns the messages that the server has queued for a client. It returns false if the
// server has closed the connection with 1012.
func queued(t *testing.T, c harness.Client) (messages []string, open bool) {
	t.Helper()
	messages, err := c.Ping()
	if err == nil {
		return messages, true
	}
	if code, err := c.WaitClosed(); err != nil || code != websocket.CloseServiceRestart {
		t.Fatalf("closed with %d (error %v), want 1012", code, err)
	}
	return nil, false
}

// receive checks a message and applies it to the client's rows.
func (c *rowSetClient) receive(t *testing.T, w *rowSetRound, message string) (event string) {
	t.Helper()
	var e harness.RowEvent
	decode(t, message, &e)
	for name := range e.OldData {
		if !c.hasColumn(name) {
			t.Fatalf("columns %q: %s has the column %s", c.columns, message, name)
		}
	}
	if e.Reason != "" && (e.Reason != "filter" || e.Event != "create" && e.Event != "delete") {
		t.Fatalf("an unknown reason: %s", message)
	}
	before, now := c.OldKey(e), c.KeyOf(e.Data)
	if _, held := c.Rows[before]; c.wholeOldRow && c.aligned && e.Event != "truncate" && held != (e.Event != "create") {
		t.Fatalf("filters %v: the client has the row: %v; the message is %.300s", c.filter.members, held, message)
	}
	if !c.aligned && now != before && len(e.Unchanged) > 0 {
		// The row that was loaded under the old key may be another one, which took its place.
		delete(c.Rows, before)
		if c.reloads {
			c.Rows[before] = c.load(t, w)[now]
		}
	}
	if err := c.Apply(e); err != nil {
		t.Fatalf("the client got %s: %v", message, err)
	}
	return e.Event
}

// compare compares the client's rows with the table's.
func (c *rowSetClient) compare(t *testing.T, w *rowSetRound) {
	t.Helper()
	long := "false"
	if w.has("body") {
		long = fmt.Sprintf("coalesce(length(body) >= %d, false)", outOfLine)
	}
	inTable := map[string]bool{}
	for _, answer := range harness.Query[string](t, w.db, fmt.Sprintf(
		`SELECT jsonb_build_object('row', to_jsonb(t), 'matches', coalesce(%s, false), 'long', %s)::text FROM %s t`, c.filter.where, long, w.table)) {
		var now struct {
			Row           json.RawMessage
			Matches, Long bool
		}
		decode(t, answer, &now)
		row := c.project(parseRow(t, string(now.Row)))
		key := c.KeyOf(row)
		inTable[key] = true
		kept, held := c.Rows[key]
		hidden := now.Long && !w.wholeOldRow && c.filter.onBody // without the old row, nobody knows that it does not match any more
		if held != now.Matches && (now.Matches || !hidden) {
			t.Errorf("filters %v, columns %q, whole old rows %v: the row matches: %v; the client has it: %v: %.200s", c.filter.members, c.columns, w.wholeOldRow, now.Matches, held, now.Row)
		}
		w.pairs++
		if now.Matches {
			w.matches++
		}
		if !held {
			continue
		}
		if _, has := kept["body"]; now.Long && !c.wholeOldRow && !has {
			delete(row, "body")
		}
		if diff := cmp.Diff(abbreviated(row), abbreviated(kept)); diff != "" {
			t.Errorf("filters %v, columns %q, whole old rows %v (-table +client):\n%.2000s", c.filter.members, c.columns, w.wholeOldRow, diff)
		}
	}
	for key := range c.Rows {
		if !inTable[key] {
			t.Errorf("filters %v, columns %q, whole old rows %v: the client has a row that the table does not have: %s", c.filter.members, c.columns, w.wholeOldRow, key)
		}
	}
}
