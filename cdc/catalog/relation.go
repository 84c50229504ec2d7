package catalog

import (
	"context"
	"fmt"
	"slices"

	"github.com/tablewire/tablewire/cdc/internal/pgtext"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// MarkKeys sets Key of the columns that the stream has described, by what the database
// says now: those of the primary key or the index that identifies rows. A table without
// either has all of them set, because only the whole row identifies a row.
func (r Resolver) MarkKeys(ctx context.Context, table uint32, cols []pgcatalog.TableColumn) error {
	now, _, err := r.source.Columns(ctx, table)
	if err != nil {
		return err
	}
	keyed := make([]bool, len(cols))
	for i, c := range cols {
		keyed[i] = isKeyNow(now, cols, i, c)
	}
	whole := !slices.Contains(keyed, true) // no primary key: the whole row identifies itself
	for i := range cols {
		cols[i].Key = whole || keyed[i]
	}
	return nil
}

// isKeyNow reports whether a column of the stream is part of the key in the database, which
// may be ahead of the stream. A column that now has another name is the one at the same
// index, if that has the same type and a name that the stream does not know yet.
func isKeyNow(now, cols []pgcatalog.TableColumn, i int, c pgcatalog.TableColumn) bool {
	named := func(name string) func(pgcatalog.TableColumn) bool {
		return func(c pgcatalog.TableColumn) bool { return c.Name == name }
	}
	if at := slices.IndexFunc(now, named(c.Name)); at >= 0 {
		return now[at].Key
	}
	renamed := i < len(now) && now[i].TypeOID == c.TypeOID && !slices.ContainsFunc(cols, named(now[i].Name))
	return renamed && now[i].Key
}

// Table returns a table's relation, made of what the database says now.
func (r Resolver) Table(ctx context.Context, t pgcatalog.Table) (*wal.Relation, error) {
	cols, at, err := r.source.Columns(ctx, t.OID)
	if err != nil {
		return nil, err
	}
	if t.Identity == wal.IdentityFull && !slices.ContainsFunc(cols, func(c pgcatalog.TableColumn) bool { return c.Key }) {
		for i := range cols {
			cols[i].Key = true
		}
	}
	return r.Relation(ctx, t, cols, at)
}

// Relation returns the relation of a table whose columns are known, as of a position in
// the log.
func (r Resolver) Relation(ctx context.Context, t pgcatalog.Table, cols []pgcatalog.TableColumn, at wal.LSN) (*wal.Relation, error) {
	types, err := r.types(ctx, cols)
	if err != nil {
		return nil, fmt.Errorf("resolve the types of %s: %w", t.TableName(), err)
	}
	rel := &wal.Relation{OID: t.OID, Schema: t.Schema, Name: t.Name, Identity: t.Identity, At: at}
	for i, c := range cols {
		rel.Columns = append(rel.Columns, wal.NewColumn(c.Name, types[i], c.Key, pgtext.Encoder(types[i])))
	}
	return rel, nil
}
