package pgoutput

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/tablewire/tablewire/protocol/wal"
)

var (
	genLSN  = rapid.Custom(func(t *rapid.T) wal.LSN { return wal.LSN(rapid.Uint64().Draw(t, "lsn")) })
	genName = rapid.StringMatching(`[^\x00]{1,20}`)
	genTime = rapid.Custom(func(t *rapid.T) time.Time {
		return time.UnixMicro(rapid.Int64Range(-1<<60, 1<<60).Draw(t, "micros")).UTC()
	})
)

func genTuple(null wal.Value) *rapid.Generator[[]wal.Value] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) wal.Value {
		switch rapid.IntRange(0, 4).Draw(t, "state") {
		case 0:
			return null
		case 1:
			return unchanged
		}
		return wal.Value{State: wal.Text, Text: rapid.SliceOf(rapid.Byte()).Draw(t, "text")}
	}), 0, 12)
}

func genRow(kind byte) *rapid.Generator[Row] {
	return rapid.Custom(func(t *rapid.T) Row {
		row := Row{RelationOID: rapid.Uint32().Draw(t, "oid")}
		switch kind {
		case TypeDelete:
			row.OldKind = rapid.SampledFrom([]byte{'K', 'O'}).Draw(t, "old")
		case TypeUpdate:
			row.OldKind = rapid.SampledFrom([]byte{0, 'K', 'O'}).Draw(t, "old")
		}
		switch row.OldKind {
		case 'K':
			row.Old = genTuple(absent).Draw(t, "key")
		case 'O':
			row.Old = genTuple(null).Draw(t, "old")
		}
		if kind != TypeDelete {
			row.New = genTuple(null).Draw(t, "new")
		}
		return row
	})
}

var genRelation = rapid.Custom(func(t *rapid.T) Relation {
	return Relation{
		OID:      rapid.Uint32().Draw(t, "oid"),
		Schema:   genName.Draw(t, "schema"),
		Name:     genName.Draw(t, "name"),
		Identity: rapid.SampledFrom([]wal.Identity{'d', 'i', 'f', 'n'}).Draw(t, "identity"),
		Columns: rapid.SliceOf(rapid.Custom(func(t *rapid.T) RelationColumn {
			return RelationColumn{
				Name: genName.Draw(t, "column"), Key: rapid.Bool().Draw(t, "key"),
				TypeOID: rapid.Uint32().Draw(t, "type"), TypeModifier: rapid.Int32().Draw(t, "modifier"),
			}
		})).Draw(t, "columns"),
	}
})

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	messages := map[byte]func(t *rapid.T) any{
		TypeBegin: func(t *rapid.T) any {
			return Begin{genLSN.Draw(t, "final"), genTime.Draw(t, "time"), rapid.Uint32().Draw(t, "xid")}
		},
		TypeCommit: func(t *rapid.T) any {
			return Commit{genLSN.Draw(t, "commit"), genLSN.Draw(t, "end"), genTime.Draw(t, "time")}
		},
		TypeOrigin:   func(t *rapid.T) any { return Origin{genLSN.Draw(t, "commit"), genName.Draw(t, "name")} },
		TypeRelation: func(t *rapid.T) any { return genRelation.Draw(t, "relation") },
		TypeType: func(t *rapid.T) any {
			return TypeDesc{rapid.Uint32().Draw(t, "oid"), genName.Draw(t, "schema"), genName.Draw(t, "name")}
		},
		TypeInsert: func(t *rapid.T) any { return genRow(TypeInsert).Draw(t, "row") },
		TypeUpdate: func(t *rapid.T) any { return genRow(TypeUpdate).Draw(t, "row") },
		TypeDelete: func(t *rapid.T) any { return genRow(TypeDelete).Draw(t, "row") },
		TypeTruncate: func(t *rapid.T) any {
			return Truncate{rapid.Bool().Draw(t, "cascade"), rapid.Bool().Draw(t, "restart"), rapid.SliceOf(rapid.Uint32()).Draw(t, "relations")}
		},
		TypeMessage: func(t *rapid.T) any {
			return Message{rapid.Bool().Draw(t, "transactional"), genLSN.Draw(t, "lsn"), genName.Draw(t, "prefix"), rapid.SliceOf(rapid.Byte()).Draw(t, "content")}
		},
	}
	for kind, gen := range messages {
		t.Run(typeName(kind), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				want := gen(t)
				msg := encode(kind, want)
				got, err := decode(msg)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("-want +got:\n%s", diff)
				}
				cut := rapid.IntRange(0, len(msg)-1).Draw(t, "cut")
				if _, err := decode(msg[:cut]); err == nil {
					t.Fatalf("no error for the first %d of %d bytes", cut, len(msg))
				}
				if _, err := decode(append(msg, 0)); err == nil {
					t.Fatal("no error for a byte left over")
				}
			})
		})
	}
}
