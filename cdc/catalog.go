package cdc

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/tablewire/tablewire/protocol"
)

// Catalog knows the collections: the tables that are exposed, and what they look
// like. Its methods may be called concurrently.
type Catalog struct {
	db       Database
	types    typeResolver
	interval time.Duration
	dropped  func(collection string)
	log      *slog.Logger

	refreshing sync.Mutex // held while the database is asked; taken before mu

	mu      sync.Mutex
	tables  map[string]protocol.Table // exposed, by collection
	refused map[string]string         // why not, by collection
	known   map[string]known          // by collection
	asked   time.Time                 // when the last refresh began
}

// known is a table's version and when it was learnt.
type known struct {
	relation *protocol.Relation
	at       time.Time
}

func newCatalog(cfg *Config) *Catalog {
	return &Catalog{
		db: cfg.Database, types: typeResolver{cfg.Database},
		interval: cfg.RefreshInterval, dropped: cfg.Dropped, log: cfg.Logger,
		tables: map[string]protocol.Table{}, refused: map[string]string{}, known: map[string]known{},
	}
}

// Resolve finds the table that a client names, as it is now. A name that is not
// known makes the list of tables be looked at again, so that a new table can be
// watched at once. The error is protocol.ErrCollectionNotFound when there is no
// such collection.
func (c *Catalog) Resolve(ctx context.Context, name string) (*protocol.Relation, error) {
	arrived := time.Now()
	for range 2 {
		if t, ok := c.find(name); ok {
			return c.describe(ctx, t)
		}
		if err := c.refresh(ctx, arrived); err != nil {
			return nil, err
		}
	}
	return nil, protocol.ErrCollectionNotFound
}

// Collections lists the names of what is exposed, in no order.
func (c *Catalog) Collections() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := make([]string, 0, len(c.tables))
	for name := range c.tables {
		names = append(names, name)
	}
	return names
}

func (c *Catalog) find(name string) (protocol.Table, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, st := range protocol.CollectionTables(name) {
		t, ok := c.tables[protocol.CollectionName(st[0], st[1])]
		if ok && t.Schema == st[0] && t.Name == st[1] {
			return t, true
		}
	}
	return protocol.Table{}, false
}

// describe gives a table's version: what the stream said last, or what the catalog
// says, which is kept for one interval.
func (c *Catalog) describe(ctx context.Context, t protocol.Table) (*protocol.Relation, error) {
	name := protocol.CollectionName(t.Schema, t.Name)
	c.mu.Lock()
	k, ok := c.known[name]
	c.mu.Unlock()
	if ok && k.relation.OID == t.OID && time.Since(k.at) < c.interval {
		return k.relation, nil
	}
	rel, err := c.types.relationFromCatalog(ctx, t)
	if err != nil {
		return nil, err
	}
	if len(rel.Columns) == 0 {
		// Either it has none or it was dropped a moment ago; it can't be watched.
		return nil, protocol.ErrCollectionNotFound
	}
	if ok && k.relation.SameColumns(rel) {
		rel = k.relation // the same version: filters needn't be compiled anew
	}
	c.mu.Lock()
	c.known[name] = known{rel, time.Now()}
	c.mu.Unlock()
	return rel, nil
}

// observe notes a version that the stream has described.
func (c *Catalog) observe(rel *protocol.Relation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known[rel.Collection()] = known{rel, time.Now()}
}

// refresh brings the publication and the list of tables up to date, unless that
// has been begun after the time given: whoever waits for the same is served at once.
func (c *Catalog) refresh(ctx context.Context, since time.Time) error {
	c.refreshing.Lock()
	defer c.refreshing.Unlock()
	c.mu.Lock()
	fresh := c.asked.After(since)
	c.mu.Unlock()
	if fresh {
		return nil
	}
	asked := time.Now()
	found, err := c.db.Sync(ctx)
	if err != nil {
		return err
	}
	c.accept(found, asked)
	return nil
}

// accept takes over a list of tables, and tells what changed.
func (c *Catalog) accept(found []protocol.Table, asked time.Time) {
	tables, refused := map[string]protocol.Table{}, map[string]string{}
	for _, t := range found {
		name := protocol.CollectionName(t.Schema, t.Name)
		if t.Refused != "" {
			refused[name] = t.Refused
			continue
		}
		tables[name] = t
	}
	c.mu.Lock()
	before, refusedBefore := c.tables, c.refused
	c.tables, c.refused, c.asked = tables, refused, asked
	maps.DeleteFunc(c.known, func(name string, k known) bool { return tables[name].OID != k.relation.OID })
	c.mu.Unlock()

	for name, why := range refused {
		if refusedBefore[name] != why {
			c.log.Warn("a table is not exposed", "table", name, "reason", why)
		}
	}
	for name := range tables {
		if _, ok := before[name]; !ok {
			c.log.Info("a table is exposed", "table", name)
		}
	}
	for name := range before {
		if _, ok := tables[name]; !ok {
			c.log.Info("a table is no longer exposed", "table", name)
			c.dropped(name)
		}
	}
}
