package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/tablewire/tablewire/cdc"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
	"github.com/tablewire/tablewire/sql"
)

// setupSQLCmd prints what serve would run.
type setupSQLCmd struct {
	Slot        string   `help:"Name of the replication slot." default:"tablewire" env:"TABLEWIRE_SLOT"`
	Publication string   `help:"Name of the publication (default: the slot's name)." placeholder:"NAME" env:"TABLEWIRE_PUBLICATION"`
	Tables      []string `arg:"" optional:"" help:"Tables to publish, as table or schema.table; each needs a primary key or another replica identity."`
}

// Run prints the statements.
func (c *setupSQLCmd) Run(a *app) error {
	publication := cmp.Or(c.Publication, c.Slot)
	if err := cdc.CheckNames(c.Slot, publication); err != nil {
		return err
	}
	names := make([]wal.TableName, 0, len(c.Tables))
	for _, t := range c.Tables {
		if strings.ContainsAny(t, `*?[\!`) {
			return &protocol.Problem{
				What: fmt.Sprintf("%q is a pattern, and a publication names tables one by one", t),
				Cure: "name the tables, as table or schema.table",
			}
		}
		names = append(names, sql.SplitName(t))
	}
	_, err := fmt.Fprint(a.stdout, sql.Setup(publication, c.Slot, names))
	return err
}
