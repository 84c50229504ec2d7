package catalog

import (
	"context"
	"slices"
	"time"

	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// version is a table's relation and when the catalog has learnt it.
type version struct {
	relation *wal.Relation
	at       time.Time
}

// describe returns a table's version: what the stream described last, or what the
// database says, which is kept for one interval.
func (c *Catalog) describe(ctx context.Context, t pgcatalog.Table) (*wal.Relation, error) {
	if rel := c.recent(t); rel != nil {
		return rel, nil
	}
	if err := acquire(ctx, c.describing); err != nil {
		return nil, err
	}
	defer release(c.describing)
	if rel := c.recent(t); rel != nil {
		return rel, nil // somebody else has asked meanwhile
	}
	asked := time.Now()
	rel, err := c.resolver.Table(ctx, t)
	if err != nil {
		return nil, err
	}
	if len(rel.Columns) == 0 {
		// Either it has none or it was dropped a moment ago; it can't be followed.
		return nil, protocol.ErrCollectionNotFound
	}
	c.warnOfCasts(rel)
	name := t.TableName()
	c.mu.Lock()
	defer c.mu.Unlock()
	if v, ok := c.versions[name]; ok && v.relation.OID == t.OID {
		switch {
		case v.relation.SameColumns(rel):
			rel = v.relation // the same version: filters need not be compiled again
		case v.relation.At > rel.At:
			return v.relation, nil // the stream has described a newer one meanwhile
		default:
			c.generation.Add(1)
		}
	}
	c.versions[name] = version{rel, asked}
	return rel, nil
}

// recent returns a table's version that is younger than Config.RefreshInterval, or nil.
// A type that may be altered at any time is kept for a shorter time.
func (c *Catalog) recent(t pgcatalog.Table) *wal.Relation {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.versions[t.TableName()]
	if !ok || v.relation.OID != t.OID {
		return nil
	}
	lasts := c.cfg.RefreshInterval
	if slices.ContainsFunc(v.relation.Columns, isCustom) {
		lasts = min(lasts, pace)
	}
	if time.Since(v.at) >= lasts {
		return nil
	}
	return v.relation
}

func isCustom(c wal.Column) bool { return c.Type.Custom() }

// ReviewTypes asks the database whether a type of a known table was altered, which the
// stream does not tell. If so, it forgets the table's version, and Generation grows.
func (c *Catalog) ReviewTypes(ctx context.Context) error {
	var of []*wal.Relation // whose column each is
	var types []wal.Type
	var cols []pgcatalog.TableColumn
	c.mu.Lock()
	for _, v := range c.versions {
		for i := range v.relation.Columns {
			if t := v.relation.Columns[i].Type; t.Custom() {
				of, types = append(of, v.relation), append(types, t)
				cols = append(cols, pgcatalog.TableColumn{TypeOID: t.OID, TypeModifier: -1}) // only other types have modifiers
			}
		}
	}
	c.mu.Unlock()
	if len(cols) == 0 {
		return nil
	}
	now, err := c.resolver.types(ctx, cols)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range now {
		if name := of[i].TableName(); !now[i].Same(types[i]) && c.versions[name].relation == of[i] {
			delete(c.versions, name)
			c.generation.Add(1)
		}
	}
	return nil
}

// Observe takes in a version of a table that the stream has described.
func (c *Catalog) Observe(rel *wal.Relation) {
	c.warnOfCasts(rel)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.versions[rel.TableName()] = version{rel, time.Now()}
}

// Generation returns a number that grows whenever the catalog learns something of a
// table that the stream does not tell: a type was altered, or a table has another name.
func (c *Catalog) Generation() uint64 { return c.generation.Load() }

// CurrentName returns a table's name in the catalog, if the stream would not describe the
// table again under it: the root of a partitioned table or a schema was renamed. name is
// the one by which the stream described it.
func (c *Catalog) CurrentName(oid uint32, name wal.TableName) (now wal.TableName, renamed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, ok := c.byOID[oid]
	now = t.TableName()
	return now, ok && now != name && (t.Partitioned || t.Name == name.Table)
}

// OID returns the OID of a table that is exposed, or 0.
func (c *Catalog) OID(name wal.TableName) uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.tables[name]
	return t.OID
}
