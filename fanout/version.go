package fanout

import (
	"slices"

	"github.com/tablewire/tablewire/protocol/wal"
)

// This file compares two versions of a table.

// compatible reports whether a spec compiled for one version may be used with the other:
// they have the same columns and the same key.
func compatible(a, b *wal.Relation) bool {
	return a.SameColumns(b) && slices.EqualFunc(a.Columns, b.Columns, func(a, b wal.Column) bool { return a.Key == b.Key })
}

// compareVersions says what a new version of a table means for the rows of the old one.
// typesChanged: a column is gone or has another type. moreKnown: more is known about rows,
// because the log has more old values than before, or because an enum got labels that
// could not be read before.
func compareVersions(before, now *wal.Relation) (typesChanged, moreKnown bool) {
	moreKnown = now.Identity == wal.IdentityFull && before.Identity != wal.IdentityFull || now.Learned > before.Learned
	for i := range before.Columns {
		was, at := before.Columns[i].Type, now.Column(before.Columns[i].Name)
		if at < 0 {
			return true, moreKnown
		}
		is := now.Columns[at].Type
		if was.Kind == wal.KindEnum && len(is.Labels) > len(was.Labels) && isSubsequence(was.Labels, is.Labels) {
			moreKnown = true
			is.Labels = was.Labels
		}
		typesChanged = typesChanged || !is.Same(was)
	}
	return typesChanged, moreKnown
}

// isSubsequence reports whether b has all of a, in the order of a.
func isSubsequence(a, b []string) bool {
	for _, s := range b {
		if len(a) > 0 && a[0] == s {
			a = a[1:]
		}
	}
	return len(a) == 0
}

// keyChanged reports whether the versions' keys have different columns.
func keyChanged(before, now *wal.Relation) bool {
	lacks := func(a, b *wal.Relation) bool { // b's key lacks a column of a's
		return slices.ContainsFunc(a.Columns, func(c wal.Column) bool {
			at := b.Column(c.Name)
			return c.Key && (at < 0 || !b.Columns[at].Key)
		})
	}
	return lacks(before, now) || lacks(now, before)
}
