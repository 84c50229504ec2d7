package cdc

import (
	"encoding/binary"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tablewire/tablewire/cdc/catalog"
	"github.com/tablewire/tablewire/cdc/internal/pgtext"
	"github.com/tablewire/tablewire/protocol/wal"
)

// wire builds pgoutput's messages (manual: Logical Replication Message Formats).
type wire []byte

func (w wire) u16(v uint16) wire { return binary.BigEndian.AppendUint16(w, v) }
func (w wire) u32(v uint32) wire { return binary.BigEndian.AppendUint32(w, v) }
func (w wire) u64(v uint64) wire { return binary.BigEndian.AppendUint64(w, v) }

func begin(commit uint64) wire { return wire{'B'}.u64(commit).u64(0).u32(1) }

func commit(lsn, end uint64) wire { return append(wire{'C'}, 0).u64(lsn).u64(end).u64(0) }

func insert(relation uint32, values ...string) wire {
	return append(wire{'I'}.u32(relation), 'N').tuple(values)
}

func emit(flags byte, prefix, content string) wire {
	w := wire{'M', flags}.u64(1)
	w = append(append(w, prefix...), 0).u32(uint32(len(content)))
	return append(w, content...)
}

func (w wire) tuple(values []string) wire {
	w = w.u16(uint16(len(values)))
	for _, v := range values {
		switch v {
		case "NULL":
			w = append(w, 'n')
		case "TOAST":
			w = append(w, 'u')
		default:
			w = append(append(w, 't').u32(uint32(len(v))), v...)
		}
	}
	return w
}

// The OIDs of the types that test tables have.
const (
	oidInt8, oidInt4, oidText, oidBool, oidNumeric, oidTimestampTZ, oidJSONB = 20, 23, 25, 16, 1700, 1184, 3802
)

func table(oid uint32, name string, types ...uint32) *wal.Relation {
	rel := &wal.Relation{OID: oid, Schema: "public", Name: name, Identity: wal.IdentityDefault}
	for i, o := range types {
		t, ok := pgtext.Builtin(o, -1)
		if !ok {
			panic("no such type")
		}
		rel.Columns = append(rel.Columns, wal.NewColumn("column_"+string(rune('a'+i)), t, i == 0, pgtext.Encoder(t)))
	}
	return rel
}

func newDecoder(publish func(*wal.Batch) error, rels ...*wal.Relation) *decoder {
	d := &decoder{publish: publish, unseen: func(wal.TableName, string) {}, progress: &progress{}, log: slog.New(slog.DiscardHandler), rowBytes: DefaultRowBytes, catalog: catalog.New(catalog.Config{}), relations: map[uint32]*relationState{}}
	for _, r := range rels {
		d.relations[r.OID] = &relationState{relation: r}
	}
	return d
}

func chunkOf(messages ...wire) *chunk {
	c := &chunk{}
	for _, m := range messages {
		c.add(m)
	}
	return c
}

func TestDecoder(t *testing.T) {
	t.Parallel()
	type published struct {
		positions []wal.Position
		end       wal.LSN
		open      bool
	}
	setup := func() (*decoder, *[]published) {
		var got []published
		d := newDecoder(func(b *wal.Batch) error {
			p := published{end: b.End, open: b.Open}
			for _, c := range b.Changes {
				p.positions = append(p.positions, c.Position)
			}
			got = append(got, p)
			return nil
		}, table(1, "t", oidInt4))
		return d, &got
	}
	decode := func(t *testing.T, d *decoder, c *chunk) {
		t.Helper()
		if err := d.decodeChunk(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	compare := func(t *testing.T, want, got []published) {
		t.Helper()
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(published{})); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}

	t.Run("several transactions in one batch", func(t *testing.T) {
		t.Parallel()
		d, got := setup()
		decode(t, d, chunkOf(begin(100), insert(1, "1"), insert(1, "2"), commit(100, 110), begin(200), insert(1, "3"), commit(200, 210)))
		compare(t, []published{{[]wal.Position{{Commit: 100}, {Commit: 100, Index: 1}, {Commit: 200}}, 210, false}}, *got)
		if c := d.progress.confirmed.Load(); c != 210 {
			t.Errorf("confirmed %d, want the end of the last transaction", c)
		}
	})

	t.Run("an open transaction confirms only what came before it", func(t *testing.T) {
		t.Parallel()
		d, got := setup()
		c := chunkOf(begin(100), insert(1, "1"), commit(100, 110), begin(200), insert(1, "2"))
		c.keepalive = 205
		decode(t, d, c)
		if c := d.progress.confirmed.Load(); c != 110 {
			t.Errorf("confirmed %d", c)
		}
		decode(t, d, chunkOf(insert(1, "3"), commit(200, 210)))
		compare(t, []published{
			{[]wal.Position{{Commit: 100}, {Commit: 200}}, 110, true},
			{[]wal.Position{{Commit: 200, Index: 1}}, 210, false},
		}, *got)
	})

	t.Run("a keepalive confirms when all before it is published", func(t *testing.T) {
		t.Parallel()
		d, _ := setup()
		c := chunkOf()
		c.keepalive = 500
		decode(t, d, c)
		if c := d.progress.confirmed.Load(); c != 500 {
			t.Errorf("confirmed %d", c)
		}
	})

	t.Run("what was published is passed over after a reconnect", func(t *testing.T) {
		t.Parallel()
		d, got := setup()
		decode(t, d, chunkOf(begin(100), insert(1, "1"), commit(100, 110), begin(200), insert(1, "2")))
		again := newDecoder(d.publish, d.relations[1].relation)
		again.progress = d.progress
		decode(t, again, chunkOf(begin(100), insert(1, "1"), commit(100, 110), begin(200), insert(1, "2"), insert(1, "3"), commit(200, 210)))
		compare(t, []published{
			{[]wal.Position{{Commit: 100}, {Commit: 200}}, 110, true},
			{[]wal.Position{{Commit: 200, Index: 1}}, 210, false},
		}, *got)
	})

	t.Run("messages are ours when they are part of a transaction", func(t *testing.T) {
		t.Parallel()
		var got []string
		d := newDecoder(func(b *wal.Batch) error {
			for _, m := range b.Messages {
				got = append(got, m.Position.String()+" "+m.Prefix+" "+string(m.Content))
			}
			return nil
		}, table(1, "t", oidInt4))
		tx := []wire{
			begin(256), insert(1, "1"), emit(1, "tablewire:broadcast", "1"), emit(1, "other", "2"),
			emit(0, "tablewire:broadcast", "3"), emit(1, "tablewire:room:r", "4"), commit(256, 300),
		}
		decode(t, d, chunkOf(tx...))
		again := newDecoder(d.publish, d.relations[1].relation)
		again.progress = d.progress
		decode(t, again, chunkOf(append(tx, begin(512), emit(1, "tablewire:broadcast", "5"), commit(512, 600))...))
		want := []string{"0/100+1 tablewire:broadcast 1", "0/100+2 tablewire:room:r 4", "0/200+0 tablewire:broadcast 5"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})

	t.Run("errors", func(t *testing.T) {
		t.Parallel()
		for want, m := range map[string]wire{
			"it is empty":                 {},
			"unknown type":                {'?'},
			"the server did not describe": insert(9, "1"),
			"the table 1 columns":         insert(1, "1", "2"),
		} {
			d, _ := setup()
			if err := d.decodeChunk(t.Context(), chunkOf(m)); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: error %v, want one with %q", m, err, want)
			}
		}
	})
}
