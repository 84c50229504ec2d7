package cdc

import (
	"slices"

	"github.com/tablewire/tablewire/cdc/internal/pgoutput"
	"github.com/tablewire/tablewire/protocol/wal"
)

// partitions is what the stream has told of the partitions of one table. PostgreSQL
// sends their changes as those of the table, but what a change tells of the old row is
// up to the partition's replica identity: the letter of the old row, O or K, is that of
// the table's own, and what the partition did not log stands there as NULL.
//
// The server describes a partition right after the table, before the partition's first
// change of a session, and again after it was altered. So a row is of a partition that
// has been described, as it was described last. What is known of one that was altered
// or dropped since does no harm: no row is of it before it is described again.
type partitions struct {
	columns []string               // of the table
	leaves  map[uint32]*loggedKeys // by OID, as they were described last
	kinds   []*loggedKeys          // the different ones that a row may be of
	// learned counts how often a partition has begun to log more than before.
	learned int
}

// loggedKeys are the columns of which partitions log the old values.
type loggedKeys struct {
	full   bool
	names  []string // nil if full; sorted
	tells  []bool   // in the order of the table's columns
	leaves int      // that are of this kind
}

// maxKinds is how many kinds are told apart by what a row shows.
const maxKinds = 64

// loggedBy reads a partition's description.
func loggedBy(m pgoutput.Relation) *loggedKeys {
	if m.Identity == wal.IdentityFull {
		return &loggedKeys{full: true}
	}
	l := &loggedKeys{names: []string{}}
	for _, c := range m.Columns {
		if c.Key {
			l.names = append(l.names, c.Name)
		}
	}
	slices.Sort(l.names)
	return l
}

func (l *loggedKeys) has(column int) bool { return l.full || l.tells[column] }

func (l *loggedKeys) equal(o *loggedKeys) bool {
	return l.full == o.full && slices.Equal(l.names, o.names)
}

// moreThan reports whether l has a column that before has not.
func (l *loggedKeys) moreThan(before *loggedKeys) bool {
	if before.full {
		return false
	}
	return l.full || slices.ContainsFunc(l.names, func(name string) bool { return !slices.Contains(before.names, name) })
}

// place finds the columns in a table that has these.
func (l *loggedKeys) place(columns []string) {
	l.tells = make([]bool, len(columns))
	for i, name := range columns {
		_, l.tells[i] = slices.BinarySearch(l.names, name)
	}
}

// describe takes over the table's own description. When the columns are others, each
// partition was altered too, and is described again before its next change.
func (p *partitions) describe(m pgoutput.Relation) {
	columns := make([]string, len(m.Columns))
	for i := range m.Columns {
		columns[i] = m.Columns[i].Name
	}
	if !slices.Equal(columns, p.columns) {
		p.columns, p.kinds = columns, nil
	}
}

// add takes over a partition's description, and gives the kind that it is of.
func (p *partitions) add(leaf uint32, logged *loggedKeys) *loggedKeys {
	before := p.leaves[leaf]
	if before != nil && logged.moreThan(before) {
		p.learned++
	}
	if before != nil && slices.Contains(p.kinds, before) {
		if before.leaves--; before.leaves == 0 {
			p.kinds = slices.DeleteFunc(p.kinds, func(k *loggedKeys) bool { return k == before })
		}
	}
	if i := slices.IndexFunc(p.kinds, logged.equal); i >= 0 {
		logged = p.kinds[i]
	} else {
		logged.place(p.columns)
		p.kinds = append(p.kinds, logged)
	}
	logged.leaves++
	if p.leaves == nil {
		p.leaves = map[uint32]*loggedKeys{}
	}
	p.leaves[leaf] = logged
	return logged
}

// allFull reports whether all partitions log the whole old row.
func (p *partitions) allFull() bool { return len(p.kinds) == 1 && p.kinds[0].full }

// correct makes of the old row of a change, as it was sent, what is certain of it: one
// that was logged whole is known, NULLs included; of any other are known the values
// that came, and those columns that every partition logs which the row may be of.
func (p *partitions) correct(c *wal.Change, of []*loggedKeys) {
	if len(of) == 1 && of[0].full && c.OldFull {
		return
	}
	candidates, full := compatible(c, of)
	c.OldFull = full
	for i := range c.Old {
		if v := &c.Old[i]; v.State == wal.Null || v.State == wal.Absent {
			v.State = wal.Absent
			if allHave(of, candidates, i) {
				v.State = wal.Null
			}
		}
	}
}

// compatible gives the kinds that may have logged an old row, as a set of their places,
// and whether each of them logs all: one that logs some columns has values in no others.
func compatible(c *wal.Change, of []*loggedKeys) (candidates uint64, full bool) {
	if len(of) > maxKinds {
		return ^uint64(0), false
	}
	full = true
	for k, kind := range of {
		fits := true
		for i := range c.Old {
			fits = fits && (c.Old[i].State != wal.Text || kind.has(i))
		}
		if fits {
			candidates |= 1 << k
			full = full && kind.full
		}
	}
	return candidates, full && candidates != 0
}

// allHave reports whether all candidates tell a column.
func allHave(of []*loggedKeys, candidates uint64, column int) bool {
	for k, kind := range of {
		if candidates&(1<<min(k, maxKinds-1)) != 0 && !kind.has(column) {
			return false
		}
	}
	return candidates != 0
}

// tellsKey reports whether an update that came without an old row tells the row's key:
// the columns that its partition logs did not change then. One that is FULL sends one.
func tellsKey(rel *wal.Relation, of []*loggedKeys) bool {
	for i := range rel.Columns {
		if rel.Columns[i].Key && !unchangedKey(of, i) {
			return false
		}
	}
	return true
}

// unchangedKey reports whether a column did not change in an update without an old row.
func unchangedKey(of []*loggedKeys, column int) bool {
	some := false
	for _, kind := range of {
		if !kind.full {
			if !kind.tells[column] {
				return false
			}
			some = true
		}
	}
	return some
}
