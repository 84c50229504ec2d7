package catalog

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tablewire/tablewire/protocol/pgcatalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// Catalog knows the collections: the tables that are exposed, and what they look
// like. Make it with New. Its methods may be called concurrently.
type Catalog struct {
	cfg      Config
	resolver Resolver

	opened chan struct{} // closed by Open
	open   sync.Once

	refreshing chan struct{} // a token of whoever asks the database for the list of tables; taken before mu
	describing chan struct{} // a token of whoever asks for one table; taken before mu
	unsent     unsentColumns // of describing

	// generation grows whenever the catalog learns something that the stream does not
	// tell: the decoder then makes its relations again.
	generation atomic.Uint64
	unseen     pendingUnseen

	castsLogged sync.Map // the columns that warnOfCasts has logged

	mu        sync.Mutex
	tables    map[wal.TableName]pgcatalog.Table // exposed
	byOID     map[uint32]pgcatalog.Table        // the same tables
	refused   map[wal.TableName]string          // the other tables that match, and why they are not exposed
	warnings  []string                          // of the last refresh
	mark      string                            // the publication's
	versions  map[wal.TableName]version
	refreshed time.Time // when the last refresh began
}

// pace is the least time between two refreshes that clients cause by names that
// are not known.
const pace = 250 * time.Millisecond

// New returns a catalog that knows no table until the first Refresh or Resolve, and that
// gives out none before Open.
func New(cfg Config) *Catalog {
	cfg.setDefaults()
	return &Catalog{
		cfg: cfg, resolver: NewResolver(cfg.Database), opened: make(chan struct{}), refreshing: make(chan struct{}, 1), describing: make(chan struct{}, 1),
		versions: map[wal.TableName]version{}, unseen: pendingUnseen{arrived: make(chan struct{}, 1)},
	}
}

// Open lets Resolve give out collections from now on. The stream calls it once the
// replication slot exists: PostgreSQL keeps no change from before that, so a client that
// subscribed earlier would miss changes and never know.
func (c *Catalog) Open() { c.open.Do(func() { close(c.opened) }) }

// Refresh brings the publication and the list of tables up to date. It does nothing if
// another refresh has begun after the time given: whoever waits for the same is served
// at once.
func (c *Catalog) Refresh(ctx context.Context, since time.Time) error {
	if err := acquire(ctx, c.refreshing); err != nil {
		return err
	}
	defer release(c.refreshing)
	if c.lastRefresh().After(since) {
		return nil
	}
	began := time.Now()
	state, err := c.cfg.Database.Sync(ctx)
	if err != nil {
		return err
	}
	c.accept(state, began)
	return nil
}

// refreshForClient is Refresh, at most once in pace.
func (c *Catalog) refreshForClient(ctx context.Context, since time.Time) error {
	if wait := pace - time.Since(c.lastRefresh()); wait > 0 {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return c.Refresh(ctx, since)
}

func (c *Catalog) lastRefresh() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refreshed
}

// accept takes over what a refresh has found, and reports what changed.
func (c *Catalog) accept(state pgcatalog.PublicationState, began time.Time) {
	tables, refused := map[wal.TableName]pgcatalog.Table{}, map[wal.TableName]string{}
	byOID := map[uint32]pgcatalog.Table{}
	for _, t := range state.Tables {
		if t.Refused != "" {
			refused[t.TableName()] = t.Refused
		} else {
			tables[t.TableName()], byOID[t.OID] = t, t
		}
	}
	c.mu.Lock()
	before := listing{c.tables, c.refused, c.warnings, c.mark}
	now := listing{tables, refused, state.Warnings, state.Mark}
	c.tables, c.refused, c.warnings, c.mark, c.refreshed = tables, refused, state.Warnings, state.Mark, began
	for oid, was := range c.byOID {
		if t, ok := byOID[oid]; ok && t.TableName() != was.TableName() {
			c.generation.Add(1)
		}
	}
	c.byOID = byOID
	maps.DeleteFunc(c.versions, func(name wal.TableName, v version) bool { return tables[name].OID != v.relation.OID })
	c.mu.Unlock()

	if state.Created {
		c.cfg.Created()
	}
	c.unseen.accept(state)
	c.report(before, now, state.Created)
}

// acquire takes the one token.
func acquire(ctx context.Context, token chan struct{}) error {
	select {
	case token <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func release(token chan struct{}) { <-token }
