package main

import (
	"fmt"
	"strings"

	"github.com/tablewire/tablewire"
)

// setupSQLCmd prints the statements that serve would run to create the publication and the slot.
type setupSQLCmd struct {
	Slot        string   `help:"Name of the replication slot." default:"tablewire" env:"TABLEWIRE_SLOT"`
	Publication string   `help:"Name of the publication (default: the slot's name)." placeholder:"NAME" env:"TABLEWIRE_PUBLICATION"`
	Tables      []string `arg:"" optional:"" help:"Tables to publish, as table or schema.table. It reads no TABLEWIRE_TABLES, whose globs a publication can't have. Each table needs a primary key or another replica identity."`
}

// splitList splits each argument at commas, as kong splits the value of a flag.
func splitList(args []string) []string {
	var items []string
	for _, arg := range args {
		items = append(items, strings.Split(arg, ",")...)
	}
	return items
}

// Run prints the statements.
func (c *setupSQLCmd) Run(a *app) error {
	if err := checkSlot(c.Slot); err != nil {
		return err
	}
	statements, err := tablewire.SetupSQL(tablewire.Config{Slot: c.Slot, Publication: c.Publication, Tables: splitList(c.Tables)})
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(a.stdout, statements)
	return err
}
