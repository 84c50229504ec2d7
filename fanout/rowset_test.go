package fanout_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// TestRowSets has clients follow random changes: each ends with exactly the rows that match
// its filter, whatever the replica identity. If the filter uses a long value that the log
// left out, a client may also hold a row that does not match, but never lacks one that
// does.
func TestRowSets(t *testing.T) {
	t.Parallel()
	for name, full := range map[string]bool{"full": true, "key only": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(r *rapid.T) {
				w := newWorld(r, full)
				defer w.stop()
				for range rapid.IntRange(1, 8).Draw(r, "batches") {
					var b wal.Batch
					for range rapid.IntRange(1, 6).Draw(r, "changes") {
						b.Changes = append(b.Changes, w.change(r))
					}
					if err := w.hub.Publish(&b); err != nil {
						r.Fatal(err)
					}
					for _, c := range w.clients {
						c.check(r, w)
					}
				}
			})
		})
	}
}

// world is a table, its present rows by id, and its transition subscribers.
type world struct {
	rel     *wal.Relation
	rows    map[string][]wal.Value
	hub     *fanout.Hub
	cancel  context.CancelFunc
	ended   chan struct{}
	clients []*follower
}

// The columns of the table. The key is not the first one.
const (
	colA, colID, colN, colBody = 0, 1, 2, 3
)

