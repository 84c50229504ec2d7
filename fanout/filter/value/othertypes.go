package value

import "bytes"

// otherOpclass is of types that this package does not know in detail: ranges, bit strings,
// money and so on. It compares them as PostgreSQL prints them, col::text = 'x'. It has no
// order, because the type's own order may be another one.
var otherOpclass = &Opclass{
	literal:    Text.literal,
	Read:       Text.Read,
	Comparison: texts,
}

// compositeOpclass is of row types.
var compositeOpclass = &Opclass{
	literal:      Text.literal,
	Read:         Text.Read,
	Comparison:   texts,
	countsAsNull: allFieldsNull,
}

// allFieldsNull reports whether a row's fields are all NULL, which makes SQL's IS NULL true
// for the row. In its text, such as (,), a NULL field is nothing at all, and an empty string
// has quotes.
func allFieldsNull(text []byte) bool {
	return len(text) >= 2 && len(bytes.Trim(text[1:len(text)-1], ",")) == 0
}
