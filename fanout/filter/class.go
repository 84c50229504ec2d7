package filter

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/tablewire/tablewire/protocol/wal"
)

// class is how the values of one column are read and compared.
type class struct {
	// literal reads a client's literal, as the type's input function would.
	literal func(text string) (datum, error)
	// bare is how a literal that is a number in the client's JSON is spelt for literal;
	// nil for as it is.
	bare func(text string) string
	// read reads a row's text without allocating; false if it can't. The datum may
	// refer to the text.
	read        func(text []byte) (datum, bool)
	*comparison // nil when the type has no equality
	// ordered says that the comparison is the type's order, not equality alone.
	ordered bool
	// fold appends the text that read takes, made of a row's text; nil where that is the
	// row's own. False if it can't.
	fold func(dst, text []byte) ([]byte, bool)
	// foldsForm says that the text form is folded too.
	foldsForm bool
	// unusable says why nothing but isnull can be used; "" when that is not so.
	unusable string
	// form gives the text form where that is not the row's text; else nil.
	form func(text []byte) []byte
	// null finds the values that count as NULL though they are not; else nil.
	null func(text []byte) bool
	// array is the class of arrays of this one, once there is one.
	array atomic.Pointer[class]
}

// comparison of datums.
type comparison struct {
	compare func(a, b datum) int
	// hash is the same for two that are equal.
	hash func(d datum) uint64
	// rank never orders two against compare's order; if it is exact it is that order.
	rank  func(d datum) uint64
	exact bool
}

func (c *class) formOf(text []byte) []byte {
	if c.form == nil {
		return text
	}
	return c.form(text)
}

func (c *class) isNull(text []byte) bool { return c.null != nil && c.null(text) }

// OIDs of pg_type.dat of types that Kind does not tell apart.
const (
	oidOID      = 26
	oidJSON     = 114
	oidCIDR     = 650
	oidMACAddr8 = 774
	oidMACAddr  = 829
	oidInet     = 869
	oidBPChar   = 1042
	oidInterval = 1186
	oidTimeTZ   = 1266
	oidLSN      = 3220
	oidXID8     = 5069
	oidOID8     = 6437 // from PostgreSQL 19 on
)

func classOf(t *wal.Type) *class {
	switch t.Kind {
	case wal.KindBool:
		return boolClass
	case wal.KindInt:
		return intClassOf(t.Bits)
	case wal.KindFloat:
		return floatClassOf(t.Bits)
	case wal.KindNumeric:
		return numericClass
	case wal.KindText:
		switch {
		case t.Folding != nil:
			return foldClassOf(t.Folding)
		case t.Base == oidBPChar:
			return bpcharClass
		}
		return textClass
	case wal.KindUUID:
		return uuidClass
	case wal.KindDate:
		return dateClass
	case wal.KindTime:
		return timeClass
	case wal.KindTimestamp:
		return timestampClass
	case wal.KindTimestampTZ:
		return timestampTZClass
	case wal.KindBytea:
		return byteaClass
	case wal.KindEnum:
		return enumClassOf(t)
	case wal.KindJSON:
		if t.Base == oidJSON {
			return jsonClass
		}
		return jsonbClass
	case wal.KindComposite:
		return compositeClass
	case wal.KindOther:
		return namedClass(t.Base)
	case wal.KindArray:
		if t.Elem != nil && t.Delim == ',' {
			if elem := classOf(t.Elem); elem.ordered || elem.unusable != "" {
				return arrayOf(elem)
			}
		}
	case wal.KindRange:
	}
	return otherClass
}

// namedClass is of types that have no kind of their own.
func namedClass(oid uint32) *class {
	switch oid {
	case oidInterval:
		return intervalClass
	case oidTimeTZ:
		return timeTZClass
	case oidOID:
		return oidClass
	case oidOID8:
		return oid8Class
	case oidXID8:
		return xid8Class
	case oidLSN:
		return lsnClass
	case oidInet:
		return inetClass
	case oidCIDR:
		return cidrClass
	case oidMACAddr:
		return macaddrClass
	case oidMACAddr8:
		return macaddr8Class
	}
	return otherClass
}

// Errors about a literal, read as `age_gte: "abc" is not an integer`.

func errNot(what string) error { return errors.New("is not " + what) }

func errRange(typeName string) error { return fmt.Errorf("is out of range for %s", typeName) }
