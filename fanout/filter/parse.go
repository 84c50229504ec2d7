package filter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// entry is one member of the client's object.
type entry struct {
	name  string
	value value
}

// parse reads the client's object, in its order.
func parse(raw []byte) ([]entry, error) {
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
	var entries []entry
	seen := map[string]bool{}
	for dec.More() {
		e, err := parseEntry(dec)
		if err != nil {
			return nil, err
		}
		if seen[e.name] {
			return nil, fmt.Errorf("%s: appears twice", e.name)
		}
		seen[e.name] = true
		entries = append(entries, e)
	}
	return entries, nil
}

func parseEntry(dec *json.Decoder) (entry, error) {
	token, err := dec.Token()
	if err != nil {
		return entry{}, fmt.Errorf("filters: %w", err)
	}
	name, _ := token.(string)
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return entry{}, fmt.Errorf("%s: %w", name, err)
	}
	v, err := parseValue(raw)
	if err != nil {
		return entry{}, fmt.Errorf("%s: %w", name, err)
	}
	return entry{name: name, value: v}, nil
}
