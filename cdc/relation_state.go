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

// described is a table as the stream described it, with what was made of that. The
// stream describes a table anew when its columns change, but not when one of its
// types does, nor when the root of a partitioned table gets another name: for these
// the catalog is asked, when it is known to have changed ([decoder.review]) or when a
// value does not fit ([decoder.renew]).
type described struct {
	message  pgoutput.Relation
	relation *wal.Relation // nil until a change is of it: never, of most partitions
	checks   []check
	renewed  time.Time // when the catalog was asked in vain because of a value
	// partitions are those whose changes come as the table's; nil where there are none.
	partitions *partitions
}

// check is of a column whose type may be altered.
type check struct {
	column int
	fits   func(text []byte) bool
}

// renewInterval is how often at most a table's types are asked for in vain because of
// its values: while the stream is behind, what it brings may be of older types for long.
const renewInterval = time.Second

// relation takes the description of a table, or of a partition that has a change which
// comes as that of a table above it: only the change tells which of them it is.
func (d *decoder) relation(m []byte) error {
	r, err := pgoutput.DecodeRelation(m)
	if err != nil {
		return err
	}
	known := &described{message: r, partitions: d.state.partitions[r.OID]}
	if known.partitions != nil {
		known.partitions.describe(r)
	}
	d.relations[r.OID] = known
	d.announced = append(d.announced, r.OID)
	return nil
}

// describedFor gives the table of a change. Where the server has just described the
// partition that the change is of, it gives what that logs, too.
func (d *decoder) describedFor(ctx context.Context, oid uint32) (known *described, leaf *loggedKeys, err error) {
	if len(d.announced) > 0 {
		leaf = d.settle(oid)
	}
	known, err = d.ready(ctx, oid)
	return known, leaf, err
}

// settle takes over what was described before a change of a table: the table alone, or
// the table and the partition that the change is of.
func (d *decoder) settle(oid uint32) (leaf *loggedKeys) {
	last := len(d.announced) - 1
	for i, at := range d.announced {
		switch {
		case at == oid:
		case i > 0 && d.announced[i-1] == oid:
			logged := d.partitionsOf(oid).add(at, loggedBy(d.relations[at].message))
			if i == last {
				leaf = logged
			}
		default:
			// A change of it was not sent, and so it is not known whether it is a partition,
			// and of which table: nothing is certain of its rows.
			d.partitionsOf(at).add(0, &loggedKeys{names: []string{}})
		}
	}
	d.announced = d.announced[:0]
	return leaf
}

// partitionsOf gives the partitions of a table that the stream has described.
func (d *decoder) partitionsOf(oid uint32) *partitions {
	p := d.state.partitions[oid]
	if p == nil {
		if d.state.partitions == nil {
			d.state.partitions = map[uint32]*partitions{}
		}
		p = &partitions{}
		d.state.partitions[oid] = p
	}
	if known := d.relations[oid]; known != nil {
		known.partitions = p
		p.describe(known.message)
	}
	return p
}

// ready gives a table that a change is of, and makes its relation if this is the first
// one since it was described, or since more of its partitions are known.
func (d *decoder) ready(ctx context.Context, oid uint32) (*described, error) {
	known := d.relations[oid]
	switch {
	case known == nil:
		return nil, fmt.Errorf("the server did not describe relation %d", oid)
	case known.relation == nil:
		if needsCatalog(known.message) {
			if err := d.awaitVisible(ctx); err != nil {
				return nil, err
			}
		}
		if err := d.build(ctx, known); err != nil {
			return nil, err
		}
	case known.partitions != nil:
		d.adapt(known)
	}
	return known, nil
}

// adapt makes another version of a table when its partitions tell more or less of old
// rows than they did.
func (d *decoder) adapt(known *described) {
	identity := known.identity()
	if known.relation.Identity == identity && known.relation.Learned == known.partitions.learned {
		return
	}
	rel := *known.relation
	rel.Identity, rel.Learned, rel.At = identity, known.partitions.learned, d.position.Commit
	known.relation = &rel
	d.catalog.Observe(&rel)
}

// identity is what the log tells of the table's old rows: of one with partitions,
// what each of them that is known logs.
func (known *described) identity() wal.Identity {
	own := known.message.Identity
	switch {
	case known.partitions == nil || len(known.partitions.kinds) == 0:
		return own
	case known.partitions.allFull():
		return wal.IdentityFull
	case own == wal.IdentityFull || own == wal.IdentityNothing:
		return wal.IdentityDefault
	}
	return own
}

