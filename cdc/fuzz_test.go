package cdc

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/tablewire/tablewire/cdc/catalog"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// emptyDatabase has nothing in its catalog.
type emptyDatabase struct{ Database }

func (emptyDatabase) Columns(context.Context, uint32) ([]pgcatalog.TableColumn, wal.LSN, error) {
	return nil, 0, nil
}

func (emptyDatabase) Types(context.Context, []uint32) ([]pgcatalog.TypeRow, error) { return nil, nil }

func (emptyDatabase) Visible(context.Context, uint32) (bool, error) { return true, nil }

// answerFrom makes a decoder ask a database.
func answerFrom(d *decoder, database Database) {
	d.database, d.resolver = database, catalog.NewResolver(database)
}

// FuzzDecoder decodes any messages in any order: they are an error, or become frames of JSON
// in UTF-8, and never a panic.
func FuzzDecoder(f *testing.F) {
	narrow, wide := rowShapes()["narrow"], rowShapes()["json"]
	relation := append(append(wire{'R'}.u32(2), "public\x00t\x00f"...), wire{}.u16(2)...)
	relation = append(append(relation, "\x01id\x00"...), wire{}.u32(oidInt4).u32(0xffffffff)...)
	relation = append(append(relation, "\x01m\x00"...), wire{}.u32(70000).u32(0xffffffff)...)
	f.Add([]byte(insert(1, narrow.row...)), []byte(update(1, narrow.row, narrow.now)), []byte(insert(1, narrow.row...)))
	f.Add([]byte(deleted(1, narrow.row)), []byte(insert(1, wide.row...)), []byte(insert(1, narrow.row...)))
	f.Add([]byte(relation), []byte(insert(2, "1", "x")), []byte(insert(1, narrow.row...)))
	f.Add([]byte(relation), []byte(update(2, []string{"1", "x"}, []string{"1", "TOAST"})), []byte(insert(1, narrow.row...)))
	f.Add([]byte(append(append(wire{'T'}.u32(1), 0), wire{}.u32(1)...)), []byte(emit(1, "tablewire:broadcast", "1")), []byte(insert(1, narrow.row...)))
	root, leaf := description(2, "t", 'f', "*id", "*m"), description(3, "leaf", 'd', "m", "*id")
	f.Add([]byte(root), []byte(leaf), []byte(old('O', 2, "1", "NULL")))
	f.Add([]byte(description(2, "t", 'd', "*id", "m")), []byte(description(3, "leaf", 'i', "id", "*m")), []byte(update(2, []string{"1", "x"}, []string{"1", "TOAST"})))
	f.Fuzz(func(t *testing.T, first, second, third []byte) {
		d := newDecoder(func(b *wal.Batch) error {
			for i := range b.Changes {
				frame := appendEvent(nil, `"t"`, &b.Changes[i])
				raw := slices.ContainsFunc(b.Changes[i].Relation.Columns, func(c wal.Column) bool { return passesThrough(&c.Type) })
				if !utf8.Valid(frame) || !raw && !json.Valid(frame) {
					t.Errorf("%q is no JSON", frame)
				}
			}
			return nil
		}, narrow.relation)
		answerFrom(d, emptyDatabase{})
		d.rowBytes = 64
		c := chunkOf(begin(100), first, second, third, third, commit(100, 110))
		_ = d.decodeChunk(t.Context(), c) // an error ends the connection
	})
}

// passesThrough reports whether a type is json or jsonb, or an array of them: nobody checks
// their values.
func passesThrough(t *wal.Type) bool {
	return t.Kind == wal.KindJSON || t.Elem != nil && passesThrough(t.Elem)
}
