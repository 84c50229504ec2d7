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
	rowSetRounds = flag.Int("rowsets.rounds", 10, "how many random tables TestRowSets tries")
	rowSetSeed   = flag.Uint64("rowsets.seed", 0, "seed of TestRowSets's first round; 0 takes a new one")
)

// Clients that keep rows as docs/row-sets.md says have the rows that SELECT ... WHERE returns,
// whenever the stream has caught up. Tables, filters, columns and statements are random.
func TestRowSets(t *testing.T) { //nolint:tparallel // the rounds share a connection and the markers
	t.Parallel()
	// A server of its own: while other tests hold transactions open, a table that was created
	// after they began can't be told from one that was altered, if it is truncated then.
	db := harness.Connect(t, pgtest.Separate(t, nil).NewDatabase(t))
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
			w := newRowSetRound(t, db, fmt.Sprintf("t%d", i), seed+uint64(i))
			w.run(t, s, markers)
			pairs, matches = pairs+w.pairs, matches+w.matches
		})
	}
	t.Logf("compared %d pairs of a row and a client, of which %d match", pairs, matches)
	if *rowSetRounds >= 10 && (matches < pairs/10 || matches > pairs*9/10) {
		t.Errorf("%d of %d pairs match: the filters decide too little", matches, pairs)
	}
}

// rowSetRound is a random table and the clients that keep its rows.
type rowSetRound struct {
	r              *rand.Rand
	db             *harness.Database
	table          string
	columns        []tableColumn
	wholeOldRow    bool // WAL has the whole old row of every change
	identityIndex  bool // the replica identity is a unique index that is not the primary key
	partitioned    bool
	mixed          bool // of some partitions, WAL has had less than the whole old row
	clients        []*rowSetClient
	pairs, matches int // compared so far
}

func newRowSetRound(t *testing.T, db *harness.Database, table string, seed uint64) *rowSetRound {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 0))
	w := &rowSetRound{r: r, db: db, table: table, wholeOldRow: r.IntN(2) == 0, columns: randomColumns(r)}
	var definitions []string
	for _, c := range w.columns {
		definitions = append(definitions, c.name+" "+c.sqlType)
	}
	key := strings.Join(w.key(), ", ")
	definitions = append(definitions, fmt.Sprintf("PRIMARY KEY (%s)", key))
	if w.identityIndex = r.IntN(5) == 0; w.identityIndex {
		for i, c := range w.columns {
			if c.key {
				definitions[i] += " NOT NULL"
			}
		}
		definitions[len(w.columns)] = fmt.Sprintf("number int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, CONSTRAINT %s_key UNIQUE (%s)", table, key)
	}
	create := fmt.Sprintf(`CREATE TABLE %s (%s)`, table, strings.Join(definitions, ", "))
	if w.partitioned = !w.identityIndex && r.IntN(2) == 0; w.partitioned {
		create += " PARTITION BY RANGE (id)"
	}
	db.Run(t, create)
	if w.partitioned {
		for _, part := range partitions {
			db.Run(t, w.createPartition(part))
		}
	}
	if w.has("body") {
		db.Run(t, fmt.Sprintf(`ALTER TABLE %s ALTER body SET STORAGE EXTERNAL`, table))
	}
	w.setReplicaIdentity(t, w.wholeOldRow)
	return w
}

// createPartition returns the statement that creates a partition.
func (w *rowSetRound) createPartition(name string) string {
	bounds := map[string]string{"low": "FROM (MINVALUE) TO (20)", "mid": "FROM (20) TO (40)", "high": "FROM (40) TO (MAXVALUE)"}[name]
	return fmt.Sprintf("CREATE TABLE %s_%s PARTITION OF %[1]s FOR VALUES %[3]s;", w.table, name, bounds)
}

// partitions are those of every partitioned table.
var partitions = []string{"low", "mid", "high"}

// setReplicaIdentity decides whether WAL has the whole old row. For a partitioned table each
// partition decides, and the table's own replica identity has no effect.
func (w *rowSetRound) setReplicaIdentity(t *testing.T, full bool) {
	t.Helper()
	identity := "DEFAULT"
	switch {
	case w.partitioned:
		less := w.r.IntN(len(partitions))
		for i, part := range partitions {
			identity := "FULL"
			if !full && (i == less || w.r.IntN(2) == 0) {
				identity, w.mixed = "DEFAULT", true
			}
			w.db.Run(t, fmt.Sprintf(`ALTER TABLE %s_%s REPLICA IDENTITY %s`, w.table, part, identity))
		}
		// A row does not show that its partition has become FULL.
		full, identity = full && !w.mixed, oneOf("DEFAULT", "FULL", "NOTHING")(w.r)
	case w.identityIndex: // the key is the index's only while the index is the identity
		full, identity = false, "USING INDEX "+w.table+"_key"
	case full:
		identity = "FULL"
	}
	w.wholeOldRow = full
	for _, c := range w.clients {
		c.wholeOldRow = c.wholeOldRow && full
	}
	w.db.Run(t, fmt.Sprintf(`ALTER TABLE %s REPLICA IDENTITY %s`, w.table, identity))
}

