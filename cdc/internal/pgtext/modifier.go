package pgtext

import "strconv"

// The types that take a modifier.
const (
	oidBpchar      = 1042
	oidVarchar     = 1043
	oidTime        = 1083
	oidTimestamp   = 1114
	oidTimestampTZ = 1184
	oidInterval    = 1186
	oidTimeTZ      = 1266
	oidBit         = 1560
	oidVarbit      = 1562
	oidNumeric     = 1700
)

// header is added to a length in a modifier (VARHDRSZ).
const header = 4

// withModifier is a type's name with its modifier, as format_type prints it
// (the functions <type>typmodout of PostgreSQL's source).
func withModifier(oid uint32, name string, typmod int32) string {
	if typmod < 0 {
		return name
	}
	n := int(typmod)
	switch oid {
	case oidBpchar:
		return "character" + lengthModifier(n)
	case oidVarchar:
		return name + lengthModifier(n)
	case oidBit:
		return "bit(" + strconv.Itoa(n) + ")"
	case oidVarbit:
		return name + "(" + strconv.Itoa(n) + ")"
	case oidNumeric:
		return name + numericModifier(n-header)
	case oidTime, oidTimestamp:
		return name[:len(name)-len(" without time zone")] + "(" + strconv.Itoa(n) + ") without time zone"
	case oidTimeTZ, oidTimestampTZ:
		return name[:len(name)-len(" with time zone")] + "(" + strconv.Itoa(n) + ") with time zone"
	case oidInterval:
		return name + intervalModifier(n)
	}
	return name
}

func lengthModifier(n int) string {
	if n <= header {
		return ""
	}
	return "(" + strconv.Itoa(n-header) + ")"
}

// numericModifier has the precision in its upper half and the scale, which may be
// negative, in the lowest 11 bits.
func numericModifier(n int) string {
	if n < 0 {
		return ""
	}
	precision := n >> 16 & 0xffff
	scale := n&0x7ff ^ 1024 - 1024
	return "(" + strconv.Itoa(precision) + "," + strconv.Itoa(scale) + ")"
}

// The fields of an interval, as bits of its modifier.
const (
	month = 1 << (iota + 1)
	year
	day
	hour   = 1 << 10
	minute = 1 << 11
	second = 1 << 12
)

// intervalFields names the ranges that an interval can be restricted to.
var intervalFields = map[int]string{
	year:                         " year",
	month:                        " month",
	day:                          " day",
	hour:                         " hour",
	minute:                       " minute",
	second:                       " second",
	year | month:                 " year to month",
	day | hour:                   " day to hour",
	day | hour | minute:          " day to minute",
	day | hour | minute | second: " day to second",
	hour | minute:                " hour to minute",
	hour | minute | second:       " hour to second",
	minute | second:              " minute to second",
}

// intervalModifier has the fields in its upper half and the seconds' precision in
// the lower; all bits set is no restriction.
func intervalModifier(n int) string {
	const fullPrecision = 0xffff
	s := intervalFields[n>>16&0x7fff]
	if precision := n & 0xffff; precision != fullPrecision {
		s += "(" + strconv.Itoa(precision) + ")"
	}
	return s
}
