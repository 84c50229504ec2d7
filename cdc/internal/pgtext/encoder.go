package pgtext

import (
	"bytes"
	"unicode/utf8"

	"github.com/tablewire/tablewire/protocol/jsonstring"
	"github.com/tablewire/tablewire/protocol/wal"
)

// encoder appends the value whose text form is given, as JSON.
type encoder = func(dst, text []byte) []byte

// Encoder returns the function that appends a value of type t as JSON. The function is
// total and safe for concurrent use. NULL has no text form: the caller writes it. A domain
// is encoded by t.Kind and t.Base.
func Encoder(t wal.Type) func(dst, text []byte) []byte { return maker{}.encoder(t) }

// maker makes encoders. With a checker they only check whether a value fits its type.
type maker struct{ checker *checker }

func (m maker) encoder(t wal.Type) encoder {
	switch {
	case t.Kind == wal.KindArray:
		return m.array(t)
	case t.Kind == wal.KindComposite:
		return m.composite(t)
	case m.checker == nil:
		return scalar(t)
	case t.Kind == wal.KindEnum:
		return m.checker.enum(t.Labels)
	}
	return skip
}

func scalar(t wal.Type) encoder {
	switch t.Kind {
	case wal.KindBool:
		return appendBool
	case wal.KindInt, wal.KindNumeric:
		return appendNumber
	case wal.KindFloat:
		return appendFloat
	case wal.KindJSON:
		return appendRaw
	case wal.KindTimestamp:
		return appendTimestamp
	case wal.KindTimestampTZ:
		return appendTimestampTZ
	case wal.KindOther:
		switch {
		case !t.JSONCast:
		case t.Extension == hstore:
			return appendHstore
		case t.Extension == geometry:
			return geometryEncoder(t.SpatialRefs)
		}
	default:
	}
	return appendString
}

// CastToJSON finds a type, t or one that t is made of, whose values to_jsonb casts to json by
// a function, while they are strings here.
func CastToJSON(t wal.Type) (_ wal.Type, found bool) {
	if t.Elem != nil {
		return CastToJSON(*t.Elem)
	}
	for _, f := range t.Fields {
		if cast, found := CastToJSON(f.Type); found {
			return cast, true
		}
	}
	return t, t.JSONCast && t.Extension != hstore && t.Extension != geometry
}

func appendString(dst, text []byte) []byte { return jsonstring.Append(dst, text) }

// appendRaw appends JSON as it is. It replaces bytes that are not UTF-8, which only a
// database with the encoding SQL_ASCII can have.
func appendRaw(dst, text []byte) []byte {
	if !utf8.Valid(text) {
		text = bytes.ToValidUTF8(text, []byte("\uFFFD"))
	}
	return append(dst, text...)
}

func appendBool(dst, text []byte) []byte {
	switch string(text) {
	case "t":
		return append(dst, "true"...)
	case "f":
		return append(dst, "false"...)
	}
	return appendString(dst, text)
}
