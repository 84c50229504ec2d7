package integration

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

var (
	rowSetRounds = flag.Int("rowsets.rounds", 10, "tables that TestRowSets tries")
	rowSetSeed   = flag.Uint64("rowsets.seed", 0, "repeat a round of TestRowSets, with -rowsets.rounds=1; 0 takes a new one")
)

// Clients that keep rows as docs/row-sets.md says have what SELECT ... WHERE gives,
// whenever the stream has caught up: random tables, filters, columns and statements.
func TestRowSets(t *testing.T) { //nolint:tparallel // the rounds share a connection and the markers
	t.Parallel()
	db := harness.Connect(t, pgtest.Start(t).NewDatabase(t))
	db.Run(t, `CREATE TABLE marker (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY)`)
	s := harness.Serve(t, db.URL, "row_sets", "--queue-bytes", "16MiB")
	markers := harness.Subscribe(t, s, "marker", nil)
	seed := *rowSetSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	pairs, matches := 0, 0
	for i := range *rowSetRounds {
		t.Run(fmt.Sprintf("round %d", i), func(t *testing.T) {
			t.Logf("to repeat: go test ./integration -run TestRowSets -rowsets.rounds=1 -rowsets.seed=%d", seed+uint64(i))
			w := newRowSets(t, db, fmt.Sprintf("t%d", i), seed+uint64(i))
			w.play(t, s, markers)
			pairs, matches = pairs+w.pairs, matches+w.matches
		})
	}
	t.Logf("%d pairs of row and client compared, %d rows matched", pairs, matches)
	if *rowSetRounds >= 10 && (matches < pairs/10 || matches > pairs*9/10) {
		t.Errorf("%d of %d rows matched: the filters decide nothing", matches, pairs)
	}
}

// rowSets is a random table and the clients that keep its rows.
type rowSets struct {
	r              *rand.Rand
	db             *harness.Database
	table          string
	columns        []tableColumn
	full           bool // the log tells the whole old row
	byIndex        bool // the key is not the primary key, but another index that identifies a row
	partitioned    bool
	mixed          bool // some partitions have told less than the whole old row
	clients        []*rowKeeper
	pairs, matches int // compared so far
}

func newRowSets(t *testing.T, db *harness.Database, table string, seed uint64) *rowSets {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 0))
	w := &rowSets{r: r, db: db, table: table, full: r.IntN(2) == 0, columns: randomColumns(r)}
	var definitions []string
	for _, c := range w.columns {
		definitions = append(definitions, c.name+" "+c.sqlType)
	}
	key := strings.Join(w.key(), ", ")
	definitions = append(definitions, fmt.Sprintf("PRIMARY KEY (%s)", key))
	if w.byIndex = r.IntN(5) == 0; w.byIndex {
		for i, c := range w.columns {
			if c.key {
				definitions[i] += " NOT NULL"
			}
		}
		definitions[len(w.columns)] = fmt.Sprintf("number int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, CONSTRAINT %s_key UNIQUE (%s)", table, key)
	}
	create := fmt.Sprintf(`CREATE TABLE %s (%s)`, table, strings.Join(definitions, ", "))
	if w.partitioned = !w.byIndex && r.IntN(2) == 0; w.partitioned {
		create += " PARTITION BY RANGE (id)"
	}
	db.Run(t, create)
	if w.partitioned {
		for _, part := range parts {
			db.Run(t, w.part(part))
		}
	}
	if w.has("body") {
		db.Run(t, fmt.Sprintf(`ALTER TABLE %s ALTER body SET STORAGE EXTERNAL`, table))
	}
	w.identify(t, w.full)
	return w
}

// part makes a partition.
func (w *rowSets) part(name string) string {
	bounds := map[string]string{"low": "FROM (MINVALUE) TO (20)", "mid": "FROM (20) TO (40)", "high": "FROM (40) TO (MAXVALUE)"}[name]
	return fmt.Sprintf("CREATE TABLE %s_%s PARTITION OF %[1]s FOR VALUES %[3]s;", w.table, name, bounds)
}

// parts are the partitions of a table that has some.
var parts = []string{"low", "mid", "high"}

