package sql

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/protocol/pgcatalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// parent is a row of catalog/inheritance.sql.
type parent struct {
	OID            uint32
	Children       int      // at any depth
	Schemas, Names []string // of the first children
	Chunks         bool     // it is a hypertable
}

// inheritance warns of exposed tables that others inherit from: changes of the children's
// rows are not changes of the table, although a SELECT from it shows these rows.
func (d *Database) inheritance(ctx context.Context, conn *pgx.Conn, found []pgcatalog.Table) ([]string, error) {
	names := map[uint32]string{}
	var oids []uint32
	for i := range found {
		if t := &found[i]; t.Refused == "" && !t.Partitioned {
			names[t.OID] = t.TableName().String()
			oids = append(oids, t.OID)
		}
	}
	parents, err := collect[parent](ctx, conn, inheritance, oids)
	if err != nil {
		return nil, err
	}
	var warnings []string
	for _, p := range parents {
		warnings = append(warnings, p.warning(names[p.OID]))
	}
	return warnings, nil
}

// warning stays the same while children come and go, so that it is logged once.
func (p *parent) warning(name string) string {
	if p.Chunks {
		return fmt.Sprintf(`table %q is a hypertable: its rows are in chunks, whose changes do not come as changes of %[1]q; leave it out of the setting "tables" with '!%[1]s'`, name)
	}
	children := make([]string, len(p.Names))
	for i := range p.Names {
		children[i] = wal.TableName{Schema: p.Schemas[i], Table: p.Names[i]}.String()
	}
	of := strings.Join(children, ", ")
	if p.Children > len(children) {
		of += " and others"
	}
	return fmt.Sprintf(`other tables inherit from table %q (%s): changes of their rows come as those of these tables, if they are exposed, and never as changes of %[1]q; follow them, and leave the parent out of the setting "tables" with '!%[1]s' if it has no rows of its own`, name, of)
}
