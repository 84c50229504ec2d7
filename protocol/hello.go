package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Hello is a client's first message: who it is and what it wants.
type Hello struct {
	APIKey string
	// Filters are the client's bytes, for the echo and for the filter's parser;
	// nil where it sent none.
	Filters json.RawMessage
}

// ParseHello reads a first message. The error is what the client is told.
func ParseHello(message []byte) (*Hello, *Error) {
	var m struct {
		APIKey  *json.RawMessage `json:"api_key"`
		Filters json.RawMessage  `json:"filters"`
	}
	if err := unmarshalObject(message, &m); err != nil {
		return nil, ErrInvalidJSON(err.Error())
	}
	h := &Hello{}
	if m.APIKey != nil && json.Unmarshal(*m.APIKey, &h.APIKey) != nil {
		return nil, ErrInvalidJSON("api_key: want a string")
	}
	if h.APIKey == "" {
		return nil, ErrKeyRequired
	}
	if len(m.Filters) > 0 && !bytes.Equal(m.Filters, []byte("null")) {
		h.Filters = m.Filters
	}
	return h, nil
}

// Command is a client's later message, as far as all sockets share them.
type Command struct {
	Type string
}

// CommandPing is the type of the client's ping.
const CommandPing = "ping"

// Pong answers a client's ping.
var Pong = TextFrame([]byte(`{"type":"pong"}`))

// ParseCommand reads a later message. The error is what the client is told; the socket stays open.
func ParseCommand(message []byte) (Command, *Error) {
	var m struct {
		Type *string `json:"type"`
	}
	if err := unmarshalObject(message, &m); err != nil {
		return Command{}, ErrInvalidMessage(err.Error())
	}
	if m.Type == nil {
		return Command{}, ErrInvalidMessage(`"type" is missing: want {"type":"ping"}`)
	}
	return Command{Type: *m.Type}, nil
}

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