// identify lets the log tell the whole old row or not. What it tells of a partitioned
// table is up to each partition, whatever the table's own replica identity is.
func (w *rowSets) identify(t *testing.T, full bool) {
	t.Helper()
	identity := "DEFAULT"
	switch {
	case w.partitioned:
		less := w.r.IntN(len(parts))
		for i, part := range parts {
			identity := "FULL"
			if !full && (i == less || w.r.IntN(2) == 0) {
				identity, w.mixed = "DEFAULT", true
			}
			w.db.Run(t, fmt.Sprintf(`ALTER TABLE %s_%s REPLICA IDENTITY %s`, w.table, part, identity))
		}
		// It can't be seen of every row that a partition has become FULL.
		full, identity = full && !w.mixed, among("DEFAULT", "FULL", "NOTHING")(w.r)
	case w.byIndex: // which is the key only as long as it identifies
		full, identity = false, "USING INDEX "+w.table+"_key"
	case full:
		identity = "FULL"
	}
	w.full = full
	for _, c := range w.clients {
		c.full = c.full && full
	}
	w.db.Run(t, fmt.Sprintf(`ALTER TABLE %s REPLICA IDENTITY %s`, w.table, identity))
}

func (w *rowSets) has(column string) bool {
	return slices.ContainsFunc(w.columns, func(c tableColumn) bool { return c.name == column })
}

func (w *rowSets) key() (names []string) {
	for _, c := range w.columns {
		if c.key {
			names = append(names, c.name)
		}
	}
	return names
}

// play lets clients come while statements run, and compares now and then.
func (w *rowSets) play(t *testing.T, s *harness.Server, markers harness.Client) {
	t.Helper()
	for range 4 {
		w.transact(t)
	}
	for range 4 {
		for range 3 {
			w.clients = append(w.clients, w.connect(t, s))
			w.transact(t)
		}
		for range 10 {
			w.transact(t)
		}
		w.catchUp(t, markers)
		for _, c := range w.clients {
			c.compare(t, w)
		}
		if w.r.IntN(3) == 0 {
			w.changeUnseen(t)
		}
		if w.r.IntN(4) == 0 {
			w.identify(t, !w.full)
		}
	}
}

// changeUnseen lets rows change, come or go without a change that tells of it. All
// clients are asked to come back.
func (w *rowSets) changeUnseen(t *testing.T) {
	t.Helper()
	mid := w.table + "_mid"
	detach, attach := "ALTER TABLE "+w.table+" DETACH PARTITION "+mid+";", "ALTER TABLE "+w.table+" ATTACH PARTITION "+mid+" FOR VALUES FROM (20) TO (40);"
	var ways []string
	if w.has("n") {
		ways = append(ways, "ALTER TABLE "+w.table+" ALTER n TYPE int USING (n + 3) % 10")
	}
	if w.partitioned {
		identity := harness.Query[string](t, w.db, `SELECT CASE relreplident WHEN 'f' THEN 'FULL' ELSE 'DEFAULT' END FROM pg_class WHERE oid = $1::regclass`, mid)[0]
		anew := "DROP TABLE " + mid + ";" + w.part("mid") + "ALTER TABLE " + mid + " REPLICA IDENTITY " + identity + ";"
		if w.has("body") {
			anew += "ALTER TABLE " + mid + " ALTER body SET STORAGE EXTERNAL;"
		}
		ways = append(ways, detach+"DELETE FROM "+mid+" WHERE id % 2 = 0;"+attach, detach+anew, "TRUNCATE "+mid)
	}
	if len(ways) == 0 {
		return
	}
	statements := ways[w.r.IntN(len(ways))]
	w.db.Run(t, "BEGIN;"+statements+"; COMMIT")
	for _, c := range w.clients {
		c.WantClosed(t, websocket.CloseServiceRestart)
		c.limited.WantClosed(t, websocket.CloseServiceRestart)
	}
	if t.Failed() {
		t.Fatalf("after %s", statements)
	}
	w.clients = nil
}

