package filter

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/tablewire/tablewire/protocol/wal"
)

// clause is one comparison: a column, or what a path leads to in one, an
// operator, and typed operands. It is all that an index over filters needs to
// know. There are many: it has 64 bytes, and most are decided without a look at
// anything else.
type clause struct {
	class *class
	rare  *rarities // nil for none
	// operands are ordered and distinct: one for a comparison, one or more for
	// opIn and opNotIn (which have one never: that is opEq and opNe), the text for
	// opStartsWith and opEndsWith.
	operands []datum
	rank     uint64 // of the operand, where there is one and the class has ranks
	index    int32  // of the column
	// cell is where an index keeps the value while it matches: the column's index,
	// or for a path what the index has made of it.
	cell int32
	op   op
	null bool // of opIsNull: what is asked for
	last bool // the last one of its group
}

// rarities are what few clauses have.
type rarities struct {
	path   []string // into a column of JSON
	needle *needle  // of opContains
}

var noRarities rarities

func (c *clause) path() []string { return cmp.Or(c.rare, &noRarities).path }

func (c *clause) needle() *needle { return cmp.Or(c.rare, &noRarities).needle }

func newClause(t *target, v value) (*clause, error) {
	c := &clause{
		class: classOf(&t.field.column.Type),
		index: int32(t.field.index), cell: int32(t.field.index), op: t.op,
	}
	if path := t.field.path; path != nil {
		c.rare = &rarities{path: path}
		c.class = pathClass(c.op, v)
	}
	if err := c.usable(&t.field.column.Type); err != nil {
		return nil, err
	}
	var err error
	switch {
	case c.op == opIsNull:
		err = c.setNull(v)
	case c.op.onText():
		err = c.setText(v)
	case c.op.takesList():
		err = c.setList(v)
	default:
		err = c.setScalar(v)
	}
	if err != nil {
		return nil, &valueError{t.field.column.Type.String(), err}
	}
	return c, nil
}

// pathClass: a path leads to text, as ->> does. Compared with what is a number in
// the client's JSON it is a number.
func pathClass(o op, v value) *class {
	if o == opIsNull || o.onText() {
		return textClass
	}
	numbers := 0
	for _, l := range v.items {
		switch l.form {
		case formNumber:
			numbers++
		case formNull:
		case formBool, formString:
			return textClass
		}
	}
	if numbers == 0 {
		return textClass
	}
	return pathNumberClass
}

func (c *clause) usable(t *wal.Type) error {
	switch {
	case c.op == opIsNull:
		return nil
	case c.class.unusable != "" && (c.class.comparison == nil || !c.op.onText()):
		return errors.New(c.class.unusable)
	case c.op.onText():
		return nil
	case c.class.comparison == nil:
		return fmt.Errorf("%s values have no equality: use a path into them, or isnull", t)
	case c.op.orders() && !c.class.ordered:
		return fmt.Errorf("the operator %s can't be used on %s", c.op, t)
	}
	return nil
}

func (c *clause) setNull(v value) error {
	l, err := v.scalar()
	if err != nil {
		return err
	}
	null, ok := parseBool(l.text)
	if !ok {
		return fmt.Errorf("%s is not true or false", l)
	}
	c.null = null
	return nil
}

func (c *clause) setText(v value) error {
	l, err := v.scalar()
	switch {
	case err != nil:
		return err
	case l.form == formNull:
		c.op = opNever
	case c.class.foldsForm:
		return c.setFolded(l)
	case c.op == opContains:
		c.rare = &rarities{path: c.path(), needle: newNeedle(l.text)}
	default:
		c.operands = []datum{{bytes: []byte(l.text)}}
	}
	return nil
}

// setFolded: both sides are folded by the class, and then compared as they are.
func (c *clause) setFolded(l literal) error {
	d, err := c.class.literal(l.text)
	switch {
	case err != nil:
		return fmt.Errorf("%s %w", l, err)
	case c.op == opContains:
		c.rare = &rarities{needle: &needle{lower: d.bytes}}
	default:
		c.operands = []datum{d}
	}
	return nil
}

func (c *clause) setScalar(v value) error {
	l, err := v.scalar()
	if err != nil {
		return err
	}
	if l.form == formNull {
		c.op = opNever
		return nil
	}
	return c.addOperand(l)
}

// setList: "x IN (1, NULL)" is true or NULL, so the NULL can go; "x NOT IN (1,
// NULL)" is false or NULL.
func (c *clause) setList(v value) error {
	items, err := v.list()
	if err != nil {
		return err
	}
	hasNull := false
	for _, l := range items {
		if l.form == formNull {
			hasNull = true
			continue
		}
		if err := c.addOperand(l); err != nil {
			return err
		}
	}
	slices.SortFunc(c.operands, c.class.compare)
	c.operands = slices.CompactFunc(c.operands, func(a, b datum) bool { return c.class.compare(a, b) == 0 })
	switch {
	case len(c.operands) == 0, hasNull && c.op == opNotIn:
		c.op, c.operands = opNever, nil
	case len(c.operands) == 1 && c.op == opIn:
		c.op = opEq
	case len(c.operands) == 1:
		c.op = opNe
	}
	return nil
}

func (c *clause) addOperand(l literal) error {
	text := l.text
	if l.form == formNumber && c.class.bare != nil {
		text = c.class.bare(text)
	}
	d, err := c.class.literal(text)
	if err != nil {
		return fmt.Errorf("%s %w", l, err)
	}
	c.operands = append(c.operands, d)
	return nil
}

// key writes the clause in a form that another clause of the same relation
// has only if it is the same.
func (c *clause) key(column string) string {
	if c.op == opNever {
		return c.op.String()
	}
	key := strconv.AppendQuote(nil, column)
	for _, member := range c.path() {
		key = strconv.AppendQuote(append(key, '.'), member)
	}
	key = append(append(key, ' '), c.op.String()...)
	if c.class == pathNumberClass {
		key = append(key, " number"...)
	}
	if c.op == opIsNull {
		key = strconv.AppendBool(append(key, ' '), c.null)
	}
	if n := c.needle(); n != nil {
		key = strconv.AppendQuote(append(key, ' '), string(n.lower))
	}
	for _, d := range c.operands {
		key = d.appendKey(append(key, ' '))
	}
	return string(key)
}

func (d datum) appendKey(dst []byte) []byte {
	if d.word == 0 && d.low == 0 && d.bytes != nil {
		return strconv.AppendQuote(dst, string(d.bytes))
	}
	dst = strconv.AppendInt(dst, d.word, 10)
	if d.low != 0 || d.bytes != nil {
		dst = strconv.AppendInt(append(dst, ':'), d.low, 10)
		dst = strconv.AppendQuote(append(dst, ':'), string(d.bytes))
	}
	return dst
}
