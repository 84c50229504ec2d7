package cdc

import (
	"context"

	"github.com/tablewire/tablewire/protocol/wal"
)

// Why says, for the operator, why Resolve finds no collection of a name.
func (c *Catalog) Why(ctx context.Context, name string) string {
	if why, ok := c.whyKnown(name); ok {
		return why
	}
	why, err := c.cfg.Database.Absence(ctx, name)
	if err != nil {
		return "the database could not be asked why"
	}
	return why
}

func (c *Catalog) whyKnown(name string) (why string, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, table := range wal.CollectionTables(name) {
		if why, ok = c.refused[table]; ok {
			return why, true
		}
		if _, ok = c.tables[table]; ok {
			return "it has no columns, or came or went a moment ago", true
		}
	}
	return "", false
}
