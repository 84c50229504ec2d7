package pgoutput

import (
	"encoding/binary"
	"time"

	"github.com/tablewire/tablewire/protocol/wal"
)

// The encoders write messages as the server does.

type writer []byte

func (w *writer) u8(b byte)    { *w = append(*w, b) }
func (w *writer) u16(n int)    { *w = binary.BigEndian.AppendUint16(*w, uint16(n)) }
func (w *writer) u32(n uint32) { *w = binary.BigEndian.AppendUint32(*w, n) }
func (w *writer) u64(n uint64) { *w = binary.BigEndian.AppendUint64(*w, n) }
func (w *writer) str(s string) { *w = append(append(*w, s...), 0) }
func (w *writer) raw(b []byte) { w.u32(uint32(len(b))); *w = append(*w, b...) }
func (w *writer) at(t time.Time) {
	w.u64(uint64((t.Unix()-epoch)*1e6 + int64(t.Nanosecond()/1e3)))
}

func (w *writer) schema(s string) {
	if s == "pg_catalog" {
		s = ""
	}
	w.str(s)
}

func (w *writer) flags(bits ...bool) {
	var b byte
	for i, set := range bits {
		if set {
			b |= 1 << i
		}
	}
	w.u8(b)
}

func (w *writer) tuple(kind byte, values []wal.Value) {
	w.u8(kind)
	w.u16(len(values))
	for _, v := range values {
		switch v.State {
		case wal.Absent, wal.Null:
			w.u8('n')
		case wal.Unchanged:
			w.u8('u')
		case wal.Text:
			w.u8('t')
			w.raw(v.Text)
		}
	}
}

func encodeBegin(m Begin) (w writer) {
	w.u8(TypeBegin)
	w.u64(uint64(m.FinalLSN))
	w.at(m.CommitTime)
	w.u32(m.XID)
	return w
}

func encodeCommit(m Commit) (w writer) {
	w.u8(TypeCommit)
	w.u8(0)
	w.u64(uint64(m.CommitLSN))
	w.u64(uint64(m.EndLSN))
	w.at(m.CommitTime)
	return w
}

func encodeOrigin(m Origin) (w writer) {
	w.u8(TypeOrigin)
	w.u64(uint64(m.CommitLSN))
	w.str(m.Name)
	return w
}

func encodeRelation(m Relation) (w writer) {
	w.u8(TypeRelation)
	w.u32(m.OID)
	w.schema(m.Schema)
	w.str(m.Name)
	w.u8(byte(m.Identity))
	w.u16(len(m.Columns))
	for _, c := range m.Columns {
		w.flags(c.Key)
		w.str(c.Name)
		w.u32(c.TypeOID)
		w.u32(uint32(c.TypeModifier))
	}
	return w
}

func encodeType(m TypeDesc) (w writer) {
	w.u8(TypeType)
	w.u32(m.OID)
	w.schema(m.Schema)
	w.str(m.Name)
	return w
}

func encodeTruncate(m Truncate) (w writer) {
	w.u8(TypeTruncate)
	w.u32(uint32(len(m.Relations)))
	w.flags(m.Cascade, m.RestartIdentity)
	for _, oid := range m.Relations {
		w.u32(oid)
	}
	return w
}

func encodeMessage(m Message) (w writer) {
	w.u8(TypeMessage)
	w.flags(m.Transactional)
	w.u64(uint64(m.LSN))
	w.str(m.Prefix)
	w.raw(m.Content)
	return w
}

func encodeRow(t byte, m Row) (w writer) {
	w.u8(t)
	w.u32(m.RelationOID)
	if m.OldKind != 0 {
		w.tuple(m.OldKind, m.Old)
	}
	if t != TypeDelete {
		w.tuple('N', m.New)
	}
	return w
}
