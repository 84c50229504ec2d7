package value_test

import (
	"cmp"
	"testing"

	"github.com/tablewire/tablewire/fanout/filter/value"
	"github.com/tablewire/tablewire/protocol/wal"
)

func typeOf(name string, kind wal.Kind, bits int) wal.Type {
	return wal.Type{Name: name, Kind: kind, Bits: bits}
}

// byOID is a type that has no kind of its own.
func byOID(name string, oid uint32) wal.Type {
	return wal.Type{Name: name, OID: oid, Base: oid, Kind: wal.KindOther}
}

func arrayOf(elem wal.Type) wal.Type {
	return wal.Type{Name: elem.Name + "[]", Kind: wal.KindArray, Delim: ',', Elem: &elem}
}

// enum is a type whose labels are not in the order of their texts.
func enum() wal.Type {
	t := typeOf("mood", wal.KindEnum, 0)
	t.Labels = []string{"sad", "ok", "happy"}
	return t
}

// bpchar is char(n).
func bpchar() wal.Type {
	t := typeOf("character(5)", wal.KindText, 0)
	t.Base = 1042
	return t
}

// jsonb is the type; json, which has no equality, has another OID.
func jsonb() wal.Type {
	t := typeOf("jsonb", wal.KindJSON, 0)
	t.Base = 3802
	return t
}

// citext folds the letters A to Z.
func citext() wal.Type {
	t := typeOf("citext", wal.KindText, 0)
	t.Folding = &wal.Folding{Lower: map[rune]string{}}
	for c := 'A'; c <= 'Z'; c++ {
		t.Folding.Lower[c] = string(c + 'a' - 'A')
	}
	return t
}

// orders has values of each type, as PostgreSQL prints them, in the type's order. The values
// of one line are equal.
var orders = []struct {
	of     wal.Type
	values [][]string
}{
	{typeOf("boolean", wal.KindBool, 0), [][]string{{"f"}, {"t"}}},
	{typeOf("smallint", wal.KindInt, 16), [][]string{{"-32768"}, {"-1"}, {"0"}, {"32767"}}},
	{typeOf("bigint", wal.KindInt, 64), [][]string{{"-9223372036854775808"}, {"9"}, {"10"}, {"9223372036854775807"}}},
	{typeOf("real", wal.KindFloat, 32), [][]string{{"-Infinity"}, {"-1.5"}, {"-0", "0"}, {"1e-45"}, {"3.4028235e+38"}, {"Infinity"}, {"NaN"}}},
	{typeOf("numeric", wal.KindNumeric, 0), [][]string{{"-Infinity"}, {"-10"}, {"-9.99", "-9.990"}, {"0", "0.00"}, {"0.0099"}, {"1", "1.0"}, {"123456789012345678901"}, {"Infinity"}, {"NaN"}}},
	{typeOf("text", wal.KindText, 0), [][]string{{""}, {"B"}, {"a"}, {"a "}, {"ab"}, {"b"}, {"é"}}},
	{bpchar(), [][]string{{"     ", ""}, {"a    ", "a"}, {"ab   "}}},
	{citext(), [][]string{{"a", "A"}, {"ab", "aB", "AB"}, {"b"}}},
	{typeOf("uuid", wal.KindUUID, 0), [][]string{{"00000000-0000-0000-0000-00000000000f"}, {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}}},
	{typeOf("bytea", wal.KindBytea, 0), [][]string{{`\x`}, {`\x00`}, {`\x0aff`}, {`\xff`}}},
	{enum(), [][]string{{"sad"}, {"ok"}, {"happy"}}},
	{typeOf("date", wal.KindDate, 0), [][]string{{"-infinity"}, {"0044-03-15 BC"}, {"0001-01-01"}, {"2024-02-29"}, {"5874897-12-31"}, {"infinity"}}},
	{typeOf("time without time zone", wal.KindTime, 0), [][]string{{"00:00:00"}, {"09:30:00.000001"}, {"24:00:00"}}},
	{typeOf("timestamp without time zone", wal.KindTimestamp, 0), [][]string{{"-infinity"}, {"2024-01-15 10:30:00"}, {"2024-01-15 10:30:00.5"}, {"infinity"}}},
	{typeOf("timestamp with time zone", wal.KindTimestampTZ, 0), [][]string{{"2024-01-15 10:30:00+00", "2024-01-15 12:30:00+02"}, {"2024-01-15 10:30:00-01"}}},
	{byOID("time with time zone", 1266), [][]string{{"10:00:00+02"}, {"10:00:00+00"}, {"09:00:00-01"}}},
	{byOID("interval", 1186), [][]string{{"-1 days"}, {"00:00:01"}, {"30 days", "1 mon", "720:00:00"}, {"1 year"}}},
	{byOID("inet", 869), [][]string{{"10.0.0.0/8"}, {"10.0.0.1"}, {"11.0.0.0/8"}, {"::1"}, {"2001:db8::/32"}}},
	{byOID("cidr", 650), [][]string{{"10.0.0.0/8"}, {"10.0.0.0/16"}, {"11.0.0.0/8"}}},
	{byOID("macaddr", 829), [][]string{{"08:00:2b:01:02:03"}, {"08:00:2b:01:02:04"}}},
	{byOID("oid", 26), [][]string{{"0"}, {"9"}, {"10"}, {"4294967295"}}},
	{byOID("pg_lsn", 3220), [][]string{{"0/0"}, {"0/FFFFFFFF"}, {"9/0", "9/00000000"}, {"10/0"}}},
	{arrayOf(typeOf("integer", wal.KindInt, 32)), [][]string{{"{}"}, {"{1}"}, {"{1,2}"}, {"[0:1]={1,3}"}, {"{1,3}"}, {"{10}"}, {"{NULL}"}}},
	{arrayOf(citext()), [][]string{{"{a,b}", `{"A",B}`}, {"{b}"}}},
}

