package value

import "sync/atomic"

// Opclass says how the values of one type are read, compared and hashed, as an operator
// class does for an index of PostgreSQL (manual: Interfacing Extensions to Indexes). It is safe
// for concurrent use; nobody may alter it. Two columns whose types compare alike share one, and
// its identity can be compared.
type Opclass struct {
	// Read reads a value as PostgreSQL prints it; false if it can't be read, such as an enum's
	// label that was added since. If the opclass Folds, the text is what Fold makes of the value.
	// Read does not allocate, but for array elements with backslashes. The datum may refer to the
	// text.
	//
	// It is a field, and so are those of Comparison, because a method around it would copy datums
	// once more: matching takes a fifth longer then.
	Read func(text []byte) (Datum, bool)

	*Comparison // nil: values can't be compared at all

	// literal reads a client's literal as the type's input function would.
	literal func(text string) (Datum, error)

	// number spells a number of the client's JSON as literal takes it. nil: as it stands.
	number func(text string) string

	// ordered says that Compare is the type's order. Otherwise it only tells equal values from
	// others.
	ordered bool

	// fold appends what Read takes, made of a row's text. nil: Read takes the text itself.
	fold func(dst, text []byte) ([]byte, bool)

	// foldsText says that the cast to text is folded too.
	foldsText bool

	// unusable says why no operator but isnull can be used. "": they can.
	unusable string

	// castText makes the value's cast to text of a row's text. nil: they are the same.
	castText func(text []byte) []byte

	// countsAsNull finds the values that are not NULL but for which IS NULL is true. nil:
	// there are none.
	countsAsNull func(text []byte) bool

	// array is the opclass of arrays of this type, once somebody has asked for it.
	array atomic.Pointer[Opclass]
}

// Literal reads a client's literal as the type's input function would, without the type's
// length or precision. The error's text reads on behind the literal, as in `"abc" is not an
// integer`, and is for the client.
func (o *Opclass) Literal(text string) (Datum, error) { return o.literal(text) }

// Number is Literal for a number that stands in the client's JSON without quotes: an
// integer may be written there with a point or an exponent.
func (o *Opclass) Number(text string) (Datum, error) {
	if o.number != nil {
		text = o.number(text)
	}
	return o.literal(text)
}

// HasEquality reports whether values can be compared at all.
func (o *Opclass) HasEquality() bool { return o.Comparison != nil }

// HasOrder reports whether Compare is the order of the type's < and >.
func (o *Opclass) HasOrder() bool { return o.ordered }

// Unusable says for the client why its values can be used with isnull alone, or is "".
func (o *Opclass) Unusable() string { return o.unusable }

// Folds reports whether values have to go through Fold before Read.
func (o *Opclass) Folds() bool { return o.fold != nil }

// FoldsText reports whether a value's cast to text, too, is compared as Fold makes it.
func (o *Opclass) FoldsText() bool { return o.foldsText }

// Fold appends a value in the form that Read takes; false if that form is not known. It
// panics without Folds.
func (o *Opclass) Fold(dst, text []byte) ([]byte, bool) { return o.fold(dst, text) }

// CastText is what a value's cast to text gives, which for a few types is not what
// PostgreSQL prints. The result may share memory with text.
func (o *Opclass) CastText(text []byte) []byte {
	if o.castText == nil {
		return text
	}
	return o.castText(text)
}

// IsNull reports whether IS NULL is true for a value that is not NULL: a row type's value
// whose fields are all NULL.
func (o *Opclass) IsNull(text []byte) bool { return o.countsAsNull != nil && o.countsAsNull(text) }
