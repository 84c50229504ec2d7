package pgoutput

// TypeDesc names a type that is not built in. It precedes the relation message of a table
// that has a column of this type.
type TypeDesc struct {
	OID    uint32 // of the type itself: the domain's if it is one
	Schema string
	Name   string
}

// DecodeType reads a type message. The error is a [*SyntaxError].
func DecodeType(msg []byte) (TypeDesc, error) {
	r := open(msg, TypeType)
	m := TypeDesc{OID: r.uint32(), Schema: r.schema(), Name: r.string()}
	if err := r.close(); err != nil {
		return TypeDesc{}, err
	}
	return m, nil
}
