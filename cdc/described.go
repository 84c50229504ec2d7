package cdc

import (
	"context"
	"slices"
	"time"

	"github.com/tablewire/tablewire/cdc/pgoutput"
	"github.com/tablewire/tablewire/cdc/pgtext"
	"github.com/tablewire/tablewire/protocol"
)

// described is a table as the stream described it, with what was made of that. The
// stream describes a table anew when its columns change, but not when one of its
// types does, nor when the root of a partitioned table gets another name: for these
// the catalog is asked, when it is known to have changed ([decoder.review]) or when a
// value does not fit ([decoder.renew]).
type described struct {
	message  pgoutput.Relation
	relation *protocol.Relation
	checks   []check
	renewed  time.Time // when the catalog was asked in vain because of a value
}

// check is of a column whose type may be altered.
type check struct {
	column int
	fits   func(text []byte) bool
}

// renewInterval is how often at most a table's types are asked for in vain because of
// its values: while the stream is behind, what it brings may be of older types for long.
const renewInterval = time.Second

// relation takes the description of a table.
func (d *decoder) relation(ctx context.Context, m []byte) error {
	r, err := pgoutput.DecodeRelation(m)
	if err != nil {
		return err
	}
	if needsCatalog(r) {
		if err := d.awaitVisible(ctx); err != nil {
			return err
		}
	}
	known := &described{message: r}
	if err := d.build(ctx, known); err != nil {
		return err
	}
	d.relations[r.OID] = known
	return nil
}

// needsCatalog reports whether a description does not tell all.
func needsCatalog(r pgoutput.Relation) bool {
	return r.Identity == protocol.IdentityFull || slices.ContainsFunc(r.Columns, func(c pgoutput.RelationColumn) bool {
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
		visible, err := d.types.db.Visible(ctx, d.xid)
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
	if name, ok := d.catalog.nameInstead(m.OID, protocol.TableName{Schema: m.Schema, Table: m.Name}); ok {
		m.Schema, m.Name = name.Schema, name.Table
	}
	rel, err := d.types.relationFromMessage(ctx, m, d.position.Commit)
	if err != nil {
		return err
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
	d.catalog.observe(rel)
	return nil
}

// review makes relations anew when the catalog is known to have changed.
func (d *decoder) review(ctx context.Context) error {
	generation := d.catalog.generation.Load()
	if generation == d.reviewed {
		return nil
	}
	for _, known := range d.relations {
		if err := d.build(ctx, known); err != nil {
			return err
		}
	}
	d.reviewed = generation
	return nil
}

// renew makes the relation of a change anew because a value does not fit its type.
func (d *decoder) renew(ctx context.Context, known *described, c *protocol.Change) error {
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
func (known *described) fits(c *protocol.Change) bool {
	for _, check := range known.checks {
		for _, row := range [...][]protocol.Value{c.New, c.Old} {
			if row != nil && row[check.column].State == protocol.Text && !check.fits(row[check.column].Text) {
				return false
			}
		}
	}
	return true
}
