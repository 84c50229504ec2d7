package pgoutput

import (
	"strings"
	"testing"

	"github.com/tablewire/tablewire/protocol/wal"
)

func benchRow() []wal.Value {
	return []wal.Value{
		text("184467"), text("3f2504e0-4f89-11d3-9a0c-0305e82c3301"), text("Ada Lovelace"), null, text("t"),
		text("12.50"), text("2024-05-06 07:08:09.123456+00"), text(strings.Repeat("lorem ipsum ", 20)), unchanged, text(`{"a": 1}`),
	}
}

func BenchmarkDecode(b *testing.B) {
	key := make([]wal.Value, 10)
	key[0] = text("184467")
	benchmarks := []struct {
		name   string
		msg    []byte
		decode func([]byte, *Row) error
	}{
		{"msg=Insert/columns=10", encodeRow(TypeInsert, Row{New: benchRow()}), DecodeInsert},
		{"msg=Update/old=K/columns=10", encodeRow(TypeUpdate, Row{New: benchRow(), Old: key, OldKind: 'K'}), DecodeUpdate},
		{"msg=Update/old=O/columns=10", encodeRow(TypeUpdate, Row{New: benchRow(), Old: benchRow(), OldKind: 'O'}), DecodeUpdate},
		{"msg=Delete/old=K/columns=10", encodeRow(TypeDelete, Row{Old: key, OldKind: 'K'}), DecodeDelete},
	}
	for _, bb := range benchmarks {
		b.Run(bb.name, func(b *testing.B) {
			var row Row
			b.ReportAllocs()
			b.SetBytes(int64(len(bb.msg)))
			for b.Loop() {
				row.New, row.Old = row.New[:0], row.Old[:0]
				if err := bb.decode(bb.msg, &row); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("msg=Begin", func(b *testing.B) {
		msg := encodeBegin(Begin{FinalLSN: 1, CommitTime: micros(1), XID: 1})
		b.ReportAllocs()
		b.SetBytes(int64(len(msg)))
		for b.Loop() {
			if _, err := DecodeBegin(msg); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func TestDecodeRowsAllocatesNothing(t *testing.T) {
	row := Row{New: make([]wal.Value, 0, 10), Old: make([]wal.Value, 0, 10)}
	msg := encodeRow(TypeUpdate, Row{New: benchRow(), Old: benchRow(), OldKind: 'O'})
	n := testing.AllocsPerRun(100, func() {
		row.New, row.Old = row.New[:0], row.Old[:0]
		if err := DecodeUpdate(msg, &row); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}
