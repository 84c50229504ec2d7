package sql

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/protocol/wal"
)

// namesake is a row of catalog/absent.sql.
type namesake struct {
	Schema, Name         string
	Kind                 string // pg_class.relkind
	RootSchema, RootName string // of the partitioned table, if it is a partition
	System               bool
	Named                bool // it has the name that the client gave; else only the letters are the same
}

// maxName is the longest name in PostgreSQL, in bytes (NAMEDATALEN).
const maxName = 63

// Absence says, for the operator, why Sync has no table for a collection's name.
func (d *Database) Absence(ctx context.Context, collection string) (why string, err error) {
	var schemas, names []string
	meant := strings.TrimRight(collection, "/ ")
	for _, t := range wal.CollectionTables(meant) {
		if len(t.Schema) <= maxName && len(t.Table) <= maxName {
			schemas, names = append(schemas, t.Schema), append(names, t.Table)
		}
	}
	err = d.run(ctx, "look why there is no such collection", func(ctx context.Context, conn *pgx.Conn) error {
		like, err := collect[namesake](ctx, conn, absent, schemas, names)
		why = d.describeAbsence(like, meant == collection)
		return err
	})
	return why, err
}

// describeAbsence says why, by what exists. exact says whether that was searched by the name
// as the client gave it.
func (d *Database) describeAbsence(like []namesake, exact bool) string {
	if len(like) == 0 {
		return "there is no such table"
	}
	first := like[0]
	switch {
	case !first.Named || !exact:
		return "there is no such table, but there is " + quotedNames(like) + ": a name's case counts, and so does its schema, unless that is public"
	case first.System:
		return "it is PostgreSQL's own, which is never exposed"
	case first.Kind == "v":
		return "it is a view, which has no changes of its own"
	case first.Kind == "m":
		return "it is a materialized view, whose changes PostgreSQL does not send"
	case first.Kind == "f":
		return "it is a foreign table, whose changes are in the log of another server"
	case !d.cfg.Tables.Match(first.Schema, first.Name) && first.RootName == "":
		return `the setting "tables" leaves it out`
	case first.RootName != "":
		return fmt.Sprintf("it is a partition: its changes come as those of %q", wal.TableName{Schema: first.RootSchema, Table: first.RootName})
	}
	return "it was made a moment ago"
}

// quotedNames lists tables by their collections' names.
func quotedNames(like []namesake) string {
	names := make([]string, len(like))
	for i, l := range like {
		names[i] = fmt.Sprintf("%q", wal.TableName{Schema: l.Schema, Table: l.Name})
	}
	return strings.Join(names, ", ")
}
