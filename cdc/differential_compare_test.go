package cdc_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"slices"

	"github.com/google/go-cmp/cmp"

	"github.com/tablewire/tablewire/protocol/wal"
)

// changed reports whether the JSON of a column has changed.
func (e *event) changed(c genColumn) bool {
	if hasText(c.typ.shape) {
		return !bytes.Equal(e.oldText[c.name], e.newText[c.name])
	}
	return !bytes.Equal(e.old[c.name], e.new[c.name])
}

func hasText(s shape) bool { return s.kind == text || s.elem != nil && hasText(*s.elem) }

// compare returns how many values it compared, and what is wrong with the frame.
func (e *event) compare(major int, frame string) (values int, problem string) {
	full, certain := e.table.full(e.old, e.table.visible(major))
	values, problem = e.compareWith(full, major, frame)
	if problem != "" && !certain {
		return e.compareWith(false, major, frame)
	}
	return values, problem
}

// compareWith is compare where the test knows whether the event has the whole old row.
func (e *event) compareWith(full bool, major int, frame string) (values int, problem string) {
	members, err := object([]byte(frame))
	if err != nil {
		return 0, err.Error()
	}
	visible := e.table.visible(major)
	keys := e.table.keys(visible)
	isKey := func(c genColumn) bool { return slices.Contains(keys, c.name) }
	all := func(genColumn) bool { return true }
	name, _ := json.Marshal(e.table.collection())
	want := []string{"event", "collection_id"}
	check := func(member string, row map[string]json.RawMessage, in func(genColumn) bool) {
		want = append(want, member)
		n, p := compareRow(visible, in, row, members.value(member))
		if values += n; problem == "" && p != "" {
			problem = member + ": " + p
		}
	}
	switch e.op {
	case wal.Create:
		check("data", e.new, all)
	case wal.Update:
		unchanged, p := e.unchanged(members.value("unchanged"), full, isKey)
		problem = p
		check("data", e.new, func(c genColumn) bool { return !slices.Contains(unchanged, c.name) })
		// The known old values of the columns that changed.
		old := func(c genColumn) bool { return e.changed(c) && (full || isKey(c)) }
		if full || slices.ContainsFunc(visible, old) {
			check("old_data", e.old, old)
		}
		if len(unchanged) > 0 {
			want = append(want, "unchanged")
		}
	case wal.Delete:
		check("data", e.old, isKey)
		if full {
			check("old_data", e.old, all)
		}
	case wal.Truncate:
	}
	switch got := string(members.value("event")); {
	case got != `"`+e.op.String()+`"`:
		return values, fmt.Sprintf("it is %s and not %s", got, e.op)
	case canonical(members.value("collection_id")) != canonical(name):
		return values, fmt.Sprintf("it is of %s and not of %s", members.value("collection_id"), name)
	case problem != "":
		return values, problem
	}
	return values, cmp.Diff(want, members.names())
}

// unchanged reads which columns PostgreSQL did not send. Only TOASTed ones may be missing.
func (e *event) unchanged(list []byte, full bool, isKey func(genColumn) bool) (names []string, problem string) {
	if list == nil {
		return nil, ""
	}
	if err := json.Unmarshal(list, &names); err != nil {
		return nil, err.Error()
	}
	for _, name := range names {
		i := slices.IndexFunc(e.table.columns, func(c genColumn) bool { return c.name == name })
		const pointer = 18 // bytes of a TOAST pointer: nothing shorter is stored apart
		switch {
		case i < 0:
			return names, fmt.Sprintf("there is no column %q", name)
		case full:
			return names, "the old row tells every value"
		case isKey(e.table.columns[i]):
			return names, fmt.Sprintf("the key's column %q is not told", name)
		case e.changed(e.table.columns[i]) || len(e.new[name]) <= pointer:
			return names, fmt.Sprintf("column %q is not one that did not travel", name)
		}
	}
	return names, ""
}

// compareRow compares the members of an object with those columns of a row, in the
// table's order.
func compareRow(columns []genColumn, in func(genColumn) bool, row map[string]json.RawMessage, got []byte) (values int, problem string) {
	members, err := object(got)
	if err != nil {
		return 0, err.Error()
	}
	var names []string
	for _, c := range columns {
		if !in(c) {
			continue
		}
		names = append(names, c.name)
		values++
		want, have := decode(row[c.name]), decode(members.value(c.name))
		if p := c.typ.shape.compare(want, have); p != "" && problem == "" {
			problem = fmt.Sprintf("column %q of type %s: %s", c.name, c.typ.sql, p)
		}
	}
	if diff := cmp.Diff(names, members.names()); diff != "" && problem == "" {
		problem = "its members: -want +got\n" + diff
	}
	return values, problem
}

func decode(b []byte) any {
	if b == nil {
		return "there is no such member"
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return err
	}
	return v
}

func canonical(b []byte) string { return fmt.Sprint(decode(b)) }

var offset = regexp.MustCompile(`^(\d{4,}-\d\d-\d\dT[0-9:.]+)\+00:00( BC)?$`)

// compare says how a value differs from that of to_jsonb.
func (s shape) compare(want, got any) string {
	if want == nil {
		return cmp.Diff(want, got)
	}
	switch s.kind {
	case exact:
	case zoned:
		if moment, ok := want.(string); ok {
			want = offset.ReplaceAllString(moment, "${1}Z${2}")
		}
	case parsed, text:
		return cmp.Diff(numbersByValue(want), numbersByValue(got))
	case array:
		return compareArray(*s.elem, want, got)
	case composite:
		w, wok := want.(map[string]any)
		g, gok := got.(map[string]any)
		if !wok || !gok || len(w) != len(g) {
			return cmp.Diff(want, got)
		}
		for name, value := range w {
			if p := s.fields[name].compare(value, g[name]); p != "" {
				return "field " + name + ": " + p
			}
		}
		return ""
	}
	return cmp.Diff(want, got)
}

// compareArray compares all dimensions of two arrays.
func compareArray(elem shape, want, got any) string {
	w, ok := want.([]any)
	if _, nested := want.(map[string]any); !ok || nested {
		return elem.compare(want, got)
	}
	g, ok := got.([]any)
	if !ok || len(g) != len(w) {
		return cmp.Diff(want, got)
	}
	for i := range w {
		compare := elem.compare
		// Another dimension, unless the elements are arrays themselves.
		if _, deeper := w[i].([]any); deeper && elem.kind != array && elem.kind != parsed && elem.kind != text {
			compare = func(w, g any) string { return compareArray(elem, w, g) }
		}
		if p := compare(w[i], g[i]); p != "" {
			return p
		}
	}
	return ""
}

// numbersByValue makes numbers comparable that are written in different ways.
func numbersByValue(v any) any {
	switch v := v.(type) {
	case json.Number:
		if r, ok := new(big.Rat).SetString(v.String()); ok {
			return r.RatString()
		}
	case []any:
		for i := range v {
			v[i] = numbersByValue(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbersByValue(v[k])
		}
	}
	return v
}

// members are the members of a JSON object, in order.
type members []struct {
	name  string
	value json.RawMessage
}

func object(b []byte) (members, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, fmt.Errorf("%.200q is no object: %w", b, err)
	}
	var all members
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		all = append(all, struct {
			name  string
			value json.RawMessage
		}{name.(string), value})
	}
	return all, nil
}

func (m members) names() (names []string) {
	for _, member := range m {
		names = append(names, member.name)
	}
	return names
}

func (m members) value(name string) json.RawMessage {
	for _, member := range m {
		if member.name == name {
			return member.value
		}
	}
	return nil
}
