package value

import "github.com/tablewire/tablewire/protocol/wal"

// The OIDs of types that [wal.Kind] does not tell apart (PostgreSQL: pg_type.dat).
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

// OpclassOf returns the opclass of a type. Types that nothing is known of have one, too: their
// values are compared as PostgreSQL prints them. The type must not be altered afterwards.
func OpclassOf(t *wal.Type) *Opclass {
	switch t.Kind {
	case wal.KindBool:
		return boolOpclass
	case wal.KindInt:
		return intOpclassOf(t.Bits)
	case wal.KindFloat:
		return floatOpclassOf(t.Bits)
	case wal.KindNumeric:
		return numericOpclass
	case wal.KindText:
		switch {
		case t.Folding != nil:
			return foldOpclassOf(t.Folding)
		case t.Base == oidBPChar:
			return bpcharOpclass
		}
		return Text
	case wal.KindUUID:
		return uuidOpclass
	case wal.KindDate:
		return dateOpclass
	case wal.KindTime:
		return timeOpclass
	case wal.KindTimestamp:
		return timestampOpclass
	case wal.KindTimestampTZ:
		return timestampTZOpclass
	case wal.KindBytea:
		return byteaOpclass
	case wal.KindEnum:
		return enumOpclassOf(t)
	case wal.KindJSON:
		if t.Base == oidJSON {
			return jsonOpclass
		}
		return jsonbOpclass
	case wal.KindComposite:
		return compositeOpclass
	case wal.KindOther:
		return opclassByOID(t.Base)
	case wal.KindArray:
		if t.Elem != nil && t.Delim == ',' {
			if elem := OpclassOf(t.Elem); elem.ordered || elem.unusable != "" {
				return arrayOpclassOf(elem)
			}
		}
	case wal.KindRange:
	}
	return otherOpclass
}

// opclassByOID returns the opclass of a type that has no kind of its own.
func opclassByOID(oid uint32) *Opclass {
	switch oid {
	case oidInterval:
		return intervalOpclass
	case oidTimeTZ:
		return timeTZOpclass
	case oidOID:
		return oidOpclass
	case oidOID8:
		return oid8Opclass
	case oidXID8:
		return xid8Opclass
	case oidLSN:
		return lsnOpclass
	case oidInet:
		return inetOpclass
	case oidCIDR:
		return cidrOpclass
	case oidMACAddr:
		return macaddrOpclass
	case oidMACAddr8:
		return macaddr8Opclass
	}
	return otherOpclass
}
