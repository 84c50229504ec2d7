package cdc

import (
	"context"
	"fmt"
	"slices"

	"github.com/tablewire/tablewire/cdc/internal/pgoutput"
	"github.com/tablewire/tablewire/cdc/internal/pgtext"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// relationFromMessage makes a table's version of what the stream says of it.
func (r typeResolver) relationFromMessage(ctx context.Context, m pgoutput.Relation, at wal.LSN) (*wal.Relation, error) {
	cols := make([]pgcatalog.TableColumn, len(m.Columns))
	for i, c := range m.Columns {
		cols[i] = pgcatalog.TableColumn{Name: c.Name, TypeOID: c.TypeOID, TypeModifier: c.TypeModifier, Key: c.Key}
	}
	if lacksKey(m) {
		if err := r.keysFromCatalog(ctx, m.OID, cols); err != nil {
			return nil, err
		}
	}
	return r.relation(ctx, pgcatalog.Table{OID: m.OID, Schema: m.Schema, Name: m.Name, Identity: m.Identity}, cols, at)
}

// lacksKey reports whether a description leaves it to the catalog to say which columns
// identify a row: all of them are flagged under FULL, and none of a table whose
// partitions have a replica identity that it has not.
func lacksKey(m pgoutput.Relation) bool {
	return m.Identity == wal.IdentityFull || !slices.ContainsFunc(m.Columns, func(c pgoutput.RelationColumn) bool { return c.Key })
}

func (r typeResolver) keysFromCatalog(ctx context.Context, table uint32, cols []pgcatalog.TableColumn) error {
	now, _, err := r.db.Columns(ctx, table)
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

// isKeyNow tells whether a column is part of the key in the catalog, which may be
// ahead of the stream: a column that is not there by its name is the one in its
// place, where that is of its type and has a name that the stream does not know yet.
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

// relationFromCatalog makes a table's version of what the catalog says of it now.
func (r typeResolver) relationFromCatalog(ctx context.Context, t pgcatalog.Table) (*wal.Relation, error) {
	cols, at, err := r.db.Columns(ctx, t.OID)
	if err != nil {
		return nil, err
	}
	if t.Identity == wal.IdentityFull && !slices.ContainsFunc(cols, func(c pgcatalog.TableColumn) bool { return c.Key }) {
		for i := range cols {
			cols[i].Key = true
		}
	}
	return r.relation(ctx, t, cols, at)
}

func (r typeResolver) relation(ctx context.Context, t pgcatalog.Table, cols []pgcatalog.TableColumn, at wal.LSN) (*wal.Relation, error) {
	types, err := r.resolve(ctx, cols)
	if err != nil {
		return nil, fmt.Errorf("resolve the types of %s: %w", t.TableName(), err)
	}
	rel := &wal.Relation{OID: t.OID, Schema: t.Schema, Name: t.Name, Identity: t.Identity, At: at}
	for i, c := range cols {
		rel.Columns = append(rel.Columns, wal.NewColumn(c.Name, types[i], c.Key, pgtext.Encoder(types[i])))
	}
	return rel, nil
}
