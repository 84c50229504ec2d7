package catalog

import (
	"context"
	"fmt"
	"time"

	"github.com/tablewire/tablewire/cdc/internal/pgerror"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// Resolve returns the table that a client names, as it is now. A name that is not known
// makes the catalog refresh its list of tables, so that a client can follow a new table
// at once. Resolve waits for Open. The error is protocol.ErrCollectionNotFound if there is
// no such collection.
func (c *Catalog) Resolve(ctx context.Context, name string) (*wal.Relation, error) {
	select {
	case <-c.opened:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait until the replication slot exists: %w", ctx.Err())
	}
	arrived := time.Now()
	for range 2 {
		if t, ok := c.find(name); ok {
			rel, err := c.describe(ctx, t)
			return rel, pgerror.Explain(err)
		}
		if err := c.refreshForClient(ctx, arrived); err != nil {
			return nil, pgerror.Explain(err)
		}
	}
	return nil, protocol.ErrCollectionNotFound
}

// Exposed reports whether a table that Resolve returned still is a collection. If it is
// not, Config.Dropped or Config.Interrupted has been called, or will be at once.
func (c *Catalog) Exposed(rel *wal.Relation) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, ok := c.tables[rel.TableName()]
	return ok && t.OID == rel.OID
}

// Collections returns the names of what is exposed, in no order.
func (c *Catalog) Collections() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := make([]string, 0, len(c.tables))
	for name := range c.tables {
		names = append(names, name.String())
	}
	return names
}

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

// unsentColumns are the columns that Database.Unsent returned last.
type unsentColumns struct {
	table   uint32
	at      time.Time
	columns []wal.UnsentColumn
}

// Unsent returns the columns of a table that Resolve returned which logical replication
// does not carry. It is for the error messages of clients, who may ask often: for one
// table it asks the database at most once in a quarter of a second.
func (c *Catalog) Unsent(ctx context.Context, rel *wal.Relation) ([]wal.UnsentColumn, error) {
	if err := acquire(ctx, c.describing); err != nil {
		return nil, err
	}
	defer release(c.describing)
	if c.unsent.table == rel.OID && time.Since(c.unsent.at) < pace {
		return c.unsent.columns, nil
	}
	columns, err := c.cfg.Database.Unsent(ctx, rel.OID)
	if err == nil {
		c.unsent = unsentColumns{rel.OID, time.Now(), columns}
	}
	return columns, err
}

func (c *Catalog) find(name string) (pgcatalog.Table, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, table := range wal.CollectionTables(name) {
		if t, ok := c.tables[table]; ok {
			return t, true
		}
	}
	return pgcatalog.Table{}, false
}
