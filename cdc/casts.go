package cdc

import (
	"fmt"

	"github.com/tablewire/tablewire/cdc/internal/pgtext"
	"github.com/tablewire/tablewire/protocol/wal"
)

// tellCasts logs once of each column that its values come as text, where to_jsonb has
// what a function makes of them.
func (c *Catalog) tellCasts(rel *wal.Relation) {
	for i := range rel.Columns {
		column := &rel.Columns[i]
		t, found := pgtext.CastToJSON(column.Type)
		if !found {
			continue
		}
		if _, told := c.castsTold.LoadOrStore(fmt.Sprintf("%d %s %d", rel.OID, column.Name, t.OID), true); !told {
			c.cfg.Logger.Warn("values come as text, though a function casts their type to json: if clients need what it gives, have a trigger write that to a column of the type json",
				"table", rel.TableName(), "column", column.Name, "type", t.String())
		}
	}
}
