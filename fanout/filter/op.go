package filter

// op is an operator of the filter language.
type op uint8

const (
	opEq op = iota
	opNe
	opGt
	opGte
	opLt
	opLte
	opContains
	opStartsWith
	opEndsWith
	opIn
	opNotIn
	opIsNull
	// opNever is any operator whose operand is NULL. Its result is NULL, which counts as false in
	// a WHERE clause, whatever the value is.
	opNever
)

var opNames = [...]string{
	"eq", "ne", "gt", "gte", "lt", "lte", "contains", "startswith", "endswith", "in", "notin", "isnull", "never",
}

func (o op) String() string { return opNames[o] }

// opNamed returns the operator with a client's name for it.
func opNamed(name string) (op, bool) {
	for o := opEq; o <= opIsNull; o++ {
		if opNames[o] == name {
			return o, true
		}
	}
	return 0, false
}

// compares reports whether the operator compares with one operand.
func (o op) compares() bool { return o <= opLte }

// holds reports whether the operator holds for a value that is less than (order < 0), equal to
// or greater than its operand.
func (o op) holds(order int) bool {
	switch o {
	case opEq:
		return order == 0
	case opNe:
		return order != 0
	case opGt:
		return order > 0
	case opGte:
		return order >= 0
	case opLt:
		return order < 0
	default: // opLte
		return order <= 0
	}
}

// takesList reports whether the operator takes a list.
func (o op) takesList() bool { return o == opIn || o == opNotIn }

// orders reports whether the operator needs an order of values.
func (o op) orders() bool { return o >= opGt && o <= opLte }

// onText reports whether the operator looks at the value's cast to text.
func (o op) onText() bool { return o >= opContains && o <= opEndsWith }
