package filter

// op is what a clause does with a value.
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
	// opNever is any operator with NULL on its right side: the result is NULL,
	// which a WHERE clause takes for false, whatever the value is.
	opNever
)

var opNames = [...]string{
	"eq", "ne", "gt", "gte", "lt", "lte", "contains", "startswith", "endswith", "in", "notin", "isnull", "never",
}

func (o op) String() string { return opNames[o] }

// opNamed finds an operator by the name that clients use.
func opNamed(name string) (op, bool) {
	for o := opEq; o <= opIsNull; o++ {
		if opNames[o] == name {
			return o, true
		}
	}
	return 0, false
}

// compares says that the operator compares with one operand.
func (o op) compares() bool { return o <= opLte }

// holds says whether the operator holds for a value that is less than, equal to or
// greater than its operand.
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

// takesList says that the operator's right side is a list.
func (o op) takesList() bool { return o == opIn || o == opNotIn }

// orders says that the operator needs an order of values.
func (o op) orders() bool { return o >= opGt && o <= opLte }

// onText says that the operator looks at a value's text form.
func (o op) onText() bool { return o >= opContains && o <= opEndsWith }
