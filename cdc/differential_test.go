package cdc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
	"github.com/tablewire/tablewire/protocol/wal"
)

var (
	differentialValues = flag.Int("differential.values", 1500, "how many values TestDifferential compares on each version of PostgreSQL, at least")
	differentialSeed   = flag.Uint64("differential.seed", 0, "the one seed to run TestDifferential with; 0: others each time")
)

// TestDifferential compares the frames of changes with what the server says of them, on
// every version. Generated statements change generated tables of generated types, in
// interleaved transactions of two sessions. A trigger records each change with to_jsonb.
// The record must be what the statements return, and the frames must have the same changes
// in the same order.
//
// The long run:
//
//	go test ./cdc -run TestDifferential -timeout 1h -differential.values 100000
func TestDifferential(t *testing.T) {
	t.Parallel()
	for _, major := range pgtest.Versions() {
		t.Run(fmt.Sprintf("PostgreSQL%d", major), func(t *testing.T) {
			t.Parallel()
			server := pgtest.StartVersion(t, major)
			var total atomic.Int64
			for round := 0; ; round++ {
				seed := *differentialSeed
				if seed == 0 {
					seed = rand.Uint64()
				}
				t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
					w := newWorld(t, server, seed)
					w.run(t)
					total.Add(int64(w.compared))
				})
				if t.Failed() {
					t.Fatalf("replay it with: go test ./cdc -run 'TestDifferential/PostgreSQL%d' -differential.seed %d", major, seed)
				}
				if total.Load() >= int64(*differentialValues) || *differentialSeed != 0 {
					break
				}
			}
			t.Logf("%d values compared", total.Load())
		})
	}
}

// world is a database of generated tables with a stream, and the events to expect of it.
type world struct {
	*generator
	*subject
	actors   []*actor
	want     []event // in commit order
	compared int
}

// actor is a session with tables of its own, so that it never waits for the other.
type actor struct {
	conn    *pgx.Conn
	slot    string // of a prepared transaction
	tables  []*genTable
	rows    map[int]int // in each table, by id
	seen    int64       // the last that was read of the record
	open    bool
	parked  bool // its transaction is prepared
	pending []event
	before  state   // when the transaction began
	saved   []state // at each savepoint
}

// state is what a rollback restores.
type state struct {
	tables  []*genTable
	rows    map[int]int
	pending int
}

// event is what a frame must have.
type event struct {
	op       wal.Op
	table    *genTable
	old, new map[string]json.RawMessage // as to_jsonb has the row
	oldText  map[string]json.RawMessage // as row_to_json has it: json as it is
	newText  map[string]json.RawMessage
}

const harness = `
	CREATE SCHEMA harness;
	CREATE UNLOGGED TABLE harness.record (id bigserial, pid int DEFAULT pg_backend_pid(), op text, tab int, old jsonb, new jsonb, old_text text, new_text text);
	CREATE FUNCTION harness.record() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF TG_OP = 'TRUNCATE' THEN
			INSERT INTO harness.record (op, tab) VALUES (TG_OP, TG_ARGV[0]::int);
		ELSIF TG_OP = 'INSERT' THEN
			INSERT INTO harness.record (op, tab, new) VALUES (TG_OP, TG_ARGV[0]::int, to_jsonb(NEW));
		ELSIF TG_OP = 'DELETE' THEN
			INSERT INTO harness.record (op, tab, old) VALUES (TG_OP, TG_ARGV[0]::int, to_jsonb(OLD));
		ELSE
			INSERT INTO harness.record (op, tab, old, new, old_text, new_text)
			VALUES (TG_OP, TG_ARGV[0]::int, to_jsonb(OLD), to_jsonb(NEW), row_to_json(OLD)::text, row_to_json(NEW)::text);
		END IF;
		RETURN NULL;
	END $$;
	CREATE TABLE public.marker (id int PRIMARY KEY);
	CREATE SCHEMA "Shop.Two";`

func newWorld(t *testing.T, server *pgtest.Server, seed uint64) *world {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 0))
	w := &world{generator: &generator{Rand: r, major: server.Major()}, subject: &subject{url: server.NewDatabase(t)}}
	h := fnv.New32a()
	fmt.Fprint(h, w.url)
	w.slot = fmt.Sprintf("differential_%d_%08x", w.major, h.Sum32())
	w.conn = w.connect(t)
	w.exec(t, harness)
	w.makeTypes(t)
	w.actors = []*actor{{}, {}}
	for id := range 5 {
		table, statements := w.newTable(id, pick(r, "public", "Shop.Two"))
		for _, s := range statements {
			w.exec(t, s)
		}
		a := w.actors[id%len(w.actors)]
		a.tables = append(a.tables, table)
	}
	for i, a := range w.actors {
		a.conn, a.rows, a.slot = w.connect(t), map[int]int{}, fmt.Sprintf("%s_%d", w.slot, i)
	}
	w.start(t)
	return w
}

