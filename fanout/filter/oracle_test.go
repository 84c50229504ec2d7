package filter_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
	"github.com/tablewire/tablewire/protocol/wal"
)

// oracle is a PostgreSQL server that says which rows a filter selects.
type oracle struct {
	conn  *pgconn.PgConn
	major int // of the server
	// folding is the collation under which lower() knows Unicode, "" where the
	// server has none: then only ASCII is generated for contains.
	folding string
}

const oracleSettings = `
	SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC';
	SET bytea_output = 'hex'; SET extra_float_digits = 1;
	CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'ba,d');
	CREATE TYPE pair AS (x int, y text);
	CREATE DOMAIN positive AS int CHECK (VALUE > 0);`

func newOracle(t *testing.T) *oracle {
	t.Helper()
	return newOracleOf(t, pgtest.Start(t))
}

// eachOracle runs a test on the server of the other tests and, since types come with
// new versions, on the newest.
func eachOracle(t *testing.T, run func(t *testing.T, o *oracle, share int)) {
	servers := []*pgtest.Server{pgtest.Start(t)}
	if servers[0].Major() < pgtest.Newest {
		servers = append(servers, pgtest.StartVersion(t, pgtest.Newest))
	}
	for _, server := range servers {
		t.Run(fmt.Sprintf("PostgreSQL%d", server.Major()), func(t *testing.T) {
			t.Parallel()
			run(t, newOracleOf(t, server), len(servers))
		})
	}
}

func newOracleOf(t *testing.T, server *pgtest.Server) *oracle {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), server.NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	o := &oracle{conn: conn, major: server.Major()}
	o.mustQuery(t, oracleSettings)
	names := o.mustQuery(t, `SELECT collname FROM pg_collation WHERE collname IN ('pg_c_utf8', 'C.utf8') ORDER BY 1 DESC LIMIT 1`)
	if len(names) == 1 && isUTF8(o, t) {
		o.folding = `"` + string(names[0][0]) + `"`
	}
	return o
}

func isUTF8(o *oracle, t *testing.T) bool {
	t.Helper()
	return string(o.mustQuery(t, `SHOW server_encoding`)[0][0]) == "UTF8"
}

// query runs statements and returns the last one's rows as text, NULL as nil.
func (o *oracle) query(ctx context.Context, sql string) ([][][]byte, error) {
	results, err := o.conn.Exec(ctx, sql).ReadAll()
	if err != nil || len(results) == 0 {
		return nil, err
	}
	return results[len(results)-1].Rows, nil
}

func (o *oracle) mustQuery(t *testing.T, sql string) [][][]byte {
	t.Helper()
	rows, err := o.query(t.Context(), sql)
	if err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
	return rows
}

func sqlQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func likeQuote(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

// sample is a column of the generated table: its type, and how to make values
// and literals of it.
type sample struct {
	name    string
	sqlType string
	typ     wal.Type
	expr    string // what the operators compare
	text    string // what contains and the like look at
	ops     []string
	values  []string                            // edge cases
	random  func(r *rand.Rand) string           // more values; nil: none
	spell   func(r *rand.Rand, s string) string // another spelling of a literal; nil for none
	number  bool                                // literals may be numbers in JSON
}

// value makes a value that the type's input function takes.
func (s *sample) value(r *rand.Rand) string {
	if s.random == nil || r.IntN(3) == 0 {
		return s.values[r.IntN(len(s.values))]
	}
	return s.random(r)
}

// literal makes a literal for a filter.
func (s *sample) literal(r *rand.Rand) string {
	v := s.value(r)
	if s.spell != nil && r.IntN(3) == 0 {
		v = s.spell(r, v)
	}
	return v
}

// createTable fills a table of the samples' columns and returns the rows' values
// as the replication stream would carry them, by id.
func (o *oracle) createTable(t *testing.T, r *rand.Rand, samples []*sample, rows int) map[string][]wal.Value {
	t.Helper()
	definitions := []string{"id int"}
	for _, s := range samples {
		if s.sqlType != "" {
			definitions = append(definitions, fmt.Sprintf("%q %s", s.name, s.sqlType))
		}
	}
	o.mustQuery(t, "DROP TABLE IF EXISTS t; CREATE TABLE t ("+strings.Join(definitions, ", ")+")")
	tuples := make([]string, rows)
	for i := range tuples {
		tuple := []string{fmt.Sprint(i)}
		for _, s := range samples {
			switch {
			case s.sqlType == "":
			case r.IntN(8) == 0:
				tuple = append(tuple, "NULL")
			default:
				tuple = append(tuple, sqlQuote(s.value(r)))
			}
		}
		tuples[i] = "(" + strings.Join(tuple, ", ") + ")"
	}
	o.mustQuery(t, "INSERT INTO t VALUES "+strings.Join(tuples, ",\n"))
	table := map[string][]wal.Value{}
	for _, fields := range o.mustQuery(t, "SELECT * FROM t") {
		table[string(fields[0])] = valuesOf(fields)
	}
	return table
}

// valuesOf gives a row's fields as the replication stream would carry them.
func valuesOf(fields [][]byte) []wal.Value {
	values := make([]wal.Value, len(fields))
	for i, text := range fields {
		values[i].State = wal.Null
		if text != nil {
			values[i] = wal.Value{State: wal.Text, Text: text}
		}
	}
	return values
}

// relationOf describes the table of createTable.
func relationOf(samples []*sample) *wal.Relation {
	relation := &wal.Relation{Schema: "public", Name: "t"}
	relation.Columns = append(relation.Columns, column("id", "integer", 23, wal.KindInt, 32))
	for _, s := range samples {
		if s.sqlType != "" {
			relation.Columns = append(relation.Columns, wal.NewColumn(s.name, s.typ, false, nil))
		}
	}
	return relation
}
