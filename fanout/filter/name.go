package filter

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tablewire/tablewire/protocol/wal"
)

// A member's name, after an optional prefix that puts it into a group:
//
//	name   = [ "[or]" | "[or:" group "]" ] part *( "__or__" part )
//	part   = field [ ( "_" | "__" ) operator ]
//	field  = column | column 1*( "." member )
//
// If a name can be read in several ways, the longest column name wins. A part without an
// operator has the last part's operator, and the last part itself eq.

// target is a part of a name, resolved.
type target struct {
	field field
	op    op
	bare  bool // it was written without an operator
}

// field is a column, or a path into a column of JSON.
type field struct {
	index  int
	column *wal.Column
	path   []string
}

const orSeparator = "__or__"

// resolver finds what a name means for the columns of a relation.
type resolver struct{ rel *wal.Relation }

// splitGroup cuts the prefix with the group off a name.
func splitGroup(name string) (groupName, rest string, inGroup bool, err error) {
	if rest, ok := strings.CutPrefix(name, "[or]"); ok {
		return "", rest, true, nil
	}
	rest, ok := strings.CutPrefix(name, "[or:")
	if !ok {
		return "", name, false, nil
	}
	groupName, rest, ok = strings.Cut(rest, "]")
	if !ok || groupName == "" {
		return "", "", false, fmt.Errorf("%s: want [or]field or [or:name]field", name)
	}
	return groupName, rest, true, nil
}

// resolve resolves a name without its prefix, to one target for each part.
func (r resolver) resolve(name string, inGroup bool) ([]target, error) {
	if t, ok := r.column(name); ok {
		return []target{t}, nil
	}
	if inGroup {
		if short, ok := cutCounter(name); ok {
			if t, ok := r.column(short); ok {
				return []target{t}, nil
			}
			name = short
		}
	}
	parts := strings.Split(name, orSeparator)
	targets := make([]target, len(parts))
	for i, part := range parts {
		t, ok := r.column(part)
		if !ok {
			var err error
			if t, err = r.path(part); err != nil {
				return nil, err
			}
		}
		targets[i] = t
	}
	last := targets[len(targets)-1].op
	for i := range targets {
		if targets[i].bare {
			targets[i].op = last
		}
	}
	return targets, nil
}

// column resolves a part as a column with or without an operator.
func (r resolver) column(part string) (target, bool) {
	if f, ok := r.exactly(part); ok {
		return target{field: f, bare: true}, true
	}
	// The single underscore comes first, because it leaves the longer name.
	for _, separator := range [...]string{"_", "__"} {
		name, o, ok := cutOp(part, separator)
		if !ok {
			continue
		}
		if f, ok := r.exactly(name); ok {
			return target{field: f, op: o}, true
		}
	}
	return target{}, false
}

// path resolves a part as a path into a column of JSON; the longest column name wins. Nobody knows
// which members a document has, so what looks like an operator at the end is one.
func (r resolver) path(part string) (target, error) {
	name, o, ok := cutOp(part, "__")
	if !ok {
		name, o, ok = cutOp(part, "_")
	}
	if !ok {
		name = part
	}
	err := r.unknown(part)
	for dot := strings.LastIndexByte(name, '.'); dot > 0; dot = strings.LastIndexByte(name[:dot], '.') {
		f, found := r.exactly(name[:dot])
		if !found {
			continue
		}
		if f.column.Type.Kind != wal.KindJSON {
			err = fmt.Errorf("%q is %s, not json or jsonb: there is no path into it", f.column.Name, f.column.Type)
			continue
		}
		f.path = strings.Split(name[dot+1:], ".")
		if slices.Contains(f.path, "") {
			return target{}, fmt.Errorf("the path %q has an empty member", name)
		}
		return target{field: f, op: o, bare: !ok}, nil
	}
	return target{}, err
}

// unknown returns the error about a part that names no column. If the part begins with a column,
// the error is about its operator.
func (r resolver) unknown(part string) error {
	if u, ok := r.unsent(part); ok {
		return u.Err()
	}
	table := r.rel.TableName().String()
	for end := strings.LastIndexByte(part, '_'); end > 0; end = strings.LastIndexByte(part[:end], '_') {
		if _, ok := r.exactly(part[:end]); !ok {
			continue
		}
		rest := strings.TrimLeft(part[end:], "_")
		if _, ok := opNamed(rest); ok || rest == "" {
			break
		}
		return fmt.Errorf("%q is not an operator: want %s; nor is there such a column in %q", rest, strings.Join(opNames[:opNever], ", "), table)
	}
	return fmt.Errorf("no such column in %q", table)
}

// unsent finds the column that a part names among those that PostgreSQL does not send.
func (r resolver) unsent(part string) (found wal.UnsentColumn, ok bool) {
	for _, u := range r.rel.Unsent {
		rest, names := strings.CutPrefix(part, u.Name)
		_, operator := opNamed(strings.TrimLeft(rest, "_"))
		if names && (rest == "" || rest[0] == '.' || rest[0] == '_' && operator) {
			found, ok = u, true
		}
	}
	return found, ok
}

// exactly returns the column with just this name.
func (r resolver) exactly(name string) (field, bool) {
	i := r.rel.Column(name)
	if i < 0 {
		return field{}, false
	}
	return field{index: i, column: &r.rel.Columns[i]}, true
}

// cutOp cuts an operator, and the separator before it, off the end of a part.
func cutOp(part, separator string) (name string, o op, ok bool) {
	at := strings.LastIndexByte(part, '_')
	if at < 0 {
		return "", 0, false
	}
	if o, ok = opNamed(part[at+1:]); !ok {
		return "", 0, false
	}
	name, ok = strings.CutSuffix(part[:at+1], separator)
	return name, o, ok && name != ""
}

// cutCounter cuts a trailing _2, _3 and so on off a name.
func cutCounter(name string) (short string, ok bool) {
	at := strings.LastIndexByte(name, '_')
	if at <= 0 || at == len(name)-1 {
		return "", false
	}
	digits := name[at+1:]
	if digits[0] == '0' || digits == "1" || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	return name[:at], true
}
