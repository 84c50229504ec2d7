package harness

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
)

// Row is a row as a client has it: each column's JSON by the column's name.
type Row map[string]json.RawMessage

// ParseRow reads a JSON object and makes its values compact, so that they can be compared.
func ParseRow(text string) (Row, error) {
	var row Row
	if err := json.Unmarshal([]byte(text), &row); err != nil {
		return nil, fmt.Errorf("the row %s: %w", text, err)
	}
	for name, v := range row {
		var compact bytes.Buffer
		if err := json.Compact(&compact, v); err != nil {
			return nil, fmt.Errorf("the row %s: %w", text, err)
		}
		row[name] = compact.Bytes()
	}
	return row, nil
}

// RowEvent is an event of a collection.
type RowEvent struct {
	Event     string   `json:"event"`
	Data      Row      `json:"data"`
	OldData   Row      `json:"old_data"`
	Unchanged []string `json:"unchanged"` // columns that the server does not know and that did not change
	Reason    string   `json:"reason"`
}

// RowKeeper is a client's copy of the rows that match its filter, kept up to date by events
// with transitions, as docs/row-sets.md tells applications to do.
type RowKeeper struct {
	Key  []string       // the columns of the key
	Rows map[string]Row // by KeyOf
}

// KeyOf returns the values of the key in the last of the rows that has each.
func (k *RowKeeper) KeyOf(rows ...Row) string {
	whole := Row{}
	for _, r := range rows {
		maps.Copy(whole, r)
	}
	values := make([]string, len(k.Key))
	for i, name := range k.Key {
		values[i] = string(whole[name])
	}
	return strings.Join(values, ",")
}

// OldKey returns the key that the row of an event had before it.
func (k *RowKeeper) OldKey(e RowEvent) string {
	if e.Event == "delete" {
		return k.KeyOf(e.Data) // old_data is the whole old row
	}
	return k.KeyOf(e.Data, e.OldData)
}

// Apply brings the rows up to date with an event. An update keeps the values that it does
// not have.
func (k *RowKeeper) Apply(e RowEvent) error {
	old := k.OldKey(e)
	switch e.Event {
	case "create", "update":
		row := Row{}
		maps.Copy(row, k.Rows[old])
		maps.Copy(row, e.Data)
		delete(k.Rows, old)
		k.Rows[k.KeyOf(e.Data)] = row
	case "delete":
		delete(k.Rows, old)
	case "truncate":
		clear(k.Rows)
	default:
		return fmt.Errorf("%q is not an event that changes rows", e.Event)
	}
	return nil
}