// judge says what is certain of the old row of a change that a partition logged: leaf,
// where that is known, or any.
func (d *decoder) judge(known *described, c *wal.Change, leaf *loggedKeys) {
	of := known.partitions.kinds
	if leaf != nil {
		d.leaf[0] = leaf
		of = d.leaf[:]
	}
	switch {
	case c.Old != nil:
		known.partitions.correct(c, of)
	case c.Op == wal.Update && !tellsKey(c.Relation, of):
		n := len(c.New)
		c.Old = d.reserve(n)[:n]
		for i := range c.Old {
			c.Old[i] = wal.Value{}
			if unchangedKey(of, i) {
				c.Old[i] = c.New[i]
			}
		}
	}
}

// needsCatalog reports whether a description does not tell all.
func needsCatalog(r pgoutput.Relation) bool {
	return lacksKey(r) || slices.ContainsFunc(r.Columns, func(c pgoutput.RelationColumn) bool {
		_, builtin := pgtext.Builtin(c.TypeOID, c.TypeModifier)
		return !builtin
	})
}

// awaitVisible waits until the catalog can be read as the present transaction left
// it: a commit is in the log before others see what it did. That is a matter of
// microseconds, unless it waits for a standby: then the catalog is taken as it is,
// and what is missing in it is noticed when types are reviewed.
func (d *decoder) awaitVisible(ctx context.Context) error {
	for wait := time.Millisecond; wait <= 512*time.Millisecond; wait *= 2 {
		visible, err := d.database.Visible(ctx, d.xid)
		if err != nil || visible {
			return err
		}
		select {
		case <-time.After(wait): // nobody tells
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// build makes the relation of a description, and of what the catalog says now.
func (d *decoder) build(ctx context.Context, known *described) error {
	m := known.message
	if name, ok := d.catalog.CurrentName(m.OID, wal.TableName{Schema: m.Schema, Table: m.Name}); ok {
		m.Schema, m.Name = name.Schema, name.Table
	}
	rel, err := d.relationOf(ctx, m)
	if err != nil {
		return err
	}
	rel.Identity = known.identity()
	if known.partitions != nil {
		rel.Learned = known.partitions.learned
	}
	if was := known.relation; was != nil && was.TableName() == rel.TableName() && was.SameColumns(rel) {
		return nil // filters needn't be compiled anew
	}
	known.relation, known.checks = rel, nil
	for i := range rel.Columns {
		if fits := pgtext.Check(rel.Columns[i].Type); fits != nil {
			known.checks = append(known.checks, check{i, fits})
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

// lacksKey reports whether a description leaves it to the catalog to say which columns
// identify a row: FULL flags all of them, and a table whose partitions have a replica
// identity that it lacks itself flags no column.
func lacksKey(m pgoutput.Relation) bool {
	return m.Identity == wal.IdentityFull || !slices.ContainsFunc(m.Columns, func(c pgoutput.RelationColumn) bool { return c.Key })
}

// review makes relations anew when the catalog is known to have changed.
func (d *decoder) review(ctx context.Context) error {
	generation := d.catalog.Generation()
	if generation == d.reviewed {
		return nil
	}
	for _, known := range d.relations {
		if known.relation == nil {
			continue
		}
		if err := d.build(ctx, known); err != nil {
			return err
		}
	}
	d.reviewed = generation
	return nil
}

// renew makes the relation of a change anew because a value does not fit its type.
func (d *decoder) renew(ctx context.Context, known *described, c *wal.Change) error {
	now := time.Now()
	if now.Sub(known.renewed) < renewInterval {
		return nil
	}
	known.renewed = now
	if err := d.awaitVisible(ctx); err != nil {
		return err
	}
	if err := d.build(ctx, known); err != nil {
		return err
	}
	c.Relation = known.relation
	if known.fits(c) {
		known.renewed = time.Time{} // it was altered, and may be again at once
	}
	return nil
}

// fits reports whether the values of a change are of the types that its table is
// known to have.
func (known *described) fits(c *wal.Change) bool {
	for _, check := range known.checks {
		for _, row := range [...][]wal.Value{c.New, c.Old} {
			if row != nil && row[check.column].State == wal.Text && !check.fits(row[check.column].Text) {
				return false
			}
		}
	}
	return true
}
