package pgoutput

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tablewire/tablewire/protocol/wal"
)

func TestSyntaxError(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		hex    string
		kind   byte
		offset int
	}{
		{"Empty", "", 0, 0},
		{"UnknownType", "7a", 'z', 0},
		{"TypeAlone", "43", 'C', 1},
		{"CommitFlags", "4301000000000187ea98000000000187eac8000304066d74c2ad", 'C', 1},
		{"LeftOver", "4f00000000000000ab6100ff", 'O', 11},
		{"StringWithoutEnd", "4f00000000000000ab61", 'O', 9},
		{"Identity", "5200000010007400" + "780000", 'R', 8},
		{"ColumnsMissing", "5200000010007400" + "64ffff", 'R', 11},
		{"ColumnCut", "5200000010007400" + "640001" + "01616161616161616161", 'R', 12},
		{"NoNewTuple", "49000044695800000000", 'I', 5},
		{"NewTupleMissing", "550000445d4b00017400000001316e", 'U', 14},
		{"OldTupleOfDelete", "440000445d4e0000", 'D', 5},
		{"ValuesMissing", "49000044694effff6e6e", 'I', 8},
		{"BinaryValue", "49000044694e00016200000001ff", 'I', 8},
		{"UnknownValue", "49000044694e00017a", 'I', 8},
		{"NegativeLength", "49000044694e000174ffffffff", 'I', 9},
		{"LengthBeyondEnd", "49000044694e0001740000000461", 'I', 9},
		{"RelationsMissing", "54ffffffff00", 'T', 6},
		{"ContentMissing", "4d01000000000187eb086100000000026a", 'M', 12},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := decode(unhex(t, tt.hex))
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("got error %v", err)
			}
			if syntax.Type != tt.kind || syntax.Offset != tt.offset {
				t.Errorf("got type %q, byte %d; want %q, %d: %v", syntax.Type, syntax.Offset, tt.kind, tt.offset, err)
			}
		})
	}
}

func TestSyntaxErrorMessage(t *testing.T) {
	t.Parallel()
	_, err := DecodeBegin([]byte("B123"))
	const want = `pgoutput: malformed Begin message ('B') at byte 1: cut short: want 8 bytes`
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestRelationOID(t *testing.T) {
	t.Parallel()
	for _, msg := range []string{"49000044694e0000", "5500004469", "4400004469ff"} {
		if oid, err := RelationOID(unhex(t, msg)); err != nil || oid != 0x4469 {
			t.Errorf("%s: got %d, %v", msg, oid, err)
		}
	}
	for _, msg := range []string{"", "49", "49000044", "5200004469"} {
		if _, err := RelationOID(unhex(t, msg)); err == nil {
			t.Errorf("%q: no error", msg)
		}
	}
}

func TestRow(t *testing.T) {
	t.Parallel()

	t.Run("AppendsToArena", func(t *testing.T) {
		t.Parallel()
		arena := make([]wal.Value, 0, 10)
		var row Row
		for _, msg := range []string{"49000044694e0001740000000131", "49000044694e00026e75"} {
			row.New = arena
			if err := DecodeInsert(unhex(t, msg), &row); err != nil {
				t.Fatal(err)
			}
			arena = row.New
		}
		want := []wal.Value{text("1"), null, unchanged}
		if diff := cmp.Diff(want, arena); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if cap(arena) != 10 {
			t.Errorf("the arena was copied: capacity %d", cap(arena))
		}
	})

	t.Run("IsLeftAloneOnError", func(t *testing.T) {
		t.Parallel()
		before := Row{RelationOID: 7, New: []wal.Value{text("x")}, Old: []wal.Value{null}, OldKind: 'O'}
		row := before
		if err := DecodeUpdate(unhex(t, "550000445d4b00017400000001314e00026e"), &row); err == nil {
			t.Fatal("no error")
		}
		if diff := cmp.Diff(before, row); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})

	t.Run("ForgetsOldKind", func(t *testing.T) {
		t.Parallel()
		row := Row{OldKind: 'K'}
		if err := DecodeInsert(unhex(t, "49000044694e0000"), &row); err != nil || row.OldKind != 0 {
			t.Errorf("got %q, %v", row.OldKind, err)
		}
	})

	t.Run("ValuesCannotGrowIntoTheMessage", func(t *testing.T) {
		t.Parallel()
		msg := unhex(t, "49000044694e00037400000001317400000001626e")
		var row Row
		if err := DecodeInsert(msg, &row); err != nil {
			t.Fatal(err)
		}
		_ = append(row.New[0].Text, 'x')
		if msg[14] != 't' {
			t.Error("the message was written to")
		}
	})
}
