package main

import (
	"fmt"

	"github.com/tablewire/tablewire"
)

// setupSQLCmd prints the statements that serve would run to create the publication and the slot.
type setupSQLCmd struct {
	Slot        string   `help:"Name of the replication slot." default:"tablewire" env:"TABLEWIRE_SLOT"`
	Publication string   `help:"Name of the publication (default: the slot's name)." placeholder:"NAME" env:"TABLEWIRE_PUBLICATION"`
	Tables      []string `arg:"" optional:"" help:"Tables to publish, as table or schema.table. Each needs a primary key or another replica identity."`
}

// Run prints the statements.
func (c *setupSQLCmd) Run(a *app) error {
	if err := checkSlot(c.Slot); err != nil {
		return err
	}
	statements, err := tablewire.SetupSQL(tablewire.Config{Slot: c.Slot, Publication: c.Publication, Tables: c.Tables})
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(a.stdout, statements)
	return err
}