// TestOrder holds every two values of each type against their order.
func TestOrder(t *testing.T) {
	t.Parallel()
	for _, tt := range orders {
		t.Run(tt.of.Name, func(t *testing.T) {
			t.Parallel()
			o := value.OpclassOf(&tt.of)
			if !o.HasEquality() || !o.HasOrder() || o.Unusable() != "" {
				t.Fatalf("equality %v, order %v, unusable %q", o.HasEquality(), o.HasOrder(), o.Unusable())
			}
			type placed struct {
				text  string
				place int
				datum value.Datum
			}
			var all []placed
			for place, equal := range tt.values {
				for _, text := range equal {
					all = append(all, placed{text, place, read(t, o, text)})
				}
			}
			for _, a := range all {
				for _, b := range all {
					if got, want := o.Compare(a.datum, b.datum), cmp.Compare(a.place, b.place); cmp.Compare(got, 0) != want {
						t.Errorf("comparing %q with %q gives %d, want %d", a.text, b.text, got, want)
					}
					checkLaws(t, o, a.datum, b.datum)
				}
			}
		})
	}
}

// read reads a value as PostgreSQL prints it.
func read(t *testing.T, o *value.Opclass, text string) value.Datum {
	t.Helper()
	raw := []byte(text)
	if o.Folds() {
		var ok bool
		if raw, ok = o.Fold(nil, raw); !ok {
			t.Fatalf("%q can't be folded", text)
		}
	}
	d, ok := o.Read(raw)
	if !ok {
		t.Fatalf("%q can't be read", text)
	}
	return d
}

// checkLaws holds what Hash and SortKey say of two values against Compare.
func checkLaws(t *testing.T, o *value.Opclass, a, b value.Datum) {
	t.Helper()
	order := o.Compare(a, b)
	if back := o.Compare(b, a); cmp.Compare(back, 0) != -cmp.Compare(order, 0) {
		t.Errorf("%v and %v compare as %d, the other way round as %d", a, b, order, back)
	}
	if order == 0 && o.Hash(a) != o.Hash(b) {
		t.Errorf("%v and %v are equal, their hashes are not", a, b)
	}
	if o.SortKey == nil {
		return
	}
	switch byKey := cmp.Compare(o.SortKey(a), o.SortKey(b)); {
	case byKey != 0 && byKey != cmp.Compare(order, 0):
		t.Errorf("%v and %v compare as %d, their sort keys as %d", a, b, order, byKey)
	case byKey == 0 && order != 0 && o.ExactSortKey:
		t.Errorf("%v and %v compare as %d, and share an exact sort key", a, b, order)
	}
}

// A datum that was cloned or moved is the same value, with bytes of its own.
func TestDatumOwnsItsBytes(t *testing.T) {
	t.Parallel()
	raw := []byte("abc")
	d, _ := value.Text.Read(raw)
	clone := d.Clone()
	buf, moved := d.MoveTo(make([]byte, 0, 8))
	copy(raw, "xyz")
	for name, d := range map[string]value.Datum{"the clone": clone, "the moved one": moved} {
		if string(d.Bytes()) != "abc" {
			t.Errorf("%s is %q behind a change of what it was read from, want abc", name, d.Bytes())
		}
	}
	if string(buf) != "abc" {
		t.Errorf("the buffer has %q, want abc", buf)
	}
}

// jsonb has equality, but no order that means something.
func TestJSONEquality(t *testing.T) {
	t.Parallel()
	of := jsonb()
	o := value.OpclassOf(&of)
	if !o.HasEquality() || o.HasOrder() {
		t.Fatalf("equality %v, order %v, want only equality", o.HasEquality(), o.HasOrder())
	}
	literal, err := o.Literal(`{"b":[1,2],"a":1.0}`)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		`{"a": 1, "b": [1, 2]}`:        true,
		`{"a": 1.00, "b": [1.0, 2e0]}`: true,
		`{"a": 1, "b": [2, 1]}`:        false,
		`{"a": "1", "b": [1, 2]}`:      false,
		`[]`:                           false,
	} {
		d := read(t, o, text)
		if equal := o.Compare(literal, d) == 0; equal != want {
			t.Errorf("equal to %s: %v, want %v", text, equal, want)
		}
		checkLaws(t, o, literal, d)
	}
}

// FuzzRead holds that reading never panics, and the laws for what can be read.
func FuzzRead(f *testing.F) {
	for i, tt := range orders {
		for _, equal := range tt.values {
			for _, text := range equal {
				f.Add(uint8(i), []byte(text), []byte(tt.values[0][0]))
			}
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, a, b []byte) {
		o := value.OpclassOf(&orders[int(which)%len(orders)].of)
		if o.Folds() {
			a, _ = o.Fold(nil, a)
			b, _ = o.Fold(nil, b)
		}
		o.CastText(a)
		o.IsNull(a)
		d, ok1 := o.Read(a)
		e, ok2 := o.Read(b)
		if ok1 && ok2 {
			checkLaws(t, o, d, d)
			checkLaws(t, o, d, e)
		}
	})
}
