package filter

import "bytes"

// otherClass is of types that are not known in detail: arrays, ranges, network
// addresses and so on. They are compared as their text form, col::text = 'x'.
// Whether that order would be the type's is not known, so there is none.
var otherClass = &class{
	literal:    textClass.literal,
	read:       textClass.read,
	comparison: texts,
}

// compositeClass is of row types.
var compositeClass = &class{
	literal:    textClass.literal,
	read:       textClass.read,
	comparison: texts,
	null:       allFieldsNull,
}

// allFieldsNull: a row of which every field is NULL "IS NULL". In its text, (,),
// NULL is nothing at all, where an empty string has quotes.
func allFieldsNull(text []byte) bool {
	return len(text) >= 2 && len(bytes.Trim(text[1:len(text)-1], ",")) == 0
}
