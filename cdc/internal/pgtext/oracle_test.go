package pgtext

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
	"github.com/tablewire/tablewire/protocol/wal"
)

// oracle is a session of a PostgreSQL server. Its to_jsonb decides what is right.
type oracle struct{ conn *pgconn.PgConn }

// settings are those that cdc sets on the replication connection.
const settings = `
	SET DateStyle = ISO; SET IntervalStyle = postgres; SET TimeZone = 'UTC';
	SET bytea_output = hex; SET extra_float_digits = 1; SET client_encoding = 'UTF8';
	SET client_min_messages = warning;`

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// openOracle connects to the test server, to a database of its own.
func openOracle(t *testing.T) *oracle {
	t.Helper()
	return openOracleOf(t, pgtest.Start(t))
}

// newestOracle is one of the newest version, which has all types.
func newestOracle(t *testing.T) *oracle {
	t.Helper()
	return openOracleOf(t, pgtest.StartVersion(t, pgtest.Newest))
}

func openOracleOf(t *testing.T, server *pgtest.Server) *oracle {
	t.Helper()
	conn, err := pgconn.Connect(context.Background(), server.NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	o := &oracle{conn}
	o.mustExec(t, settings)
	return o
}

func (o *oracle) exec(sql string) ([]*pgconn.Result, error) {
	return o.conn.Exec(context.Background(), sql).ReadAll()
}

func (o *oracle) mustExec(t testing.TB, sql string) []*pgconn.Result {
	t.Helper()
	results, err := o.exec(sql)
	if err != nil {
		t.Fatalf("%s\n%v", sql, err)
	}
	return results
}

// failer is what *testing.T and *rapid.T have in common.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// check encodes the values of SQL expressions, all of one type, and compares them with
// to_jsonb. If typ is nil, it is the built-in type that the server names.
//
// The simple protocol has values as their output functions write them, as pgoutput has.
func (o *oracle) check(t failer, typ *wal.Type, exprs ...string) {
	t.Helper()
	sql := "SELECT v, to_jsonb(v)::text FROM (VALUES (" + strings.Join(exprs, "), (") + ")) t(v)"
	results, err := o.exec(sql)
	if err != nil {
		t.Fatalf("%s\n%v", sql, err)
	}
	if typ == nil {
		column := results[0].FieldDescriptions[0]
		b, ok := Builtin(column.DataTypeOID, column.TypeModifier)
		if !ok {
			t.Fatalf("%s: type %d is not built in", exprs[0], column.DataTypeOID)
		}
		typ = &b
	}
	enc := Encoder(*typ)
	for i, row := range results[0].Rows {
		if row[0] == nil {
			continue
		}
		got := enc(nil, row[0])
		if diff := diffJSON(*typ, got, row[1]); diff != "" {
			t.Errorf("%s %s\ntext     %s\ngot      %s\nto_jsonb %s\n%s", typ.Name, exprs[i], row[0], got, row[1], diff)
		}
	}
}

// zoned finds the offset of a timestamptz as to_jsonb writes it.
var zoned = regexp.MustCompile(`(\d-\d\d-\d\dT[0-9:.]+)\+00:00`)

// diffJSON returns "" if got equals the result of to_jsonb. It compares bytes, without
// blanks, unless the type has objects in it, because jsonb sorts their keys.
func diffJSON(typ wal.Type, got, want []byte) string {
	if !json.Valid(got) {
		return "not JSON"
	}
	if contains(typ, wal.KindTimestampTZ) {
		want = zoned.ReplaceAll(want, []byte("${1}Z"))
	}
	inJSON := contains(typ, wal.KindJSON)
	if inJSON || contains(typ, wal.KindComposite) {
		return cmp.Diff(parse(want, inJSON), parse(got, inJSON))
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, want); err != nil {
		return err.Error()
	}
	if !bytes.Equal(got, compact.Bytes()) {
		return "not the same bytes"
	}
	return ""
}

// contains reports whether a type is, or is made of, types of a kind.
func contains(t wal.Type, kind wal.Kind) bool {
	if t.Kind == kind || t.Elem != nil && contains(*t.Elem, kind) {
		return true
	}
	for _, f := range t.Fields {
		if contains(f.Type, kind) {
			return true
		}
	}
	return false
}

// parse reads JSON with all digits of its numbers. Numbers in an application's json may have
// exponents, which jsonb resolves: these are compared by value.
func parse(b []byte, byValue bool) any {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return err.Error()
	}
	if byValue {
		return values(v)
	}
	return v
}

func values(v any) any {
	switch v := v.(type) {
	case json.Number:
		r, ok := new(big.Rat).SetString(v.String())
		if !ok {
			return fmt.Sprintf("not a number: %s", v)
		}
		return json.Number(r.RatString())
	case []any:
		for i := range v {
			v[i] = values(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = values(v[k])
		}
	}
	return v
}

// quote makes an SQL literal.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// casts makes an expression of each literal.
func casts(typ string, literals ...string) []string {
	exprs := make([]string, len(literals))
	for i, l := range literals {
		exprs[i] = quote(l) + "::" + typ
	}
	return exprs
}