func newWorld(r *rapid.T, full bool) *world {
	w := &world{
		rel: table(
			"t", column("a", wal.KindText, false), column("id", wal.KindInt, true),
			column("n", wal.KindInt, false), column("body", wal.KindText, false),
		),
		rows: map[string][]wal.Value{}, ended: make(chan struct{}),
		hub: fanout.New(fanout.Config{Shards: rapid.IntRange(1, 3).Draw(r, "shards")}),
	}
	w.rel.Identity = wal.IdentityDefault
	if full {
		w.rel.Identity = wal.IdentityFull
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	go func() {
		_ = w.hub.Run(ctx)
		close(w.ended)
	}()
	for range rapid.IntRange(1, 4).Draw(r, "clients") {
		w.clients = append(w.clients, w.follow(r))
	}
	return w
}

func (w *world) stop() {
	w.cancel()
	<-w.ended
}

var (
	words = rapid.SampledFrom([]string{"", "x", "y", "xy"})
	ids   = rapid.SampledFrom([]string{"1", "2", "3", "4", "5"})
	// A body that begins with L is kept out of line.
	bodies = rapid.SampledFrom([]string{"", "x", "Lx", "Ly", "Lxy"})
)

func drawFilter(r *rapid.T) string {
	var clauses []string
	for range rapid.IntRange(0, 3).Draw(r, "clauses") {
		group := rapid.SampledFrom([]string{"", "", "[or]"}).Draw(r, "group")
		var name, value string
		switch rapid.IntRange(0, 3).Draw(r, "column") {
		case colA:
			name, value = "a"+rapid.SampledFrom([]string{"", "_ne", "_gt", "_contains", "_startswith"}).Draw(r, "op"), words.Draw(r, "literal")
		case colID:
			name, value = "id"+rapid.SampledFrom([]string{"", "_ne", "_gt", "_lte", "_in"}).Draw(r, "op"), ids.Draw(r, "literal")
		case colN:
			name, value = "n"+rapid.SampledFrom([]string{"", "_gte", "_lt", "_notin"}).Draw(r, "op"), ids.Draw(r, "literal")
		case colBody:
			name, value = "body"+rapid.SampledFrom([]string{"", "_contains", "_endswith"}).Draw(r, "op"), words.Draw(r, "literal")
		}
		if rapid.IntRange(0, 5).Draw(r, "null") == 0 {
			name, value = name[:strings.IndexByte(name+"_", '_')]+"_isnull", rapid.SampledFrom([]string{"true", "false"}).Draw(r, "is")
		}
		clause := fmt.Sprintf("%q:%q", group+name, value)
		if !slices.ContainsFunc(clauses, func(c string) bool { return strings.HasPrefix(c, fmt.Sprintf("%q:", group+name)) }) {
			clauses = append(clauses, clause)
		}
	}
	return "{" + strings.Join(clauses, ",") + "}"
}

func (w *world) drawRow(r *rapid.T, id string) []wal.Value {
	maybeNull := func(s string) string {
		if rapid.IntRange(0, 4).Draw(r, "null") == 0 {
			return "-"
		}
		return s
	}
	return row(maybeNull(words.Draw(r, "a")), id, maybeNull(ids.Draw(r, "n")), maybeNull(bodies.Draw(r, "body")))
}

func (w *world) has(id string) bool { return w.rows[id] != nil }

// change changes the table and returns the change as the log has it.
func (w *world) change(r *rapid.T) wal.Change {
	id := ids.Draw(r, "id")
	old := w.rows[id]
	c := wal.Change{Relation: w.rel}
	switch op := rapid.IntRange(0, 19).Draw(r, "op"); {
	case op == 0:
		c.Op = wal.Truncate
		clear(w.rows)
		return c
	case old == nil:
		c.Op, c.New = wal.Create, w.drawRow(r, id)
		w.rows[id] = c.New
		return c
	case op < 5:
		c.Op = wal.Delete
		delete(w.rows, id)
	default:
		c.Op = wal.Update
		now := slices.Clone(old)
		drawn := w.drawRow(r, id)
		for i := range now {
			if rapid.Bool().Draw(r, "set") {
				now[i] = drawn[i]
			}
		}
		if to := ids.Draw(r, "new id"); rapid.IntRange(0, 2).Draw(r, "move") == 0 && !w.has(to) {
			now[colID] = row(to)[0]
		}
		delete(w.rows, id)
		w.rows[string(now[colID].Text)] = now
		c.New = slices.Clone(now)
	}
	w.tell(&c, old)
	return c
}

// tell sets what the log has of the old row.
func (w *world) tell(c *wal.Change, old []wal.Value) {
	if w.rel.Identity == wal.IdentityFull {
		c.Old, c.OldFull = old, true
		return
	}
	if c.Op == wal.Update {
		if long(old[colBody]) && same(old[colBody], c.New[colBody]) {
			c.New[colBody] = wal.Value{State: wal.Unchanged}
		}
		if same(old[colID], c.New[colID]) {
			return
		}
	}
	c.Old = make([]wal.Value, len(old))
	c.Old[colID] = old[colID]
}

func long(v wal.Value) bool { return strings.HasPrefix(string(v.Text), "L") }

func same(a, b wal.Value) bool { return a.State == b.State && string(a.Text) == string(b.Text) }

// follower is a client that keeps the rows of its filter as docs/row-sets.md says. With it
// comes a second subscriber that asks for some of the events only.
type follower struct {
	filters string
	columns []string
	filter  *filter.Filter
	*testSubscriber
	held map[string]map[string]json.RawMessage

	events  []string
	limited *testSubscriber
}

func (w *world) follow(r *rapid.T) *follower {
	c := &follower{filters: drawFilter(r), held: map[string]map[string]json.RawMessage{}}
	if rapid.Bool().Draw(r, "choose columns") {
		c.columns = rapid.SliceOfN(rapid.SampledFrom([]string{"a", "id", "n", "body"}), 0, 3).Draw(r, "columns")
	}
	c.events = rapid.SliceOfN(rapid.SampledFrom([]string{"create", "update", "delete", "truncate"}), 1, 4).Draw(r, "events")
	var ops []wal.Op
	for _, o := range wal.Ops {
		if slices.Contains(c.events, o.String()) {
			ops = append(ops, o)
		}
	}
	var err error
	if c.filter, err = filter.Compile([]byte(c.filters), w.rel); err != nil {
		r.Fatal(err)
	}
	e := protocol.SubscriptionOptions{Transitions: true, Columns: c.columns}
	if c.testSubscriber, err = trySubscribeWith(w.hub, w.rel, c.filters, e); err != nil {
		r.Fatal(err)
	}
	e.Events = wal.OpSetOf(ops...)
	if c.limited, err = trySubscribeWith(w.hub, w.rel, c.filters, e); err != nil {
		r.Fatal(err)
	}
	c.got()
	c.limited.got()
	return c
}

// take applies a message to the client's rows.
func (c *follower) take(r *rapid.T, message string) (event string) {
	var m struct {
		Event     string                     `json:"event"`
		Data      map[string]json.RawMessage `json:"data"`
		OldData   map[string]json.RawMessage `json:"old_data"`
		Unchanged []string                   `json:"unchanged"`
	}
	if err := json.Unmarshal([]byte(message), &m); err != nil {
		r.Fatalf("%s: %v", message, err)
	}
	for name := range m.OldData {
		c.wantShown(r, name, message)
	}
	for _, name := range m.Unchanged {
		c.wantShown(r, name, message)
	}
	id := string(m.Data["id"])
	switch m.Event {
	case "create", "update":
		before := id
		if was, ok := m.OldData["id"]; ok {
			before = string(was)
		}
		row := map[string]json.RawMessage{}
		maps.Copy(row, c.held[before])
		maps.Copy(row, m.Data)
		delete(c.held, before)
		c.held[id] = row
	case "delete":
		delete(c.held, id)
	case "truncate":
		clear(c.held)
	}
	return m.Event
}

func (c *follower) shows(name string) bool {
	return name == "id" || c.columns == nil || slices.Contains(c.columns, name)
}

func (c *follower) wantShown(r *rapid.T, name, message string) {
	if !c.shows(name) {
		r.Fatalf("filters %s, columns %q: %s shows %s", c.filters, c.columns, message, name)
	}
}

// check applies the queued messages and compares the rows with the table.
func (c *follower) check(r *rapid.T, w *world) {
	messages := c.got()
	var listed []string
	for _, m := range messages {
		if event := c.take(r, m); slices.Contains(c.events, event) {
			listed = append(listed, m)
		}
	}
	if got := c.limited.got(); !slices.Equal(got, append([]string{}, listed...)) {
		r.Fatalf("filters %s, events %q:\ngot %q\nof  %q", c.filters, c.events, got, messages)
	}
	fail := func(id, what string) {
		r.Fatalf("filters %s, columns %q: row %s %s\nthe row:  %q\nthe client's: %s\nit was sent: %q", c.filters, c.columns, id, what, w.rows[id], c.held[id], messages)
	}
	for id, now := range w.rows {
		if c.filter.Match(now) == filter.Yes && c.held[id] == nil {
			fail(id, "is missing")
		}
	}
	for id, held := range c.held {
		now := w.rows[id]
		if now == nil {
			fail(id, "is gone and was kept")
		}
		if c.filter.Match(now) != filter.Yes && c.filter.Match(w.withoutBody(now)) != filter.Unknown {
			fail(id, "does not match and was kept")
		}
		c.checkRow(held, now, func(what string) { fail(id, what) }, w)
	}
}

// withoutBody returns the row as the log has it if the body is left out.
func (w *world) withoutBody(now []wal.Value) []wal.Value {
	if w.rel.Identity == wal.IdentityFull || !long(now[colBody]) {
		return now
	}
	now = slices.Clone(now)
	now[colBody] = wal.Value{State: wal.Unchanged}
	return now
}

func (c *follower) checkRow(held map[string]json.RawMessage, now []wal.Value, fail func(string), w *world) {
	for i, v := range now {
		col := &w.rel.Columns[i]
		got, there := held[col.Name]
		if !c.shows(col.Name) {
			if there {
				fail("shows " + col.Name)
			}
			continue
		}
		want := "null"
		if v.State == wal.Text {
			want = string(col.AppendJSON(nil, v.Text))
		}
		mayLack := i == colBody && w.rel.Identity != wal.IdentityFull && long(v)
		if string(got) != want && (there || !mayLack) {
			fail(fmt.Sprintf("has %s %s, want %s", col.Name, got, want))
		}
	}
}
