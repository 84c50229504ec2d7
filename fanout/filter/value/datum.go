package value

import (
	"bytes"
	"strconv"
)

// Datum is a value in a form that compares fast. It is good for the opclass alone that made
// it. Every type is mapped to the same three fields, in its own order:
//
//	type                      word               low              bytes
//	bool                      0, 1
//	integers, oid, pg_lsn     the number
//	floats                    bits, in order
//	enum                      the label's place
//	date                      days since 2000
//	time, timestamps          microseconds
//	time with time zone       microseconds       zone
//	interval                  days               microseconds
//	numeric                   sign or special    ± magnitude      digits
//	inet, cidr                first half         second half      family and prefix
//	text, uuid, bytea, others                                     text
//	arrays                                                        text, read when compared
//	jsonb                                                         text, by jsonb's equality
//
// A datum may share the bytes of the text that it was read from; it is good for as long as
// these are not altered.
type Datum struct {
	word  int64
	low   int64
	bytes []byte
}

// Bytes is the text of a datum of a text type, folded where its opclass folds. The caller
// must not alter it.
func (d *Datum) Bytes() []byte { return d.bytes }

// Clone returns a copy of the datum with bytes of its own.
func (d *Datum) Clone() Datum {
	return Datum{d.word, d.low, bytes.Clone(d.bytes)}
}

// MoveTo appends the datum's bytes to buf and returns buf, and the datum that refers to its
// bytes there. buf needs the room: where append has to grow it, what was moved before stays
// in the old one.
func (d Datum) MoveTo(buf []byte) ([]byte, Datum) {
	if d.bytes == nil {
		return buf, d
	}
	start := len(buf)
	buf = append(buf, d.bytes...)
	d.bytes = buf[start:len(buf):len(buf)]
	return buf, d
}

// AppendKey appends the datum so that another one of its opclass has the same key only if
// it is equal.
func (d *Datum) AppendKey(dst []byte) []byte {
	if d.word == 0 && d.low == 0 && d.bytes != nil {
		return strconv.AppendQuote(dst, string(d.bytes))
	}
	dst = strconv.AppendInt(dst, d.word, 10)
	if d.low != 0 || d.bytes != nil {
		dst = strconv.AppendInt(append(dst, ':'), d.low, 10)
		dst = strconv.AppendQuote(append(dst, ':'), string(d.bytes))
	}
	return dst
}
