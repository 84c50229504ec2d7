package pgtext

import "github.com/tablewire/tablewire/protocol/wal"

// The types whose text form is that of an array without braces.
const (
	oidInt2vector = 22
	oidOidvector  = 30
)

// maxDim is how many dimensions an array may have (MAXDIM).
const maxDim = 6

// array encodes arrays of one type.
type array struct {
	elem  encoder
	delim byte
}

func (m maker) array(t wal.Type) encoder {
	if t.Elem == nil {
		return appendString
	}
	a := &array{elem: m.encoder(*t.Elem), delim: t.Delim}
	if t.Base == oidInt2vector || t.Base == oidOidvector {
		return a.appendVector
	}
	if a.delim == 0 {
		a.delim = ','
	}
	return a.append
}

// append appends an array as nested JSON arrays (manual: "Array Input and Output
// Syntax"). Lower bounds, as in [2:4]={1,2,3}, are dropped as to_jsonb does.
func (a *array) append(dst, text []byte) []byte {
	start := len(dst)
	dst, rest, ok := a.list(dst, text[boundsLen(text):], 1)
	if !ok || len(rest) > 0 {
		return appendString(dst[:start], text)
	}
	return dst
}

// boundsLen is the length of the bounds that s begins with, as in [2:4][-1:0]=.
func boundsLen(s []byte) int {
	for i, c := range s {
		switch {
		case c == '=':
			return i + 1
		case digits(s[i:i+1]) == 0 && c != '[' && c != ']' && c != ':' && c != '-':
			return 0
		}
	}
	return 0
}

// list appends the elements from the opening to the closing brace, and returns
// what follows them.
func (a *array) list(dst, s []byte, dim int) (_, rest []byte, ok bool) {
	if len(s) < 2 || s[0] != '{' || dim > maxDim {
		return dst, nil, false
	}
	dst = append(dst, '[')
	if s = s[1:]; s[0] == '}' {
		return append(dst, ']'), s[1:], true
	}
	for {
		dst, s, ok = a.item(dst, s, dim)
		if !ok || len(s) == 0 {
			return dst, nil, false
		}
		switch s[0] {
		case '}':
			return append(dst, ']'), s[1:], true
		case a.delim:
			dst = append(dst, ',')
			s = s[1:]
		default:
			return dst, nil, false
		}
	}
}

// item appends one element, or one row of a further dimension.
func (a *array) item(dst, s []byte, dim int) (_, rest []byte, ok bool) {
	if len(s) > 0 && s[0] == '{' {
		return a.list(dst, s, dim+1)
	}
	if len(s) > 0 && s[0] == '"' {
		return quoted(dst, s, false, a.elem)
	}
	n := 0
	for n < len(s) && s[n] != a.delim && s[n] != '}' {
		if s[n] == '"' || s[n] == '\\' || s[n] == '{' {
			return dst, nil, false
		}
		n++
	}
	switch {
	case n == 0:
		return dst, nil, false
	case string(s[:n]) == "NULL":
		return append(dst, "null"...), s[n:], true
	}
	return a.elem(dst, s[:n]), s[n:], true
}

// appendVector appends an int2vector or oidvector: numbers with blanks between.
func (a *array) appendVector(dst, text []byte) []byte {
	dst = append(dst, '[')
	empty := len(dst)
	for s := text; len(s) > 0; {
		n := digits(s)
		if s[0] == '-' {
			n = 1 + digits(s[1:])
		}
		if n == 0 || n < len(s) && s[n] != ' ' {
			return appendString(dst[:empty-1], text)
		}
		if len(dst) > empty {
			dst = append(dst, ',')
		}
		dst = a.elem(dst, s[:n])
		s = s[min(n+1, len(s)):]
	}
	return append(dst, ']')
}
