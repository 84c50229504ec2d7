package catalog

import (
	"fmt"

	"github.com/tablewire/tablewire/cdc/internal/pgtext"
	"github.com/tablewire/tablewire/protocol/wal"
)

// warnOfCasts logs once of each column that clients get its values as text, where
// to_jsonb would call a function that casts their type to json.
func (c *Catalog) warnOfCasts(rel *wal.Relation) {
	for i := range rel.Columns {
		column := &rel.Columns[i]
		t, found := pgtext.CastToJSON(column.Type)
		if !found {
			continue
		}
		if _, logged := c.castsLogged.LoadOrStore(fmt.Sprintf("%d %s %d", rel.OID, column.Name, t.OID), true); !logged {
			c.cfg.Logger.Warn("values come as text, though a function casts their type to json: if clients need what it gives, have a trigger write that to a column of the type json",
				"table", rel.TableName(), "column", column.Name, "type", t.String())
		}
	}
}
