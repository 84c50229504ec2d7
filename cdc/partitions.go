package cdc

import (
	"slices"

	"github.com/tablewire/tablewire/cdc/internal/pgoutput"
	"github.com/tablewire/tablewire/protocol/wal"
)

// partitions is what the stream has said about the partitions of one table.
//
// PostgreSQL sends a partition's changes as changes of the table. What it logs of an old
// row depends on the partition's replica identity, but the letter of the old row, O or K,
// depends on the table's own: what the partition did not log arrives as NULL.
//
// The server describes a partition right after the table, before the partition's first
// change of a session, and again after the partition was altered. So the partition of a
// row has been described, and its last description holds. A partition that was altered or
// dropped since does no harm: it has no rows before it is described again.
type partitions struct {
	columns    []string                 // of the table
	leaves     map[uint32]*leafIdentity // by OID, as they were last described
	identities []*leafIdentity          // the distinct ones of leaves
	// learned counts how often a partition has begun to log more than before. A
	// [wal.Relation] carries the count to the hub. When it grows, the hub asks clients to
	// load their rows again if they may hold a row that does not match: the row was sent
	// because too little was known of it, and is known not to match from now on.
	learned int
}

// leafIdentity is a replica identity that partitions have: the columns whose old values
// they log.
type leafIdentity struct {
	full   bool
	names  []string // of the columns, sorted; nil if full
	logged []bool   // whether each of the table's columns is one of names
	leaves int      // how many partitions have this identity
}

// maxIdentities bounds the distinct identities that the values of an old row are compared
// with: they are bits of a uint64.
const maxIdentities = 64

// leafIdentityOf reads a partition's description.
func leafIdentityOf(m pgoutput.Relation) *leafIdentity {
	if m.Identity == wal.IdentityFull {
		return &leafIdentity{full: true}
	}
	l := &leafIdentity{names: []string{}}
	for _, c := range m.Columns {
		if c.Key {
			l.names = append(l.names, c.Name)
		}
	}
	slices.Sort(l.names)
	return l
}

// logs reports whether the old value of a column of the table is logged.
func (l *leafIdentity) logs(column int) bool { return l.full || l.logged[column] }

func (l *leafIdentity) equal(o *leafIdentity) bool {
	return l.full == o.full && slices.Equal(l.names, o.names)
}

// moreThan reports whether l logs a column that before does not.
func (l *leafIdentity) moreThan(before *leafIdentity) bool {
	if before.full {
		return false
	}
	return l.full || slices.ContainsFunc(l.names, func(name string) bool { return !slices.Contains(before.names, name) })
}

// locate finds the columns of the identity among the table's.
func (l *leafIdentity) locate(columns []string) {
	l.logged = make([]bool, len(columns))
	for i, name := range columns {
		_, l.logged[i] = slices.BinarySearch(l.names, name)
	}
}

// setColumns notes the columns of the table's own description. If they changed, each
// partition was altered too, and is described again before its next change.
func (p *partitions) setColumns(m pgoutput.Relation) {
	columns := make([]string, len(m.Columns))
	for i := range m.Columns {
		columns[i] = m.Columns[i].Name
	}
	if !slices.Equal(columns, p.columns) {
		p.columns, p.identities = columns, nil
	}
}

// add notes a partition's identity. It returns the equal one that p.identities already has, or
// identity itself.
func (p *partitions) add(leaf uint32, identity *leafIdentity) *leafIdentity {
	before := p.leaves[leaf]
	if before != nil && identity.moreThan(before) {
		p.learned++
	}
	if before != nil && slices.Contains(p.identities, before) {
		if before.leaves--; before.leaves == 0 {
			p.identities = slices.DeleteFunc(p.identities, func(l *leafIdentity) bool { return l == before })
		}
	}
	if i := slices.IndexFunc(p.identities, identity.equal); i >= 0 {
		identity = p.identities[i]
	} else {
		identity.locate(p.columns)
		p.identities = append(p.identities, identity)
	}
	identity.leaves++
	if p.leaves == nil {
		p.leaves = map[uint32]*leafIdentity{}
	}
	p.leaves[leaf] = identity
	return identity
}

// allFull reports whether all partitions log the whole old row.
func (p *partitions) allFull() bool { return len(p.identities) == 1 && p.identities[0].full }

// correct reduces the old row of a change to what is certain. possible are the identities that
// the row's partition may have. If all of them are FULL, the row is known, with its NULLs.
// Otherwise the values that arrived are known, and the NULLs of those columns that every
// possible partition logs.
func (p *partitions) correct(c *wal.Change, possible []*leafIdentity) {
	if len(possible) == 1 && possible[0].full && c.OldFull {
		return
	}
	candidates, full := compatible(c, possible)
	c.OldFull = full
	for i := range c.Old {
		if v := &c.Old[i]; v.State == wal.Null || v.State == wal.Absent {
			v.State = wal.Absent
			if allLog(possible, candidates, i) {
				v.State = wal.Null
			}
		}
	}
}

// compatible returns the identities under which an old row may have been logged, as a set
// of indexes, and whether all of them are FULL. A row has no value in a column that its
// partition does not log.
func compatible(c *wal.Change, possible []*leafIdentity) (candidates uint64, full bool) {
	if len(possible) > maxIdentities {
		return ^uint64(0), false
	}
	full = true
	for k, identity := range possible {
		fits := true
		for i := range c.Old {
			fits = fits && (c.Old[i].State != wal.Text || identity.logs(i))
		}
		if fits {
			candidates |= 1 << k
			full = full && identity.full
		}
	}
	return candidates, full && candidates != 0
}

// allLog reports whether all candidates log a column.
func allLog(possible []*leafIdentity, candidates uint64, column int) bool {
	for k, identity := range possible {
		if candidates&(1<<min(k, maxIdentities-1)) != 0 && !identity.logs(column) {
			return false
		}
	}
	return candidates != 0
}

// impliesKey reports whether an update without an old row tells the row's old key: the
// columns that its partition logs did not change. A FULL partition always sends an old row.
func impliesKey(rel *wal.Relation, possible []*leafIdentity) bool {
	for i := range rel.Columns {
		if rel.Columns[i].Key && !unchangedKey(possible, i) {
			return false
		}
	}
	return true
}

// unchangedKey reports whether it is certain that an update without an old row did not
// change a column.
func unchangedKey(possible []*leafIdentity, column int) bool {
	some := false
	for _, identity := range possible {
		if !identity.full {
			if !identity.logged[column] {
				return false
			}
			some = true
		}
	}
	return some
}
