package pgoutput

import (
	"encoding/hex"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tablewire/tablewire/protocol/wal"
)

func text(s string) wal.Value {
	return wal.Value{State: wal.Text, Text: []byte(s)}
}

var (
	null      = wal.Value{State: wal.Null}
	absent    = wal.Value{State: wal.Absent}
	unchanged = wal.Value{State: wal.Unchanged}
)

// golden are messages that PostgreSQL 15 has written.
var golden = []struct {
	name string
	hex  string
	want any
}{
	{
		"Begin", "42000000000187e660000304066d74c06a000002f5",
		Begin{FinalLSN: 0x187e660, CommitTime: micros(0x304066d74c06a), XID: 0x2f5},
	},
	{
		"Commit", "4300000000000187ea98000000000187eac8000304066d74c2ad",
		Commit{CommitLSN: 0x187ea98, EndLSN: 0x187eac8, CommitTime: micros(0x304066d74c2ad)},
	},
	{
		"Origin", "4f00000000000000ab656c7365776865726500",
		Origin{CommitLSN: 0xab, Name: "elsewhere"},
	},
	{
		"Relation/Default", "520000445d7075626c696300676f6c64006400040169640000000017ffffffff006e616d650000000019ffffffff00707269636500000006a4000a0006006269670000000019ffffffff",
		Relation{
			OID: 0x445d, Schema: "public", Name: "gold", Identity: wal.IdentityDefault,
			Columns: []RelationColumn{
				{Name: "id", Key: true, TypeOID: 23, TypeModifier: -1},
				{Name: "name", TypeOID: 25, TypeModifier: -1},
				{Name: "price", TypeOID: 1700, TypeModifier: 0xa0006},
				{Name: "big", TypeOID: 25, TypeModifier: -1},
			},
		},
	},
	{
		"Relation/Full", "52000044697075626c696300676f6c6466756c6c006600030169640000000017ffffffff016d0000004465ffffffff01517a00000004130000000d",
		Relation{
			OID: 0x4469, Schema: "public", Name: "goldfull", Identity: wal.IdentityFull,
			Columns: []RelationColumn{
				{Name: "id", Key: true, TypeOID: 23, TypeModifier: -1},
				{Name: "m", Key: true, TypeOID: 0x4465, TypeModifier: -1},
				{Name: "Qz", Key: true, TypeOID: 1043, TypeModifier: 13},
			},
		},
	},
	{
		// Not from a server: nobody publishes a system table.
		"Relation/Catalog", "5200000010007400" + "6e0000",
		Relation{OID: 16, Schema: "pg_catalog", Name: "t", Identity: wal.IdentityNothing, Columns: []RelationColumn{}},
	},
	{
		"Type", "59000044657075626c6963006d6f6f643200",
		TypeDesc{OID: 0x4465, Schema: "public", Name: "mood2"},
	},
	{
		"Insert", "49000044694e00037400000001317400000001626e",
		Row{RelationOID: 0x4469, New: []wal.Value{text("1"), text("b"), null}},
	},
	{
		"Update/NewOnly", "550000445d4e00047400000001316e7400000004312e353075",
		Row{RelationOID: 0x445d, New: []wal.Value{text("1"), null, text("1.50"), unchanged}},
	},
	{
		"Update/Key", "550000445d4b00047400000001316e6e6e4e00047400000001326e7400000004312e353075",
		Row{
			RelationOID: 0x445d, OldKind: 'K',
			Old: []wal.Value{text("1"), absent, absent, absent},
			New: []wal.Value{text("2"), null, text("1.50"), unchanged},
		},
	},
	{
		"Update/Full", "55000044694f00037400000001317400000001626e4e00037400000001317400000001627400000002c3a9",
		Row{
			RelationOID: 0x4469, OldKind: 'O',
			Old: []wal.Value{text("1"), text("b"), null},
			New: []wal.Value{text("1"), text("b"), text("é")},
		},
	},
	{
		"Delete/Key", "440000445d4b00047400000001326e6e6e",
		Row{RelationOID: 0x445d, OldKind: 'K', Old: []wal.Value{text("2"), absent, absent, absent}},
	},
	{
		"Delete/Full", "44000044694f00037400000001317400000001627400000002c3a9",
		Row{RelationOID: 0x4469, OldKind: 'O', Old: []wal.Value{text("1"), text("b"), text("é")}},
	},
	{
		"Truncate", "5400000002030000445d0000446c",
		Truncate{Cascade: true, RestartIdentity: true, Relations: []uint32{0x445d, 0x446c}},
	},
	{
		"Message/Transactional", "4d01000000000187eb087461626c657769726500000000026869",
		Message{Transactional: true, LSN: 0x187eb08, Prefix: "tablewire", Content: []byte("hi")},
	},
	{
		"Message/Alone", "4d00000000000187eb787461626c65776972650000000000",
		Message{LSN: 0x187eb78, Prefix: "tablewire", Content: []byte{}},
	},
}

// micros is a time in microseconds since PostgreSQL's epoch.
func micros(n int64) time.Time {
	return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Microsecond)
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// decode reads a message of any type.
func decode(msg []byte) (any, error) {
	var kind byte
	if len(msg) > 0 {
		kind = msg[0]
	}
	switch kind {
	case TypeCommit:
		return DecodeCommit(msg)
	case TypeOrigin:
		return DecodeOrigin(msg)
	case TypeRelation:
		return DecodeRelation(msg)
	case TypeType:
		return DecodeType(msg)
	case TypeInsert:
		var row Row
		err := DecodeInsert(msg, &row)
		return row, err
	case TypeUpdate:
		var row Row
		err := DecodeUpdate(msg, &row)
		return row, err
	case TypeDelete:
		var row Row
		err := DecodeDelete(msg, &row)
		return row, err
	case TypeTruncate:
		return DecodeTruncate(msg)
	case TypeMessage:
		return DecodeMessage(msg)
	}
	return DecodeBegin(msg)
}

// encode writes a message that decode has returned.
func encode(kind byte, m any) []byte {
	switch m := m.(type) {
	case Begin:
		return encodeBegin(m)
	case Commit:
		return encodeCommit(m)
	case Origin:
		return encodeOrigin(m)
	case Relation:
		return encodeRelation(m)
	case TypeDesc:
		return encodeType(m)
	case Truncate:
		return encodeTruncate(m)
	case Message:
		return encodeMessage(m)
	case Row:
		return encodeRow(kind, m)
	}
	panic("no such message")
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for _, tt := range golden {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			msg := unhex(t, tt.hex)
			got, err := decode(msg)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if again := encode(msg[0], got); !cmp.Equal(again, msg) {
				t.Errorf("encoded again: %x", again)
			}
		})
	}
}
