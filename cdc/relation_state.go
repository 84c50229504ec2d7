package cdc

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tablewire/tablewire/cdc/internal/pgoutput"
	"github.com/tablewire/tablewire/cdc/internal/pgtext"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// relationState is a table as the stream last described it, and what the decoder has made
// of that.
//
// PostgreSQL describes a table again when its columns change. It does not when one of its
// types is altered, nor when the root of a partitioned table is renamed. The decoder asks
// the catalog then: when the catalog knows of such a change ([decoder.rebuildChanged]), or
// when a value does not fit its type ([decoder.rebuildForValue]).
type relationState struct {
	message  pgoutput.Relation
	relation *wal.Relation // nil until the first change: most partitions never have one
	checks   []valueCheck
	// rebuiltInVain is when the catalog was asked because of a value and had no other type.
	rebuiltInVain time.Time
	// partitions are those whose changes PostgreSQL sends as the table's; nil if there are none.
	partitions *partitions
}

// valueCheck reports whether a value of a column fits a type that may be altered.
type valueCheck struct {
	column int
	fits   func(text []byte) bool
}

// rebuildInterval is the least time between two vain questions for a table's types because
// of its values: a stream that is behind may bring values of an older type for long.
const rebuildInterval = time.Second

// decodeRelation takes the description of a table, or of a partition that has a change
// which PostgreSQL sends as a change of a table above it. Only that change tells which of
// the two it is.
func (d *decoder) decodeRelation(m []byte) error {
	r, err := pgoutput.DecodeRelation(m)
	if err != nil {
		return err
	}
	table := &relationState{message: r, partitions: d.progress.partitions[r.OID]}
	if table.partitions != nil {
		table.partitions.setColumns(r)
	}
	d.relations[r.OID] = table
	d.describedSinceRow = append(d.describedSinceRow, r.OID)
	return nil
}

// stateForChange returns the table of a change. If PostgreSQL has just described the
// partition that the change is of, it returns the partition's replica identity, too.
func (d *decoder) stateForChange(ctx context.Context, oid uint32) (table *relationState, leaf *leafIdentity, err error) {
	if len(d.describedSinceRow) > 0 {
		leaf = d.assignDescriptions(oid)
	}
	table, err = d.stateOf(ctx, oid)
	return table, leaf, err
}

// assignDescriptions finds out what the descriptions before a change of a table were: the
// table alone, or the table and then the partition that the change is of.
func (d *decoder) assignDescriptions(oid uint32) (leaf *leafIdentity) {
	last := len(d.describedSinceRow) - 1
	for i, at := range d.describedSinceRow {
		switch {
		case at == oid:
		case i > 0 && d.describedSinceRow[i-1] == oid:
			identity := d.partitionsOf(oid).add(at, leafIdentityOf(d.relations[at].message))
			if i == last {
				leaf = identity
			}
		default:
			// PostgreSQL did not send the change after this description. Nobody knows whether it
			// is of a partition, or of which table: nothing is certain of its old rows.
			d.partitionsOf(at).add(0, &leafIdentity{names: []string{}})
		}
	}
	d.describedSinceRow = d.describedSinceRow[:0]
	return leaf
}

// partitionsOf returns the partitions of a table that the stream has described.
func (d *decoder) partitionsOf(oid uint32) *partitions {
	p := d.progress.partitions[oid]
	if p == nil {
		if d.progress.partitions == nil {
			d.progress.partitions = map[uint32]*partitions{}
		}
		p = &partitions{}
		d.progress.partitions[oid] = p
	}
	if table := d.relations[oid]; table != nil {
		table.partitions = p
		p.setColumns(table.message)
	}
	return p
}

// stateOf returns a table that a change is of. It makes the table's relation at the first
// change after a description, and again when more of the table's partitions are known.
func (d *decoder) stateOf(ctx context.Context, oid uint32) (*relationState, error) {
	table := d.relations[oid]
	switch {
	case table == nil:
		return nil, fmt.Errorf("the server did not describe relation %d", oid)
	case table.relation == nil:
		if needsCatalog(table.message) {
			if err := d.awaitVisible(ctx); err != nil {
				return nil, err
			}
		}
		if err := d.rebuild(ctx, table); err != nil {
			return nil, err
		}
	case table.partitions != nil:
		d.updateIdentity(table)
	}
	return table, nil
}

// updateIdentity makes another version of a table when its partitions log more or less of
// old rows than they did.
func (d *decoder) updateIdentity(table *relationState) {
	identity := table.identity()
	if table.relation.Identity == identity && table.relation.Learned == table.partitions.learned {
		return
	}
	rel := *table.relation
	rel.Identity, rel.Learned, rel.At = identity, table.partitions.learned, d.position.Commit
	table.relation = &rel
	d.catalog.Observe(&rel)
}

// identity returns the replica identity that holds for all rows of the table: its own, or
// what every partition that is known logs.
func (table *relationState) identity() wal.Identity {
	own := table.message.Identity
	switch {
	case table.partitions == nil || len(table.partitions.identities) == 0:
		return own
	case table.partitions.allFull():
		return wal.IdentityFull
	case own == wal.IdentityFull || own == wal.IdentityNothing:
		return wal.IdentityDefault
	}
	return own
}

