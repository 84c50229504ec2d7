package pgtext

import (
	"github.com/tablewire/tablewire/protocol/jsonstring"
	"github.com/tablewire/tablewire/protocol/wal"
)

// composite encodes the rows of one type.
type composite struct {
	fields  []field
	checker *checker // nil: it is to be encoded
}

// field of a composite: its name as a JSON string, followed by a colon, and its value's
// encoder.
type field struct {
	label []byte
	enc   encoder
}

func (m maker) composite(t wal.Type) encoder {
	c := &composite{fields: make([]field, len(t.Fields)), checker: m.checker}
	for i, f := range t.Fields {
		c.fields[i] = field{append(jsonstring.Append(nil, f.Name), ':'), m.encoder(f.Type)}
	}
	return c.append
}

// append appends a row as an object with its fields in their order (manual:
// "Composite Type Input and Output Syntax"). A row with another number of fields
// than the type, because the type was altered meanwhile, is a string.
func (c *composite) append(dst, text []byte) []byte {
	start := len(dst)
	dst, rest, ok := c.row(dst, text)
	if !ok || len(rest) > 0 {
		if c.checker != nil {
			c.checker.misfit = true
		}
		return appendString(dst[:start], text)
	}
	return dst
}

// row appends the fields between the parentheses, and returns what follows them.
func (c *composite) row(dst, s []byte) (_, rest []byte, ok bool) {
	if len(s) < 2 || s[0] != '(' {
		return dst, nil, false
	}
	dst = append(dst, '{')
	if len(c.fields) == 0 {
		return append(dst, '}'), s[2:], s[1] == ')'
	}
	for i := range c.fields {
		// Skip the byte before a field: the parenthesis, a comma, or what should be one.
		if i > 0 && s[0] != ',' {
			return dst, nil, false
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, c.fields[i].label...)
		dst, s, ok = c.value(dst, s[1:], c.fields[i].enc)
		if !ok || len(s) == 0 {
			return dst, nil, false
		}
	}
	return append(dst, '}'), s[1:], s[0] == ')'
}

// value appends one field's value. No text at all is NULL, "" the empty string.
func (c *composite) value(dst, s []byte, enc encoder) (_, rest []byte, ok bool) {
	if len(s) > 0 && s[0] == '"' {
		return quoted(dst, s, true, enc)
	}
	n := 0
	for n < len(s) && s[n] != ',' && s[n] != ')' {
		if s[n] == '"' || s[n] == '\\' || s[n] == '(' {
			return dst, nil, false
		}
		n++
	}
	if n == 0 {
		return append(dst, "null"...), s, true
	}
	return enc(dst, s[:n]), s[n:], true
}
