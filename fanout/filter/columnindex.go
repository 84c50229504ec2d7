package filter

import (
	"github.com/tablewire/tablewire/fanout/filter/value"
	"github.com/tablewire/tablewire/protocol/wal"
)

// axis is what an index knows of one column, or of one path: the filters that are
// reached through it, by the operator that they are reached with.
type columnIndex struct {
	key      columnKey
	opclass  *value.Opclass
	at       int // in Index.axes
	postings int // in all that follows

	equal         hashIndex    // eq, in; by the value's hash
	exclusions    exclusions   // ne, notin
	intervals     intervalTree // gt, gte, lt, lte
	prefixes      affixIndex   // startswith
	suffixes      affixIndex   // endswith
	ngrams        ngramIndex   // contains
	null, notNull postings     // isnull
}

// axisKey tells axes apart. A path that is compared with numbers is another
// axis than the same path as text.
type columnKey struct {
	valueID int32
	number  bool
}

func columnKeyOf(c *clause) columnKey { return columnKey{c.valueID, c.opclass == value.PathNumber} }

func newColumnIndex(c *clause) *columnIndex {
	a := &columnIndex{key: columnKeyOf(c), opclass: c.opclass}
	a.equal.init(a)
	a.exclusions.init(a)
	a.intervals.init(a)
	a.prefixes.init(a)
	a.suffixes.init(a)
	a.suffixes.fromEnd = true
	a.ngrams.init(a)
	a.null.column, a.notNull.column = a, a
	return a
}

// match visits what the row's value leads to. A value that is not known leads
// to everything: it is for the rest of a filter to decide.
func (a *columnIndex) match(x *Index) {
	c := x.valueOf(a.key.valueID)
	switch c.state {
	case wal.Null:
		x.acceptAll(&a.null)
	case wal.Text:
		if a.opclass.IsNull(c.text) {
			x.acceptAll(&a.null)
		} else {
			x.acceptAll(&a.notNull)
		}
		a.matchValue(x, c)
		a.matchText(x, c)
	case wal.Unchanged: // it is not NULL
		x.acceptAll(&a.notNull)
		a.evaluateValues(x)
		a.evaluateTexts(x)
	case wal.Absent:
		x.evaluateAll(&a.null)
		x.evaluateAll(&a.notNull)
		a.evaluateValues(x)
		a.evaluateTexts(x)
	}
}

// matchValue visits those that compare the value.
func (a *columnIndex) matchValue(x *Index, c *columnValue) {
	if a.equal.list.len+a.exclusions.len()+a.intervals.list.len == 0 {
		return
	}
	r := c.parse(x, a.opclass)
	switch {
	case !r.ok && a.key.number: // NULL
		return
	case !r.ok:
		a.evaluateValues(x)
		return
	}
	if a.equal.list.len+a.exclusions.len() > 0 {
		hash := r.hash(a.opclass)
		x.evaluateChain(&a.equal.postings, a.equal.head(hash))
		a.exclusions.match(x, hash)
	}
	a.intervals.match(x, r)
}

// matchText visits those that look at the text form.
func (a *columnIndex) matchText(x *Index, c *columnValue) {
	if a.prefixes.list.len+a.suffixes.list.len+a.ngrams.list.len == 0 {
		return
	}
	text, ok := c.castText(x, a.opclass)
	if !ok {
		a.evaluateTexts(x)
		return
	}
	if a.prefixes.list.len+a.suffixes.list.len > 0 {
		a.prefixes.match(x, text)
		a.suffixes.match(x, text)
	}
	if a.ngrams.list.len > 0 {
		a.ngrams.match(x, c.lowered(x, a.opclass))
	}
}

func (a *columnIndex) evaluateValues(x *Index) {
	x.evaluateAll(&a.equal.postings)
	x.evaluateAll(&a.exclusions.list)
	x.evaluateAll(&a.intervals.postings)
}

func (a *columnIndex) evaluateTexts(x *Index) {
	x.evaluateAll(&a.prefixes.postings)
	x.evaluateAll(&a.suffixes.postings)
	x.evaluateAll(&a.ngrams.postings)
}
