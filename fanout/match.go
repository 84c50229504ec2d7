package fanout

import (
	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/protocol/wal"
)

// match is a filterGroup that a change concerns, with the filter's results.
type match struct {
	filterGroup *filterGroup
	// row is the result for the new row of a create or an update, and for the old row of
	// a delete.
	row filter.Result
	// oldRow is the result for the old row of an update. It is set only for groups that
	// follow transitions.
	oldRow filter.Result
}

// findMatches sets s.matches to the matches of a change. For an update it also matches the
// old row, for the filters of groups that follow transitions.
func (s *shard) findMatches(t *topic, c *wal.Change) {
	s.matches = s.appendMatches(s.matches[:0], &t.index, c.Row())
	if c.Op != wal.Update || t.transitionIndex.Len() == 0 {
		return
	}
	newRows := len(s.matches)
	for i := range s.matches {
		s.matches[i].filterGroup.matched = i + 1
	}
	s.matches = mergeMatches(s.appendMatches(s.matches, &t.transitionIndex, s.oldRow(c)), newRows)
}

// appendMatches appends the groups of an index whose filters don't reject a row. A filter
// that can't decide, because the log lacks a value, does not reject: a client can ignore a
// row that it does not hold, and can't guess a row that it was not sent.
func (s *shard) appendMatches(matches []match, index *filter.Index, row []wal.Value) []match {
	s.found = index.Match(s.found[:0], row)
	for _, m := range s.found {
		matches = append(matches, match{filterGroup: m.Handle.Value.(*filterGroup), row: m.Result})
	}
	clear(s.found)
	s.counters.evaluations.Add(uint64(index.Evaluated()))
	return matches
}

// mergeMatches merges the two matches that a group may have for an update: for the new
// row, among the first n, and for the old row, among the others.
func mergeMatches(matches []match, n int) []match {
	merged := matches[:n]
	for _, m := range matches[n:] {
		if at := m.filterGroup.matched; at > 0 {
			merged[at-1].oldRow = m.row
			continue
		}
		merged = append(merged, match{filterGroup: m.filterGroup, row: filter.No, oldRow: m.row})
	}
	for i := range n {
		merged[i].filterGroup.matched = 0
	}
	clear(matches[len(merged):])
	return merged
}

// oldRow returns the known values of the row before an update.
func (s *shard) oldRow(c *wal.Change) []wal.Value {
	if c.Old != nil {
		return c.Old
	}
	s.identity = c.AppendIdentity(s.identity[:0])
	return s.identity
}