// correctOldRow reduces the old row of a partition's change to what is certain of it. leaf
// is the partition's replica identity; if it is nil, any known partition may have logged
// the row.
func (d *decoder) correctOldRow(table *relationState, c *wal.Change, leaf *leafIdentity) {
	of := table.partitions.identities
	if leaf != nil {
		d.leaf[0] = leaf
		of = d.leaf[:]
	}
	switch {
	case c.Old != nil:
		table.partitions.correct(c, of)
	case c.Op == wal.Update && !impliesKey(c.Relation, of):
		n := len(c.New)
		c.Old = d.reserveRow(n)[:n]
		for i := range c.Old {
			c.Old[i] = wal.Value{}
			if unchangedKey(of, i) {
				c.Old[i] = c.New[i]
			}
		}
	}
}

// needsCatalog reports whether the catalog must complete a description: the key is not
// described, or a type is not built in.
func needsCatalog(r pgoutput.Relation) bool {
	return lacksKey(r) || slices.ContainsFunc(r.Columns, func(c pgoutput.RelationColumn) bool {
		_, builtin := pgtext.Builtin(c.TypeOID, c.TypeModifier)
		return !builtin
	})
}

// lacksKey reports whether a description does not say which columns identify a row: FULL
// flags all of them, and a table that has no replica identity, while its partitions have
// one, flags no column.
func lacksKey(m pgoutput.Relation) bool {
	return m.Identity == wal.IdentityFull || !slices.ContainsFunc(m.Columns, func(c pgoutput.RelationColumn) bool { return c.Key })
}

// awaitVisible waits until queries see what the open transaction did: PostgreSQL logs a
// commit before other sessions see it. That takes microseconds, unless the commit waits
// for a synchronous standby. After a second the decoder takes the catalog as it is, and
// [catalog.Catalog.ReviewTypes] finds what was missing.
func (d *decoder) awaitVisible(ctx context.Context) error {
	for wait := time.Millisecond; wait <= 512*time.Millisecond; wait *= 2 {
		visible, err := d.database.Visible(ctx, d.xid)
		if err != nil || visible {
			return err
		}
		select {
		case <-time.After(wait): // PostgreSQL has no way to wait for this
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// rebuild makes a table's relation of its description and of the catalog as it is now. It
// keeps the old relation if the new one is the same.
func (d *decoder) rebuild(ctx context.Context, table *relationState) error {
	m := table.message
	if name, renamed := d.catalog.CurrentName(m.OID, wal.TableName{Schema: m.Schema, Table: m.Name}); renamed {
		m.Schema, m.Name = name.Schema, name.Table
	}
	rel, err := d.relationOf(ctx, m)
	if err != nil {
		return err
	}
	rel.Identity = table.identity()
	if table.partitions != nil {
		rel.Learned = table.partitions.learned
	}
	if was := table.relation; was != nil && was.TableName() == rel.TableName() && was.SameColumns(rel) {
		return nil // filters need not be compiled again
	}
	table.relation, table.checks = rel, nil
	for i := range rel.Columns {
		if fits := pgtext.Check(rel.Columns[i].Type); fits != nil {
			table.checks = append(table.checks, valueCheck{i, fits})
		}
	}
	d.catalog.Observe(rel)
	return nil
}

// relationOf makes a relation of a description, as of the open transaction.
func (d *decoder) relationOf(ctx context.Context, m pgoutput.Relation) (*wal.Relation, error) {
	cols := make([]pgcatalog.TableColumn, len(m.Columns))
	for i, c := range m.Columns {
		cols[i] = pgcatalog.TableColumn{Name: c.Name, TypeOID: c.TypeOID, TypeModifier: c.TypeModifier, Key: c.Key}
	}
	if lacksKey(m) {
		if err := d.resolver.MarkKeys(ctx, m.OID, cols); err != nil {
			return nil, err
		}
	}
	return d.resolver.Relation(ctx, pgcatalog.Table{OID: m.OID, Schema: m.Schema, Name: m.Name, Identity: m.Identity}, cols, d.position.Commit)
}

// rebuildChanged makes all relations again when the catalog has learnt something that the
// stream does not tell.
func (d *decoder) rebuildChanged(ctx context.Context) error {
	generation := d.catalog.Generation()
	if generation == d.generation {
		return nil
	}
	for _, table := range d.relations {
		if table.relation == nil {
			continue
		}
		if err := d.rebuild(ctx, table); err != nil {
			return err
		}
	}
	d.generation = generation
	return nil
}

// rebuildForValue makes the relation of a change again because a value does not fit its
// type.
func (d *decoder) rebuildForValue(ctx context.Context, table *relationState, c *wal.Change) error {
	now := time.Now()
	if now.Sub(table.rebuiltInVain) < rebuildInterval {
		return nil
	}
	table.rebuiltInVain = now
	if err := d.awaitVisible(ctx); err != nil {
		return err
	}
	if err := d.rebuild(ctx, table); err != nil {
		return err
	}
	c.Relation = table.relation
	if table.fits(c) {
		table.rebuiltInVain = time.Time{} // not in vain: the type may be altered again at once
	}
	return nil
}

// fits reports whether the values of a change fit the types that the table is known to
// have.
func (table *relationState) fits(c *wal.Change) bool {
	for _, check := range table.checks {
		for _, row := range [...][]wal.Value{c.New, c.Old} {
			if row != nil && row[check.column].State == wal.Text && !check.fits(row[check.column].Text) {
				return false
			}
		}
	}
	return true
}
