package filter

import (
	"github.com/tablewire/tablewire/fanout/filter/value"
	"github.com/tablewire/tablewire/protocol/wal"
)

// axis is what an index knows of one column, or of one path: the filters that are
// reached through it, by the operator that they are reached with.
type axis struct {
	key    axisKey
	class  *value.Opclass
	at     int // in Index.axes
	points int // in all that follows

	equal         buckets // eq, in; by the value's hash
	others        others  // ne, notin
	ranges        ranges  // gt, gte, lt, lte
	prefixes      affixes // startswith
	suffixes      affixes // endswith
	grams         grams   // contains
	null, notNull bag     // isnull
}

// axisKey tells axes apart. A path that is compared with numbers is another
// axis than the same path as text.
type axisKey struct {
	cell   int32
	number bool
}

func keyOf(c *clause) axisKey { return axisKey{c.cell, c.opclass == value.PathNumber} }

func newAxis(c *clause) *axis {
	a := &axis{key: keyOf(c), class: c.opclass}
	a.equal.init(a)
	a.others.init(a)
	a.ranges.init(a)
	a.prefixes.init(a)
	a.suffixes.init(a)
	a.suffixes.fromEnd = true
	a.grams.init(a)
	a.null.axis, a.notNull.axis = a, a
	return a
}

// match visits what the row's value leads to. A value that is not known leads
// to everything: it is for the rest of a filter to decide.
func (a *axis) match(x *Index) {
	c := x.cell(a.key.cell)
	switch c.state {
	case wal.Null:
		x.visitCertain(&a.null)
	case wal.Text:
		if a.class.IsNull(c.text) {
			x.visitCertain(&a.null)
		} else {
			x.visitCertain(&a.notNull)
		}
		a.matchValue(x, c)
		a.matchText(x, c)
	case wal.Unchanged: // it is not NULL
		x.visitCertain(&a.notNull)
		a.allValues(x)
		a.allTexts(x)
	case wal.Absent:
		x.visitAll(&a.null)
		x.visitAll(&a.notNull)
		a.allValues(x)
		a.allTexts(x)
	}
}

// matchValue visits those that compare the value.
func (a *axis) matchValue(x *Index, c *cell) {
	if a.equal.points.len+a.others.len()+a.ranges.points.len == 0 {
		return
	}
	r := c.read(x, a.class)
	switch {
	case !r.ok && a.key.number: // NULL
		return
	case !r.ok:
		a.allValues(x)
		return
	}
	if a.equal.points.len+a.others.len() > 0 {
		hash := r.hash(a.class)
		x.visitChain(&a.equal.bag, a.equal.head(hash))
		a.others.match(x, hash)
	}
	a.ranges.match(x, r)
}

// matchText visits those that look at the text form.
func (a *axis) matchText(x *Index, c *cell) {
	if a.prefixes.points.len+a.suffixes.points.len+a.grams.points.len == 0 {
		return
	}
	text, ok := c.form(x, a.class)
	if !ok {
		a.allTexts(x)
		return
	}
	if a.prefixes.points.len+a.suffixes.points.len > 0 {
		a.prefixes.match(x, text)
		a.suffixes.match(x, text)
	}
	if a.grams.points.len > 0 {
		a.grams.match(x, c.lowered(x, a.class))
	}
}

func (a *axis) allValues(x *Index) {
	x.visitAll(&a.equal.bag)
	x.visitAll(&a.others.list)
	x.visitAll(&a.ranges.bag)
}

func (a *axis) allTexts(x *Index) {
	x.visitAll(&a.prefixes.bag)
	x.visitAll(&a.suffixes.bag)
	x.visitAll(&a.grams.bag)
}