func (w *world) connect(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	if _, err := conn.Exec(t.Context(), `SET TimeZone = 'UTC'; SET IntervalStyle = postgres; SET DateStyle = ISO; SET extra_float_digits = 1; SET client_min_messages = warning`); err != nil {
		t.Fatal(err)
	}
	return conn
}

// makeTypes makes the world's own types, and finds those that not every server has.
func (w *world) makeTypes(t *testing.T) {
	t.Helper()
	w.types = append(builtinTypes(), newTypes(w.major)...)
	statements, made := userTypes(w.Rand, w.types)
	for _, s := range statements {
		w.exec(t, s)
	}
	made = append(made, arrayOf(pick(w.Rand, w.types...)), arrayOf(pick(w.Rand, w.types...)))
	made = slices.DeleteFunc(made, func(t *genType) bool { return strings.HasSuffix(t.sql, "vector[]") })
	rows, err := w.conn.Query(t.Context(), `SELECT name FROM pg_available_extensions ORDER BY name`)
	if err != nil {
		t.Fatal(err)
	}
	available, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range available {
		if brought := extensions[name]; brought != nil {
			w.exec(t, "CREATE EXTENSION "+name)
			made = append(made, brought...)
		}
	}
	if _, err := w.conn.Exec(t.Context(), `SELECT '<a/>'::xml`); err == nil {
		made = append(made, literal("xml", oneOf(`<a b="c">&amp;é</a>`, "text")))
	}
	// Choose an interesting one as often as any of the others.
	for len(made) < len(w.types) {
		made = append(made, made...)
	}
	w.types = append(w.types, made...)
}

// run lets the actors act until there are enough events, and compares.
func (w *world) run(t *testing.T) {
	t.Helper()
	for range 250 {
		w.step(t, pick(w.Rand, w.actors...))
	}
	for _, a := range w.actors {
		w.end(t, a)
	}
	w.exec(t, `INSERT INTO public.marker VALUES (1)`)
	for i, want := range w.want {
		frame := w.next(t)
		n, problem := want.compare(w.major, frame)
		w.compared += n
		if problem != "" {
			t.Fatalf("change %d of %d: %s\nframe %.4000s\nold   %.4000s\nnew   %.4000s\ntable %s", i, len(w.want), problem, frame, show(want.old), show(want.new), want.table)
		}
	}
	if frame := w.next(t); frame != `{"event":"create","collection_id":"marker","data":{"id":1}}` {
		t.Fatalf("more came than happened: %s", frame)
	}
}

func show(row map[string]json.RawMessage) string {
	b, _ := json.Marshal(row)
	return string(b)
}

// step is one thing that an actor does.
func (w *world) step(t *testing.T, a *actor) {
	t.Helper()
	if a.parked {
		w.unpark(t, a)
		return
	}
	if !a.open {
		a.before, a.saved, a.open = a.state(), nil, true
		a.do(t, "BEGIN")
	}
	switch n := w.IntN(24); {
	case n == 0:
		a.do(t, "COMMIT")
		w.committed(a)
	case n == 1 && w.IntN(3) == 0:
		a.do(t, "ROLLBACK")
		a.rolledBack()
	case n == 2 && w.IntN(3) == 0:
		a.do(t, "PREPARE TRANSACTION "+quoteSQL(a.slot))
		a.parked = true
	case n == 3:
		a.do(t, fmt.Sprintf("SAVEPOINT s%d", len(a.saved)))
		a.saved = append(a.saved, a.state())
	case n == 4 && len(a.saved) > 0:
		i := w.IntN(len(a.saved))
		a.do(t, fmt.Sprintf("ROLLBACK TO SAVEPOINT s%d", i))
		a.restore(a.saved[i])
		a.saved = a.saved[:i+1]
	case n == 5:
		i := w.IntN(len(a.tables))
		sql, altered := w.alter(a.tables[i])
		a.do(t, sql)
		a.tables[i] = altered
	case n == 6 && w.IntN(4) == 0:
		var names []string
		for _, table := range a.tables {
			names = append(names, table.sql())
		}
		w.change(t, a, statement{sql: "TRUNCATE " + strings.Join(names, ", ")})
	default:
		table := pick(w.Rand, a.tables...)
		w.change(t, a, w.statement(table, a.rows[table.id]))
	}
}

func (w *world) end(t *testing.T, a *actor) {
	t.Helper()
	switch {
	case a.parked:
		w.unpark(t, a)
	case a.open:
		a.do(t, "COMMIT")
		w.committed(a)
	}
}

