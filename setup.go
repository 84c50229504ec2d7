package tablewire

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/tablewire/tablewire/cdc"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
	"github.com/tablewire/tablewire/sql"
)

// SetupSQL returns the statements that make the publication and the replication slot of a
// server with this configuration, for a database in which its role may not. It reads
// Slot, Publication and Tables, which must be names: a publication has no globs.
func SetupSQL(cfg Config) (string, error) {
	slot := cmp.Or(cfg.Slot, DefaultSlot)
	publication := cmp.Or(cfg.Publication, slot)
	if err := cdc.CheckNames(slot, publication); err != nil {
		return "", err
	}
	names := make([]wal.TableName, 0, len(cfg.Tables))
	for _, t := range cfg.Tables {
		if strings.ContainsAny(t, `*?[\!`) {
			return "", &protocol.Problem{
				ID:   "pattern-in-setup",
				What: fmt.Sprintf("%q is a pattern, and a publication names tables one by one", t),
				Hint: "name the tables, as table or schema.table",
			}
		}
		names = append(names, sql.SplitName(t))
	}
	return sql.Setup(publication, slot, names), nil
}
