package cdc

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// Catalog knows the collections: the tables that are exposed, and what they look
// like. Its methods may be called concurrently.
type Catalog struct {
	cfg   *Config
	types typeResolver
	// created is told when the publication had to be made.
	created func()

	turn chan struct{} // of who asks the database for the list; taken before mu
	// describing is of who asks for one table, so that many who wait for the same
	// ask once; taken before mu.
	describing chan struct{}
	// unsent is what was told last of a table's other columns; of whose turn it is to
	// describe.
	unsent struct {
		of      uint32
		at      time.Time
		columns []wal.UnsentColumn
	}
	// generation grows when the catalog is known to say another thing than the stream
	// has: the decoder then looks for itself.
	generation atomic.Uint64
	unseen     unseen

	castsTold sync.Map // of the columns that a line in the log was about

	mu      sync.Mutex
	tables  map[wal.TableName]pgcatalog.Table // exposed
	byOID   map[uint32]pgcatalog.Table        // the same
	refused map[wal.TableName]string          // why not
	warned  []string
	mark    string // the publication's
	known   map[wal.TableName]known
	asked   time.Time // when the last refresh began
}

// known is a table's version and when it was learnt.
type known struct {
	relation *wal.Relation
	at       time.Time
}

// pace is the least time between two refreshes that clients cause by names that
// are not known.
const pace = 250 * time.Millisecond

func newCatalog(cfg *Config, created func()) *Catalog {
	return &Catalog{
		cfg: cfg, types: typeResolver{cfg.Database}, created: created, turn: make(chan struct{}, 1), describing: make(chan struct{}, 1),
		known: map[wal.TableName]known{}, unseen: unseen{woken: make(chan struct{}, 1)},
	}
}

// Resolve finds the table that a client names, as it is now. A name that is not
// known makes the list of tables be looked at again, so that a new table can be
// watched at once. The error is protocol.ErrCollectionNotFound when there is no
// such collection.
func (c *Catalog) Resolve(ctx context.Context, name string) (*wal.Relation, error) {
	arrived := time.Now()
	for range 2 {
		if t, ok := c.find(name); ok {
			rel, err := c.describe(ctx, t)
			return rel, Explain(err)
		}
		if err := c.refreshForClient(ctx, arrived); err != nil {
			return nil, Explain(err)
		}
	}
	return nil, protocol.ErrCollectionNotFound
}

// Exposed reports whether a table that Resolve gave still is a collection. When it
// is not, Config.Dropped or Config.Interrupted has been called, or will be at once.
func (c *Catalog) Exposed(rel *wal.Relation) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, ok := c.tables[rel.TableName()]
	return ok && t.OID == rel.OID
}