func (w *world) unpark(t *testing.T, a *actor) {
	t.Helper()
	a.parked = false
	if w.IntN(4) == 0 {
		a.do(t, "ROLLBACK PREPARED "+quoteSQL(a.slot))
		a.rolledBack()
		return
	}
	a.do(t, "COMMIT PREPARED "+quoteSQL(a.slot))
	w.committed(a)
}

func (w *world) committed(a *actor) {
	w.want = append(w.want, a.pending...)
	a.pending, a.open = nil, false
}

func (a *actor) rolledBack() {
	a.restore(a.before)
	a.open = false
}

func (a *actor) state() state {
	return state{slices.Clone(a.tables), maps.Clone(a.rows), len(a.pending)}
}

func (a *actor) restore(s state) {
	a.tables, a.pending, a.rows = slices.Clone(s.tables), a.pending[:s.pending], maps.Clone(s.rows)
}

func (a *actor) do(t *testing.T, sql string) {
	t.Helper()
	if _, err := a.conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s\n%v", sql, err)
	}
}

// change runs a statement, and reads what it did from the record.
func (w *world) change(t *testing.T, a *actor, s statement) {
	t.Helper()
	returned := a.execute(t, s)
	var changed, want []json.RawMessage
	for _, e := range a.readRecord(t) {
		switch e.op {
		case wal.Create:
			a.rows[e.table.id]++
		case wal.Delete:
			a.rows[e.table.id]--
		case wal.Truncate:
			a.rows[e.table.id] = 0
		case wal.Update:
		}
		// A row that moves to another partition is deleted and made again.
		moved := e.op == wal.Delete && !strings.HasPrefix(s.sql, "DELETE")
		if row := e.new; s.returns && !moved {
			if e.op == wal.Delete {
				row = e.old
			}
			changed = append(changed, json.RawMessage(show(s.table.without(row))))
		}
		if e.table.exposed() {
			a.pending = append(a.pending, e)
		}
	}
	if !s.returns {
		return
	}
	for _, row := range returned {
		want = append(want, json.RawMessage(show(s.table.without(parseRow(t, row)))))
	}
	if diff := cmp.Diff(want, changed); diff != "" {
		t.Fatalf("the trigger recorded another thing than was returned: -returned +recorded\n%s\n%s", diff, s.sql)
	}
}

// without leaves out generated columns, which a trigger can't see.
func (t *genTable) without(row map[string]json.RawMessage) map[string]json.RawMessage {
	row = maps.Clone(row)
	for _, c := range t.columns {
		if c.generated != "" {
			delete(row, c.name)
		}
	}
	return row
}

func (a *actor) execute(t *testing.T, s statement) (returned []string) {
	t.Helper()
	if s.copies != "" {
		var rows bytes.Buffer
		if _, err := a.conn.PgConn().CopyTo(t.Context(), &rows, "COPY ("+s.sql+") TO STDOUT"); err != nil {
			t.Fatalf("%s\n%v", s.sql, err)
		}
		if _, err := a.conn.PgConn().CopyFrom(t.Context(), &rows, "COPY "+s.copies+" FROM STDIN"); err != nil {
			t.Fatalf("COPY of %s\n%v", s.sql, err)
		}
		return nil
	}
	rows, err := a.conn.Query(t.Context(), s.sql, pgx.QueryExecModeSimpleProtocol)
	if err == nil && s.returns {
		returned, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err == nil {
		rows.Close()
		err = rows.Err()
	}
	if err != nil {
		t.Fatalf("%s\n%v", s.sql, err)
	}
	return returned
}

func (a *actor) readRecord(t *testing.T) (events []event) {
	t.Helper()
	rows, err := a.conn.Query(t.Context(), `
		SELECT id, op, tab, coalesce(old::text, ''), coalesce(new::text, ''), coalesce(old_text, ''), coalesce(new_text, '')
		FROM harness.record WHERE pid = pg_backend_pid() AND id > $1 ORDER BY id`, a.seen)
	if err != nil {
		t.Fatal(err)
	}
	var op, before, after, beforeText, afterText string
	var id int
	_, err = pgx.ForEachRow(rows, []any{&a.seen, &op, &id, &before, &after, &beforeText, &afterText}, func() error {
		table := a.tables[slices.IndexFunc(a.tables, func(t *genTable) bool { return t.id == id })]
		events = append(events, event{
			op:    map[string]wal.Op{"INSERT": wal.Create, "UPDATE": wal.Update, "DELETE": wal.Delete, "TRUNCATE": wal.Truncate}[op],
			table: table, old: parseRow(t, before), new: parseRow(t, after), oldText: parseRow(t, beforeText), newText: parseRow(t, afterText),
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func parseRow(t *testing.T, s string) map[string]json.RawMessage {
	t.Helper()
	if s == "" {
		return nil
	}
	var row map[string]json.RawMessage
	if err := json.Unmarshal([]byte(s), &row); err != nil {
		t.Fatalf("%v in %s", err, s)
	}
	return row
}
