package filter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// member is a name of the client's object with its value.
type member struct {
	name  string
	value literals
}

// parse returns the members of a client's object, in the object's order.
func parse(raw []byte) ([]member, error) {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return nil, nil
	case len(raw) > MaxBytes:
		return nil, fmt.Errorf("filters: longer than %d bytes", MaxBytes)
	case raw[0] != '{':
		return nil, errors.New("filters: want a JSON object")
	case !json.Valid(raw):
		return nil, errors.New("filters: not valid JSON")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if _, err := dec.Token(); err != nil {
		return nil, fmt.Errorf("filters: %w", err)
	}
	var members []member
	seen := map[string]bool{}
	for dec.More() {
		m, err := parseMember(dec)
		if err != nil {
			return nil, err
		}
		if seen[m.name] {
			return nil, fmt.Errorf("%s: appears twice", m.name)
		}
		seen[m.name] = true
		members = append(members, m)
	}
	return members, nil
}

func parseMember(dec *json.Decoder) (member, error) {
	token, err := dec.Token()
	if err != nil {
		return member{}, fmt.Errorf("filters: %w", err)
	}
	name, _ := token.(string)
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return member{}, fmt.Errorf("%s: %w", name, err)
	}
	v, err := parseLiterals(raw)
	if err != nil {
		return member{}, fmt.Errorf("%s: %w", name, err)
	}
	return member{name: name, value: v}, nil
}
