package filter

import (
	"bytes"

	"github.com/tablewire/tablewire/protocol"
)

// cell holds what one column, or one path into a column, has in the row that an
// index is matching. Each text is read once for all clauses, and only if one asks.
type cell struct {
	turn  uint64 // the turn of the index that it was filled in
	state protocol.State
	text  []byte // of state Text

	readTurn uint64 // likewise, of the datum
	readable bool
	datum    datum

	lowerTurn uint64 // of the text form in lower case
	lower     []byte
}

// maxLower is the longest buffer that a cell keeps.
const maxLower = 64 << 10

// pathCell is the cell of a path, which several filters may use.
type pathCell struct {
	cell
	name   string // in Index.pathCells
	column int32
	path   []string
	users  int
}

// cell gives the filled cell of a clause.
func (x *Index) cell(id int32) *cell {
	if id >= 0 {
		c := &x.columnCells[id]
		if c.turn != x.turn {
			c.turn = x.turn
			c.fill(x.row, int(id))
		}
		return c
	}
	p := x.paths[^id]
	if p.turn != x.turn {
		p.turn = x.turn
		p.follow(x.cell(p.column))
	}
	return &p.cell
}

func (c *cell) fill(row []protocol.Value, column int) {
	c.state, c.text = protocol.Absent, nil
	if column < len(row) {
		c.state, c.text = row[column].State, row[column].Text
	}
}

func (p *pathCell) follow(document *cell) {
	p.state, p.text = document.state, nil
	switch p.state {
	case protocol.Text:
		var ok bool
		if p.text, ok = jsonAt(document.text, p.path); !ok {
			p.state = protocol.Null
		}
	case protocol.Unchanged: // that the document is there says nothing of the path
		p.state = protocol.Absent
	case protocol.Null, protocol.Absent:
	}
}

// read gives the text as a datum. All clauses of a cell have one class, but that a
// path may also be compared as text.
func (c *cell) read(x *Index, class *class) (datum, bool) {
	if class == textClass {
		return datum{bytes: c.text}, true
	}
	if c.readTurn != x.turn {
		c.readTurn = x.turn
		c.datum, c.readable = class.read(c.text)
	}
	return c.datum, c.readable
}

// lowered gives the text form in lower case.
func (c *cell) lowered(x *Index, class *class) []byte {
	if c.lowerTurn != x.turn {
		c.lowerTurn = x.turn
		if cap(c.lower) > maxLower {
			c.lower = nil
		}
		c.lower = appendLower(c.lower[:0], class.formOf(c.text))
	}
	return c.lower
}

// match evaluates an entry's filter for the row at hand.
func (x *Index) match(e *Entry) Result {
	result, group := Yes, No
	for i := range e.clauses {
		c := &e.clauses[i]
		if group != Yes {
			group = max(group, x.matchClause(c))
		}
		if !c.last {
			continue
		}
		if group == No {
			return No
		}
		result, group = min(result, group), No
	}
	return result
}

// matchClause is clause.match by way of the cells.
func (x *Index) matchClause(c *clause) Result {
	if c.op == opNever {
		return No
	}
	v := x.cell(c.cell)
	switch v.state {
	case protocol.Null:
		return c.matchNull()
	case protocol.Unchanged:
		return c.matchUnchanged()
	case protocol.Absent:
		return Unknown
	case protocol.Text:
	}
	switch {
	case c.op == opIsNull:
		return c.matchIsNull(v.text)
	case c.op == opContains:
		return resultOf(bytes.Contains(v.lowered(x, c.class), c.needle().lower))
	case c.op.onText():
		return resultOf(c.matchForm(v.text))
	}
	d, ok := v.read(x, c.class)
	return c.matchRead(d, ok)
}
