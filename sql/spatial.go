package sql

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/protocol/pgcatalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// geometry is PostGIS' type. Each of its values names a spatial reference system.
var geometry = wal.ExtensionType{Name: "postgis", Type: "geometry"}

// addExtensions completes the rows of types that compare or print by something else in the
// database.
func (d *Database) addExtensions(ctx context.Context, conn *pgx.Conn, found []pgcatalog.TypeRow) (err error) {
	for i := range found {
		switch t := &found[i]; t.Extension {
		case citext:
			t.Folding, err = d.currentFolding(ctx, conn)
		case geometry:
			t.SpatialRefs, err = d.currentSpatialRefs(ctx, conn)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// spatialRefsLast is how long the names of reference systems are kept: they hardly ever
// change, and there are thousands of them.
const spatialRefsLast = time.Minute

// currentSpatialRefs returns the same pointer as long as the names are equal.
func (d *Database) currentSpatialRefs(ctx context.Context, conn *pgx.Conn) (*wal.SpatialRefs, error) {
	if d.spatialRefs != nil && time.Since(d.spatialRefsAt) < spatialRefsLast {
		return d.spatialRefs, nil
	}
	names, err := readSpatialRefs(ctx, conn)
	if err != nil {
		return nil, err
	}
	if d.spatialRefs == nil || !maps.Equal(names, d.spatialRefs.Names) {
		d.spatialRefs = &wal.SpatialRefs{Names: names}
	}
	d.spatialRefsAt = time.Now()
	return d.spatialRefs, nil
}

// readSpatialRefs returns no names if the table is gone or the role may not read it:
// geometries then name no reference system.
func readSpatialRefs(ctx context.Context, conn *pgx.Conn) (map[int32]string, error) {
	var schema string
	if err := conn.QueryRow(ctx, postgisSchema).Scan(&schema); err != nil {
		return nil, err
	}
	names := map[int32]string{}
	rows, err := conn.Query(ctx, fill(spatialRefs, "{schema}", quote(schema)))
	if err == nil {
		var srid int32
		var name string
		_, err = pgx.ForEachRow(rows, []any{&srid, &name}, func() error {
			names[srid] = name
			return nil
		})
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && (pg.Code == "42P01" || pg.Code == "42501") {
		return nil, nil
	}
	return names, err
}