func (w *rowSetRound) has(column string) bool {
	return slices.ContainsFunc(w.columns, func(c tableColumn) bool { return c.name == column })
}

func (w *rowSetRound) key() (names []string) {
	for _, c := range w.columns {
		if c.key {
			names = append(names, c.name)
		}
	}
	return names
}

// run connects clients while statements run, and compares the clients' rows with the table's
// from time to time.
func (w *rowSetRound) run(t *testing.T, s *harness.Server, markers harness.Client) {
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
			w.setReplicaIdentity(t, !w.wholeOldRow)
		}
	}
}

// changeUnseen changes, adds or removes rows in ways that are not in WAL. The server closes
// all clients.
func (w *rowSetRound) changeUnseen(t *testing.T) {
	t.Helper()
	mid := w.table + "_mid"
	detach, attach := "ALTER TABLE "+w.table+" DETACH PARTITION "+mid+";", "ALTER TABLE "+w.table+" ATTACH PARTITION "+mid+" FOR VALUES FROM (20) TO (40);"
	var statements []string
	if w.has("n") {
		statements = append(statements, "ALTER TABLE "+w.table+" ALTER n TYPE int USING (n + 3) % 10")
	}
	if w.partitioned {
		identity := harness.Query[string](t, w.db, `SELECT CASE relreplident WHEN 'f' THEN 'FULL' ELSE 'DEFAULT' END FROM pg_class WHERE oid = $1::regclass`, mid)[0]
		recreate := "DROP TABLE " + mid + ";" + w.createPartition("mid") + "ALTER TABLE " + mid + " REPLICA IDENTITY " + identity + ";"
		if w.has("body") {
			recreate += "ALTER TABLE " + mid + " ALTER body SET STORAGE EXTERNAL;"
		}
		statements = append(statements, detach+"DELETE FROM "+mid+" WHERE id % 2 = 0;"+attach, detach+recreate, "TRUNCATE "+mid)
	}
	if len(statements) == 0 {
		return
	}
	statement := statements[w.r.IntN(len(statements))]
	w.db.Run(t, "BEGIN;"+statement+"; COMMIT")
	for _, c := range w.clients {
		c.WantClosed(t, websocket.CloseServiceRestart)
		c.limited.WantClosed(t, websocket.CloseServiceRestart)
	}
	if t.Failed() {
		t.Fatalf("after %s", statement)
	}
	w.clients = nil
}

// catchUp waits until the clients have all that has been committed. The server queues a batch
// for all clients before it matches the next one. So when the second marker arrives, which was
// inserted after the first one had arrived, all batches before the first one are queued.
func (w *rowSetRound) catchUp(t *testing.T, markers harness.Client) {
	t.Helper()
	for range 2 {
		id := harness.Query[int](t, w.db, `INSERT INTO marker DEFAULT VALUES RETURNING id`)[0]
		markers.Want(t, fmt.Sprintf(`{"event":"create","collection_id":"marker","data":{"id":%d}}`, id))
	}
	w.clients = slices.DeleteFunc(w.clients, func(c *rowSetClient) bool {
		open := c.read(t, w)
		if !open && (c.wholeOldRow || !w.wholeOldRow && !w.mixed) {
			t.Errorf("filters %v: the server closed a client", c.filter.members)
		}
		return !open
	})
}

// transact runs a transaction of random statements. It rolls back one that violates a key.
func (w *rowSetRound) transact(t *testing.T) {
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
			_ = tx.Rollback(background(t)) // the transaction has failed
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

// statement returns a random statement.
func (w *rowSetRound) statement() string {
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

// insert returns a statement that inserts some rows. Rows whose key exists are left as they
// are or, sometimes, updated.
func (w *rowSetRound) insert() string {
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
				row[j] = strconv.Itoa(n + i) // a statement must not have a key twice
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

// assignments returns random assignments of an UPDATE. Some set a column to its old value.
func (w *rowSetRound) assignments() string {
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