// Unsent lists the columns of a table that Resolve gave which logical replication does
// not carry. It is for the error messages of clients, who may ask often: what was
// learnt a moment ago is told again.
func (c *Catalog) Unsent(ctx context.Context, rel *wal.Relation) ([]wal.UnsentColumn, error) {
	select {
	case c.describing <- struct{}{}:
		defer func() { <-c.describing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if c.unsent.of == rel.OID && time.Since(c.unsent.at) < pace {
		return c.unsent.columns, nil
	}
	columns, err := c.cfg.Database.Unsent(ctx, rel.OID)
	if err == nil {
		c.unsent.of, c.unsent.at, c.unsent.columns = rel.OID, time.Now(), columns
	}
	return columns, err
}

// Collections lists the names of what is exposed, in no order.
func (c *Catalog) Collections() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := make([]string, 0, len(c.tables))
	for name := range c.tables {
		names = append(names, name.String())
	}
	return names
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

// describe gives a table's version: what the stream said last, or what the catalog
// says, which is kept for one interval.
func (c *Catalog) describe(ctx context.Context, t pgcatalog.Table) (*wal.Relation, error) {
	if rel := c.recent(t); rel != nil {
		return rel, nil
	}
	select {
	case c.describing <- struct{}{}:
		defer func() { <-c.describing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if rel := c.recent(t); rel != nil {
		return rel, nil // somebody else has asked meanwhile
	}
	asked := time.Now()
	rel, err := c.types.relationFromCatalog(ctx, t)
	if err != nil {
		return nil, err
	}
	if len(rel.Columns) == 0 {
		// Either it has none or it was dropped a moment ago; it can't be watched.
		return nil, protocol.ErrCollectionNotFound
	}
	c.tellCasts(rel)
	name := t.TableName()
	c.mu.Lock()
	defer c.mu.Unlock()
	if k, ok := c.known[name]; ok && k.relation.OID == t.OID {
		switch {
		case k.relation.SameColumns(rel):
			rel = k.relation // the same version: filters needn't be compiled anew
		case k.relation.At > rel.At:
			return k.relation, nil // the stream has told of a newer one meanwhile
		default:
			c.generation.Add(1)
		}
	}
	c.known[name] = known{rel, asked}
	return rel, nil
}

// recent is a table's version that was learnt a moment ago. A type that may be
// altered at any time is kept for a shorter one.
func (c *Catalog) recent(t pgcatalog.Table) *wal.Relation {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.known[t.TableName()]
	if !ok || k.relation.OID != t.OID {
		return nil
	}
	lasts := c.cfg.RefreshInterval
	if slices.ContainsFunc(k.relation.Columns, isCustom) {
		lasts = min(lasts, pace)
	}
	if time.Since(k.at) >= lasts {
		return nil
	}
	return k.relation
}

// nameInstead gives a table's name in the catalog, where the stream would not tell
// that it has another one: that of a partitioned table's root or of a schema.
func (c *Catalog) nameInstead(oid uint32, name wal.TableName) (wal.TableName, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, ok := c.byOID[oid]
	now := t.TableName()
	return now, ok && now != name && (t.Partitioned || t.Name == name.Table)
}

func isCustom(c wal.Column) bool { return c.Type.Custom() }

// reviewTypes looks whether a type of a table that is known was altered, which nobody
// else would tell.
func (c *Catalog) reviewTypes(ctx context.Context) error {
	var of []*wal.Relation // whose column each is
	var types []wal.Type
	var cols []pgcatalog.TableColumn
	c.mu.Lock()
	for _, k := range c.known {
		for i := range k.relation.Columns {
			if t := k.relation.Columns[i].Type; t.Custom() {
				of, types = append(of, k.relation), append(types, t)
				cols = append(cols, pgcatalog.TableColumn{TypeOID: t.OID, TypeModifier: -1}) // modifiers are of other types
			}
		}
	}
	c.mu.Unlock()
	if len(cols) == 0 {
		return nil
	}
	now, err := c.types.resolve(ctx, cols)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range now {
		if name := of[i].TableName(); !now[i].Same(types[i]) && c.known[name].relation == of[i] {
			delete(c.known, name)
			c.generation.Add(1)
		}
	}
	return nil
}

// observe notes a version that the stream has described.
func (c *Catalog) observe(rel *wal.Relation) {
	c.tellCasts(rel)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known[rel.TableName()] = known{rel, time.Now()}
}

// refresh brings the publication and the list of tables up to date, unless that
// has been begun after the time given: whoever waits for the same is served at once.
func (c *Catalog) refresh(ctx context.Context, since time.Time) error {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if c.lastAsked().After(since) {
		return nil
	}
	asked := time.Now()
	exposure, err := c.cfg.Database.Sync(ctx)
	if err != nil {
		return err
	}
	c.accept(exposure, asked)
	return nil
}

// refreshForClient is refresh at a bearable pace.
func (c *Catalog) refreshForClient(ctx context.Context, since time.Time) error {
	if wait := pace - time.Since(c.lastAsked()); wait > 0 {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return c.refresh(ctx, since)
}

func (c *Catalog) lastAsked() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked
}

// accept takes over a list of tables, and tells what changed.
func (c *Catalog) accept(exposure pgcatalog.PublicationState, asked time.Time) {
	tables, refused := map[wal.TableName]pgcatalog.Table{}, map[wal.TableName]string{}
	byOID := map[uint32]pgcatalog.Table{}
	for _, t := range exposure.Tables {
		if t.Refused != "" {
			refused[t.TableName()] = t.Refused
		} else {
			tables[t.TableName()], byOID[t.OID] = t, t
		}
	}
	c.mu.Lock()
	before, refusedBefore, warnedBefore, markBefore := c.tables, c.refused, c.warned, c.mark
	c.tables, c.refused, c.warned, c.mark, c.asked = tables, refused, exposure.Warnings, exposure.Mark, asked
	for oid, was := range c.byOID {
		if now, ok := byOID[oid]; ok && now.TableName() != was.TableName() {
			c.generation.Add(1)
		}
	}
	c.byOID = byOID
	maps.DeleteFunc(c.known, func(name wal.TableName, k known) bool { return tables[name].OID != k.relation.OID })
	c.mu.Unlock()

	if exposure.Created {
		c.created()
	}
	c.unseen.accept(exposure)
	log := c.cfg.Logger
	for _, warning := range exposure.Warnings {
		if !slices.Contains(warnedBefore, warning) {
			log.Warn(warning)
		}
	}
	lists := news{refused: map[wal.TableName]string{}}
	defer lists.log(log)
	for name, why := range refused {
		if refusedBefore[name] != why {
			lists.refused[name] = why
		}
	}
	altered := markBefore != "" && markBefore != exposure.Mark && !exposure.Created
	if altered {
		log.Warn("changes may be lost: the publication was altered or made anew by somebody, and may have held some back for a while; clients are told to come back", "publication", c.cfg.Publication)
	}
	for name, t := range tables {
		was, known := before[name]
		switch {
		case !known:
			lists.exposed = append(lists.exposed, name)
		case t.Added || was.OID != t.OID:
			log.Warn("changes of a table may be lost: it was made anew, or had been taken out of the publication", "table", name)
			c.cfg.Interrupted(name)
		case altered:
			c.cfg.Interrupted(name)
		case t.WrittenAnew(was):
			log.Warn("changes of a table may be lost: ALTER TABLE has written it, or a partition of it, anew, as it does when a table is UNLOGGED for a while", "table", name)
			c.cfg.Interrupted(name)
		case was.Mark != t.Mark:
			log.Warn("changes of a table may be lost: somebody took it out of the publication and put it back, altered its WHERE clause or columns there, or gave it another name or schema for a while", "table", name)
			c.cfg.Interrupted(name)
		}
	}
	for name := range before {
		if _, ok := tables[name]; !ok {
			lists.gone = append(lists.gone, name)
			c.cfg.Dropped(name)
		}
	}
}
