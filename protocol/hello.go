package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Hello is a client's first message: who it is and what it wants. What it left out
// or sent as null is empty.
type Hello struct {
	APIKey string
	// Filters are the client's bytes, for the echo and for the filter's parser;
	// nil where it sent none.
	Filters json.RawMessage
	// UserID and UserName are who it is, on a broadcast and in a room.
	UserID, UserName string
	// Action and RoomTitle are what it wants of a room.
	Action, RoomTitle string
	// Transitions, Events and Columns are for a watcher, read by Extensions: to any
	// other socket they are members that it does not know.
	Transitions, Events, Columns json.RawMessage
}

// The longest texts that a client may give, in bytes.
const (
	MaxID    = 256 // of a user or a room
	MaxName  = 256 // of a user
	MaxTitle = 512 // of a room
)

// ParseHello reads a first message. The error is what the client is told.
func ParseHello(message []byte) (*Hello, *Error) {
	var m struct {
		APIKey    json.RawMessage `json:"api_key"`
		Filters   json.RawMessage `json:"filters"`
		UserID    json.RawMessage `json:"user_id"`
		UserName  json.RawMessage `json:"user_name"`
		Action    json.RawMessage `json:"action"`
		RoomTitle json.RawMessage `json:"room_title"`

		Transitions json.RawMessage `json:"transitions"`
		Events      json.RawMessage `json:"events"`
		Columns     json.RawMessage `json:"columns"`
	}
	if err := unmarshalObject(message, &m); err != nil {
		return nil, ErrInvalidJSON(err.Error())
	}
	h := &Hello{Filters: m.Filters, Transitions: m.Transitions, Events: m.Events, Columns: m.Columns}
	if isNull(m.Filters) {
		h.Filters = nil
	}
	for _, field := range []struct {
		name string
		raw  json.RawMessage
		into *string
		max  int
	}{
		{"api_key", m.APIKey, &h.APIKey, len(message)},
		{"user_id", m.UserID, &h.UserID, MaxID},
		{"user_name", m.UserName, &h.UserName, MaxName},
		{"action", m.Action, &h.Action, MaxName},
		{"room_title", m.RoomTitle, &h.RoomTitle, MaxTitle},
	} {
		if isNull(field.raw) {
			continue
		}
		if json.Unmarshal(field.raw, field.into) != nil {
			return nil, ErrInvalidJSON(field.name + ": want a string")
		}
		if err := CheckText(*field.into, field.max); err != nil {
			return nil, ErrInvalidJSON(field.name + ": " + err.Error())
		}
	}
	if h.APIKey == "" {
		return nil, ErrKeyRequired
	}
	return h, nil
}

// CheckText refuses an id, a name or a title that is longer than limit bytes, is no
// UTF-8 or has control characters in it.
func CheckText(s string, limit int) error {
	switch {
	case len(s) > limit:
		return fmt.Errorf("longer than %d bytes", limit)
	case !utf8.ValidString(s):
		return errors.New("not UTF-8")
	case strings.ContainsFunc(s, unicode.IsControl):
		return errors.New("control characters are not allowed")
	}
	return nil
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || bytes.Equal(raw, []byte("null")) }

// unmarshalObject reads one JSON object, with errors that a client's author can use.
func unmarshalObject(message []byte, into any) error {
	trimmed := bytes.TrimLeft(message, " \t\r\n")
	if len(trimmed) == 0 {
		return errors.New("the message is empty: want a JSON object")
	}
	if trimmed[0] != '{' && json.Valid(message) {
		return errors.New("want a JSON object")
	}
	err := json.Unmarshal(message, into)
	var syntax *json.SyntaxError
	var typed *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("at byte %d: %w", syntax.Offset, err)
	case errors.As(err, &typed):
		return fmt.Errorf("%s: want a %s, not a %s", typed.Field, typed.Type, typed.Value)
	}
	return err
}
