package catalog

import (
	"context"
	"fmt"
	"slices"

	"github.com/tablewire/tablewire/cdc/internal/pgtext"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// Resolver makes relations, with the types of their columns: the built-in types come
// from a table, the others from the database. It keeps nothing, because relations are
// made seldom, and a type may have been altered since.
type Resolver struct {
	source Source
}

// NewResolver returns a resolver that asks a source.
func NewResolver(source Source) Resolver { return Resolver{source} }

// maxTypeDepth limits how deep types may be nested: arrays of composites of domains and so on.
const maxTypeDepth = 32

// types returns the types of columns, in their order. A type that is no longer in the
// database is one whose values are text.
func (r Resolver) types(ctx context.Context, cols []pgcatalog.TableColumn) ([]wal.Type, error) {
	rows := map[uint32]*pgcatalog.TypeRow{}
	wanted := missingTypes(cols, rows)
	for depth := 0; len(wanted) > 0; depth++ {
		if depth > maxTypeDepth {
			return nil, fmt.Errorf("types are nested more than %d deep", maxTypeDepth)
		}
		found, err := r.source.Types(ctx, wanted)
		if err != nil {
			return nil, err
		}
		for _, oid := range wanted {
			rows[oid] = nil
		}
		wanted = nil
		for i := range found {
			row := &found[i]
			rows[row.OID] = row
			wanted = append(wanted, missingTypes(row.Fields, rows)...)
			wanted = append(wanted, missingTypes([]pgcatalog.TableColumn{{TypeOID: row.Base}, {TypeOID: row.Elem}}, rows)...)
		}
		slices.Sort(wanted)
		wanted = slices.Compact(wanted)
	}
	types := make([]wal.Type, len(cols))
	for i, c := range cols {
		types[i] = build(c.TypeOID, c.TypeModifier, rows, 0)
	}
	return types, nil
}

// missingTypes lists the types of columns that are neither built in nor in rows.
func missingTypes(cols []pgcatalog.TableColumn, rows map[uint32]*pgcatalog.TypeRow) []uint32 {
	var oids []uint32
	for _, c := range cols {
		if _, known := rows[c.TypeOID]; known || c.TypeOID == 0 {
			continue
		}
		if _, builtin := pgtext.Builtin(c.TypeOID, -1); !builtin {
			oids = append(oids, c.TypeOID)
		}
	}
	return oids
}

// build makes a type of its row in pg_type and of the rows that it refers to.
func build(oid uint32, modifier int32, rows map[uint32]*pgcatalog.TypeRow, depth int) wal.Type {
	if t, ok := pgtext.Builtin(oid, modifier); ok {
		return t
	}
	row := rows[oid]
	if row == nil || depth > maxTypeDepth {
		return wal.Type{OID: oid, Base: oid, Name: fmt.Sprintf("type %d", oid)}
	}
	t := wal.Type{OID: oid, Base: oid, Name: row.Name, Extension: row.Extension}
	switch {
	case row.Class == 'd':
		t = build(row.Base, modifier, rows, depth+1)
		t.OID, t.Name = oid, row.Name
	case row.Class == 'e':
		t.Kind, t.Labels, t.JSONCast = wal.KindEnum, row.Labels, row.JSONCast
	case row.Class == 'c':
		t.Kind = wal.KindComposite
		for _, f := range row.Fields {
			t.Fields = append(t.Fields, wal.Field{Name: f.Name, Type: build(f.TypeOID, f.TypeModifier, rows, depth+1)})
		}
	case row.Class == 'r' || row.Class == 'm':
		t.Kind, t.JSONCast = wal.KindRange, row.JSONCast
	case row.Elem != 0:
		elem := build(row.Elem, modifier, rows, depth+1)
		t.Kind, t.Elem, t.Delim = wal.KindArray, &elem, row.Delim
	default:
		t.JSONCast, t.SpatialRefs = row.JSONCast, row.SpatialRefs
		if row.Folding != nil {
			t.Kind, t.Folding = wal.KindText, row.Folding
		}
	}
	return t
}
