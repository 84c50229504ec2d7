package tablewire

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tablewire/tablewire/cdc"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
	"github.com/tablewire/tablewire/sql"
)

// SetupSQL returns the statements that make the publication and the replication slot of a
// server with this configuration, for a database in which its role may not. It reads
// Slot, Publication and Tables, which must be names: a publication has no globs. Without tables
// the publication is empty.
func SetupSQL(cfg Config) (string, error) {
	slot := cmp.Or(cfg.Slot, DefaultSlot)
	publication := cmp.Or(cfg.Publication, slot)
	if err := cdc.CheckNames(slot, publication); err != nil {
		return "", err
	}
	names := make([]wal.TableName, 0, len(cfg.Tables))
	for _, t := range cfg.Tables {
		if t = strings.TrimSpace(t); t == "" || strings.ContainsAny(t, `*?[\!,`) {
			return "", &protocol.Problem{
				ID:   "pattern-in-setup",
				What: fmt.Sprintf("%q can't be the name of a table, and a publication names tables one by one", t),
				Hint: "name the tables, as table or schema.table",
			}
		}
		if name := sql.SplitName(t); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	statements := sql.Setup(publication, slot, names)
	if len(names) == 0 {
		statements = "-- No table was named: the publication has none, until its owner runs ALTER PUBLICATION ... ADD TABLE.\n" + statements
	}
	return statements, nil
}
