package filter

import (
	"github.com/tablewire/tablewire/fanout/filter/value"
	"github.com/tablewire/tablewire/protocol/wal"
)

// columnIndex has the postings whose key is a value of one column, or of one path into a
// column, by the operator of their clauses.
type columnIndex struct {
	key     columnKey
	opclass *value.Opclass
	at      int // in Index.columns
	len     int // postings in all indexes below

	equal         hashIndex    // eq, in, by the value's hash
	exclusions    exclusions   // ne, notin
	intervals     intervalTree // gt, gte, lt, lte
	prefixes      affixIndex   // startswith
	suffixes      affixIndex   // endswith
	ngrams        ngramIndex   // contains
	null, notNull postings     // isnull
}

// columnKey identifies a columnIndex. A path that is compared with numbers has another one than
// the same path compared as text.
type columnKey struct {
	valueID int32
	number  bool
}

func columnKeyOf(c *clause) columnKey { return columnKey{c.valueID, c.opclass == value.PathNumber} }

func newColumnIndex(c *clause) *columnIndex {
	col := &columnIndex{key: columnKeyOf(c), opclass: c.opclass}
	col.equal.init(col)
	col.exclusions.init(col)
	col.intervals.init(col)
	col.prefixes.init(col)
	col.suffixes.init(col)
	col.suffixes.fromEnd = true
	col.ngrams.init(col)
	col.null.column, col.notNull.column = col, col
	return col
}

// match evaluates the filters that the row's value leads to. An unknown value leads to all
// filters of the column: other clauses may decide them.
func (col *columnIndex) match(x *Index) {
	v := x.valueOf(col.key.valueID)
	switch v.state {
	case wal.Null:
		x.acceptAll(&col.null)
	case wal.Text:
		if col.opclass.IsNull(v.text) {
			x.acceptAll(&col.null)
		} else {
			x.acceptAll(&col.notNull)
		}
		col.matchValue(x, v)
		col.matchText(x, v)
	case wal.Unchanged: // it is not NULL
		x.acceptAll(&col.notNull)
		col.evaluateValues(x)
		col.evaluateTexts(x)
	case wal.Absent:
		x.evaluateAll(&col.null)
		x.evaluateAll(&col.notNull)
		col.evaluateValues(x)
		col.evaluateTexts(x)
	}
}

// matchValue evaluates the filters that compare the value.
func (col *columnIndex) matchValue(x *Index, v *columnValue) {
	if col.equal.list.len+col.exclusions.len()+col.intervals.list.len == 0 {
		return
	}
	p := v.parse(x, col.opclass)
	switch {
	case !p.ok && col.key.number: // NULL
		return
	case !p.ok:
		col.evaluateValues(x)
		return
	}
	if col.equal.list.len+col.exclusions.len() > 0 {
		hash := p.hash(col.opclass)
		x.evaluateChain(&col.equal.postings, col.equal.head(hash))
		col.exclusions.match(x, hash)
	}
	col.intervals.match(x, p)
}

// matchText evaluates the filters that look at the value's cast to text.
func (col *columnIndex) matchText(x *Index, v *columnValue) {
	if col.prefixes.list.len+col.suffixes.list.len+col.ngrams.list.len == 0 {
		return
	}
	text, ok := v.castText(x, col.opclass)
	if !ok {
		col.evaluateTexts(x)
		return
	}
	if col.prefixes.list.len+col.suffixes.list.len > 0 {
		col.prefixes.match(x, text)
		col.suffixes.match(x, text)
	}
	if col.ngrams.list.len > 0 {
		col.ngrams.match(x, v.lowered(x, col.opclass))
	}
}

// evaluateValues evaluates all filters that compare the value.
func (col *columnIndex) evaluateValues(x *Index) {
	x.evaluateAll(&col.equal.postings)
	x.evaluateAll(&col.exclusions.list)
	x.evaluateAll(&col.intervals.postings)
}

// evaluateTexts evaluates all filters that look at the cast to text.
func (col *columnIndex) evaluateTexts(x *Index) {
	x.evaluateAll(&col.prefixes.postings)
	x.evaluateAll(&col.suffixes.postings)
	x.evaluateAll(&col.ngrams.postings)
}
