package pgtext

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tablewire/tablewire/protocol/wal"
)

func TestBuiltin(t *testing.T) {
	t.Parallel()
	numeric := wal.Type{OID: 1700, Base: 1700, Name: "numeric(10,2)", Kind: wal.KindNumeric}
	tests := []struct {
		oid    uint32
		typmod int32
		want   wal.Type
	}{
		{23, -1, wal.Type{OID: 23, Base: 23, Name: "integer", Kind: wal.KindInt, Bits: 32}},
		{1700, 10<<16 | 2 + 4, numeric},
		{1231, 10<<16 | 2 + 4, wal.Type{OID: 1231, Base: 1231, Name: "numeric(10,2)[]", Kind: wal.KindArray, Delim: ',', Elem: &numeric}},
		{1020, -1, wal.Type{OID: 1020, Base: 1020, Name: "box[]", Kind: wal.KindArray, Delim: ';', Elem: &wal.Type{OID: 603, Base: 603, Name: "box"}}},
	}
	for _, tt := range tests {
		t.Run(tt.want.Name, func(t *testing.T) {
			t.Parallel()
			got, ok := Builtin(tt.oid, tt.typmod)
			if !ok {
				t.Fatal("not found")
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	// Unknown, pg_type's row type, the pseudo-type record, an application's type.
	for _, oid := range []uint32{0, 71, 2249, 16384} {
		if got, ok := Builtin(oid, -1); ok {
			t.Errorf("%d: got %v", oid, got)
		}
	}
}

// TestBuiltinIsTheCatalog compares with every base and range type of pg_catalog on the newest
// version. That has all types of the older ones.
func TestBuiltinIsTheCatalog(t *testing.T) {
	t.Parallel()
	o := newestOracle(t)
	rows := o.mustExec(t, `
		SELECT t.oid, format_type(t.oid, -1),
			CASE WHEN t.typcollation <> 0 AND t.typname LIKE 'pg\_%' THEN 'Z' ELSE t.typcategory END, -- internal ones were strings before 15
			CASE WHEN t.typsubscript = 'array_subscript_handler'::regproc THEN t.typelem ELSE 0 END,
			e.typdelim
		FROM pg_catalog.pg_type t
		LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
		WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.oid < 16384 AND t.typtype IN ('b', 'r', 'm')
			AND coalesce(e.typtype, 'b') IN ('b', 'r', 'm')`)[0].Rows
	if len(rows) < 150 {
		t.Fatalf("only %d types", len(rows))
	}
	for _, row := range rows {
		oid, name, category, elem := atoi(row[0]), string(row[1]), string(row[2]), atoi(row[3])
		got, ok := Builtin(oid, -1)
		if !ok {
			t.Errorf("%s (%d) is missing", name, oid)
			continue
		}
		if got.Name != name || got.OID != oid || got.Base != oid {
			t.Errorf("%s (%d): got %q (%d, %d)", name, oid, got.Name, got.OID, got.Base)
		}
		isArray := got.Kind == wal.KindArray
		switch {
		case isArray != (elem != 0):
			t.Errorf("%s: got kind %d, elements %d", name, got.Kind, elem)
		case isArray && got.Elem.OID != elem:
			t.Errorf("%s: got elements of %d, want %d", name, got.Elem.OID, elem)
		case isArray && oid != oidInt2vector && oid != oidOidvector && got.Delim != row[4][0]:
			t.Errorf("%s: got delimiter %q, want %s", name, got.Delim, row[4])
		case (category == "S") != (got.Kind == wal.KindText) && oid != 18:
			t.Errorf("%s: got kind %d, category %s", name, got.Kind, category)
		case (category == "R") != (got.Kind == wal.KindRange):
			t.Errorf("%s: got kind %d, category %s", name, got.Kind, category)
		}
	}
}

// TestBuiltinNamesModifiers compares with format_type.
func TestBuiltinNamesModifiers(t *testing.T) {
	t.Parallel()
	o := openOracle(t)
	types := []string{
		"character", "character(7)", "bpchar", "character varying(7)", "varchar", "bit", "bit(3)", "bit varying", "bit varying(3)",
		"numeric", "numeric(10)", "numeric(10,2)", "numeric(1000,999)", "time", "time(3)", "time(0) with time zone",
		"timestamp", "timestamp(6)", "timestamp(3) with time zone", "timestamptz", "interval", "interval(3)",
		"interval year", "interval month", "interval day", "interval hour", "interval minute", "interval second",
		"interval year to month", "interval day to hour", "interval day to minute", "interval day to second",
		"interval hour to minute", "interval hour to second", "interval minute to second", "interval second(2)", "interval day to second(2)",
	}
	for _, typ := range types {
		for _, typ := range []string{typ, typ + "[]"} {
			o.mustExec(t, "CREATE TABLE m (c "+typ+")")
			row := o.mustExec(t, `SELECT atttypid, atttypmod, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'm'::regclass AND attname = 'c'`)[0].Rows[0]
			o.mustExec(t, "DROP TABLE m")
			got, ok := Builtin(atoi(row[0]), int32(atoi(row[1])))
			if !ok || got.Name != string(row[2]) {
				t.Errorf("%s: got %q, want %q", typ, got.Name, row[2])
			}
		}
	}
}

func atoi(b []byte) uint32 {
	n, _ := strconv.ParseInt(string(b), 10, 64)
	return uint32(n)
}