// catchUp waits until the clients have all that has been committed. Each batch is
// with all queues before the next is looked at: once a marker is seen that was
// written after another was seen, what came before that one is with the queues.
func (w *rowSets) catchUp(t *testing.T, markers harness.Client) {
	t.Helper()
	for range 2 {
		id := harness.Query[int](t, w.db, `INSERT INTO marker DEFAULT VALUES RETURNING id`)[0]
		markers.Want(t, fmt.Sprintf(`{"event":"create","collection_id":"marker","data":{"id":%d}}`, id))
	}
	w.clients = slices.DeleteFunc(w.clients, func(c *rowKeeper) bool {
		here := c.read(t, w)
		if !here && (c.full || !w.full && !w.mixed) {
			t.Errorf("filters %v: a client was asked to come back", c.filter.members)
		}
		return !here
	})
}

// transact runs a transaction of some statements. One that violates a key is undone.
func (w *rowSets) transact(t *testing.T) {
	t.Helper()
	tx, err := w.db.Begin(background(t))
	if err != nil {
		t.Fatal(err)
	}
	for range 1 + w.r.IntN(4) {
		statement := w.statement()
		if _, err := tx.Exec(background(t), statement); err != nil {
			if violated, ok := errors.AsType[*pgconn.PgError](err); !ok || violated.Code != "23505" {
				t.Fatalf("%s: %v", statement, err)
			}
			_ = tx.Rollback(background(t)) // nothing is left of it
			return
		}
	}
	end := tx.Commit
	if w.r.IntN(8) == 0 {
		end = tx.Rollback
	}
	if err := end(background(t)); err != nil && !errors.Is(err, pgx.ErrTxClosed) {
		t.Fatal(err)
	}
}

func (w *rowSets) statement() string {
	switch n := w.r.IntN(60); {
	case n == 0:
		return "TRUNCATE " + w.table
	case n < 25:
		return w.insert()
	case n < 29:
		return fmt.Sprintf("DELETE FROM %s WHERE id %% 4 = %d AND %s", w.table, w.r.IntN(4), w.filter().where)
	case n < 36:
		return fmt.Sprintf("UPDATE %s SET id = id + %d WHERE id %% 5 = %d AND %s", w.table, 1+w.r.IntN(keys), w.r.IntN(5), w.filter().where)
	}
	return fmt.Sprintf("UPDATE %s SET %s WHERE %s", w.table, w.assignments(), w.filter().where)
}

// insert gives some rows; those that are there are left or, now and then, updated.
func (w *rowSets) insert() string {
	var names, rows, excluded []string
	for _, c := range w.columns {
		names = append(names, c.name)
		if !c.key {
			excluded = append(excluded, c.name+" = excluded."+c.name)
		}
	}
	for i, n := 0, w.r.IntN(keys); i < 1+w.r.IntN(12); i++ {
		row := make([]string, len(w.columns))
		for j, c := range w.columns {
			switch {
			case c.name == "id":
				row[j] = strconv.Itoa(n + i) // two equal keys in one statement are an error
			case !c.key && w.r.IntN(6) == 0:
				row[j] = "NULL"
			default:
				row[j] = c.value(w.r)
			}
		}
		rows = append(rows, "("+strings.Join(row, ", ")+")")
	}
	conflict := "NOTHING"
	if len(excluded) > 0 && w.r.IntN(3) == 0 {
		conflict = "UPDATE SET " + strings.Join(excluded, ", ")
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES %s ON CONFLICT (%s) DO %s",
		w.table, strings.Join(names, ", "), strings.Join(rows, ", "), strings.Join(w.key(), ", "), conflict)
}

// assignments sets some columns. Now and then one is set to what it was.
func (w *rowSets) assignments() string {
	var set []string
	for _, c := range w.columns {
		switch {
		case c.name == "id" || w.r.IntN(3) > 0:
		case w.r.IntN(4) == 0:
			set = append(set, c.name+" = "+c.name)
		case !c.key && w.r.IntN(6) == 0:
			set = append(set, c.name+" = NULL")
		default:
			set = append(set, c.name+" = "+c.value(w.r))
		}
	}
	if len(set) == 0 {
		return "id = id"
	}
	return strings.Join(set, ", ")
}
