package filter

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/tablewire/tablewire/fanout/filter/value"
	"github.com/tablewire/tablewire/protocol/wal"
)

// clause is one comparison: a column, or a path into a column of JSON, an operator, and typed
// operands. There may be millions: a clause has 64 bytes, and most clauses are decided without a
// look at anything else.
type clause struct {
	opclass *value.Opclass
	extras  *extras // nil: noExtras

	// operands are ordered and distinct: one for a comparison, two or more for opIn and opNotIn
	// (with one, these become opEq and opNe), and the text for opStartsWith and opEndsWith.
	operands []value.Datum
	sortKey  uint64 // of the operand, if there is one and the opclass has sort keys
	index    int32  // of the column

	// valueID says which columnValue of an index this clause looks at: index, or for a path ^id of
	// a pathValue.
	valueID int32
	op      op
	null    bool // of opIsNull: its operand
	last    bool // the last clause of its group
}

// extras are what few clauses have.
type extras struct {
	path   []string // into a column of JSON
	needle *needle  // of opContains
}

var noExtras extras

func (c *clause) path() []string { return cmp.Or(c.extras, &noExtras).path }

func (c *clause) needle() *needle { return cmp.Or(c.extras, &noExtras).needle }

func newClause(t *target, v literals) (*clause, error) {
	c := &clause{
		opclass: value.OpclassOf(&t.field.column.Type),
		index:   int32(t.field.index), valueID: int32(t.field.index), op: t.op,
	}
	if path := t.field.path; path != nil {
		c.extras = &extras{path: path}
		c.opclass = pathOpclass(c.op, v)
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

// pathOpclass returns the opclass of what a path leads to: text, as SQL's ->> gives it, or a number
// if the client's JSON has numbers to compare with.
func pathOpclass(o op, v literals) *value.Opclass {
	if o == opIsNull || o.onText() {
		return value.Text
	}
	numbers := 0
	for _, l := range v.items {
		switch l.jsonType {
		case jsonNumber:
			numbers++
		case jsonNull:
		case jsonBool, jsonString:
			return value.Text
		}
	}
	if numbers == 0 {
		return value.Text
	}
	return value.PathNumber
}

// usable returns why the clause's operator can't be used on its type, for the client.
func (c *clause) usable(t *wal.Type) error {
	switch {
	case c.op == opIsNull:
		return nil
	case c.opclass.Unusable() != "" && (!c.opclass.HasEquality() || !c.op.onText()):
		return errors.New(c.opclass.Unusable())
	case c.op.onText():
		return nil
	case !c.opclass.HasEquality():
		return fmt.Errorf("%s values have no equality: use a path into them, or isnull", t)
	case c.op.orders() && !c.opclass.HasOrder():
		return fmt.Errorf("the operator %s can't be used on %s", c.op, t)
	}
	return nil
}

// setNull sets the operand of isnull.
func (c *clause) setNull(v literals) error {
	l, err := v.scalar()
	if err != nil {
		return err
	}
	null, ok := value.ParseBool(l.text)
	if !ok {
		return fmt.Errorf("%s is not true or false", l)
	}
	c.null = null
	return nil
}

// setText sets the operand of an operator on the cast to text.
func (c *clause) setText(v literals) error {
	l, err := v.scalar()
	switch {
	case err != nil:
		return err
	case l.jsonType == jsonNull:
		c.op = opNever
	case c.opclass.FoldsText():
		return c.setFolded(l)
	case c.op == opContains:
		c.extras = &extras{path: c.path(), needle: newNeedle(l.text)}
	default:
		d, err := value.Text.Literal(l.text)
		c.operands = []value.Datum{d}
		return err
	}
	return nil
}

// setFolded sets the operand for an opclass that folds the cast to text: both sides are compared
// as folded.
func (c *clause) setFolded(l literal) error {
	d, err := c.opclass.Literal(l.text)
	switch {
	case err != nil:
		return fmt.Errorf("%s %w", l, err)
	case c.op == opContains:
		c.extras = &extras{needle: &needle{lower: d.Bytes()}}
	default:
		c.operands = []value.Datum{d}
	}
	return nil
}

// setScalar sets the operand of a comparison.
func (c *clause) setScalar(v literals) error {
	l, err := v.scalar()
	if err != nil {
		return err
	}
	if l.jsonType == jsonNull {
		c.op = opNever
		return nil
	}
	return c.addOperand(l)
}

// setList sets the operands of in and notin. x IN (1, NULL) is true or NULL, so the NULL can be
// left out; x NOT IN (1, NULL) is false or NULL, so it never holds.
func (c *clause) setList(v literals) error {
	items, err := v.list()
	if err != nil {
		return err
	}
	hasNull := false
	for _, l := range items {
		if l.jsonType == jsonNull {
			hasNull = true
			continue
		}
		if err := c.addOperand(l); err != nil {
			return err
		}
	}
	slices.SortFunc(c.operands, c.opclass.Compare)
	c.operands = slices.CompactFunc(c.operands, func(a, b value.Datum) bool { return c.opclass.Compare(a, b) == 0 })
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
	var d value.Datum
	var err error
	if l.jsonType == jsonNumber {
		d, err = c.opclass.Number(l.text)
	} else {
		d, err = c.opclass.Literal(l.text)
	}
	if err != nil {
		return fmt.Errorf("%s %w", l, err)
	}
	c.operands = append(c.operands, d)
	return nil
}

// key returns the clause in a form that another clause on the same relation has only if it is
// the same clause.
func (c *clause) key(column string) string {
	if c.op == opNever {
		return c.op.String()
	}
	key := strconv.AppendQuote(nil, column)
	for _, member := range c.path() {
		key = strconv.AppendQuote(append(key, '.'), member)
	}
	key = append(append(key, ' '), c.op.String()...)
	if c.opclass == value.PathNumber {
		key = append(key, " number"...)
	}
	if c.op == opIsNull {
		key = strconv.AppendBool(append(key, ' '), c.null)
	}
	if n := c.needle(); n != nil {
		key = strconv.AppendQuote(append(key, ' '), string(n.lower))
	}
	for _, d := range c.operands {
		key = d.AppendKey(append(key, ' '))
	}
	return string(key)
}
