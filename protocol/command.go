package protocol

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// Command is a client's later message.
type Command struct {
	Type string
	// Data and Content are what a message carries, on a broadcast and in a room: the
	// client's own bytes, known to be JSON, inside the message; nil where it sent none.
	Data, Content json.RawMessage
}

// The types of a client's messages.
const (
	CommandPing    = "ping"
	CommandMessage = "message"
)

// Pong answers a client's {"type":"ping"}.
const Pong = `{"type":"pong"}`

// The members of a command.
const (
	commandType = iota
	commandData
	commandContent
	commandMembers
)

var commandNames = [commandMembers]string{"type", "data", "content"}

// ParseCommand reads a later message. Data and Content are the message's own bytes:
// who keeps them longer than the message copies them. The error is what the client
// is told; the socket stays open.
func ParseCommand(message []byte) (Command, *Error) {
	var raw [commandMembers]json.RawMessage
	typo, err := readObject(message, commandNames[:], raw[:])
	switch {
	case err != nil:
		return Command{}, ErrInvalidMessage(err.Error())
	case typo != nil && raw[slices.Index(commandNames[:], typo.meant)] == nil:
		return Command{}, ErrInvalidMessage(typo.Error())
	}
	c := Command{Data: raw[commandData], Content: raw[commandContent]}
	switch typ := raw[commandType]; string(typ) {
	case `"` + CommandMessage + `"`:
		c.Type = CommandMessage
	case `"` + CommandPing + `"`:
		c.Type = CommandPing
	case "null", "":
		return Command{}, ErrInvalidMessage(`"type" is missing: want {"type":"ping"}`)
	default:
		var ok bool
		if c.Type, ok = unquote(typ); !ok {
			return Command{}, ErrInvalidMessage("type: want a string, not " + kindOf(typ))
		}
	}
	return c, nil
}

// kindOf names what a value is that is no string.
func kindOf(raw json.RawMessage) string {
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case 't', 'f':
		return "a bool"
	}
	return "a number"
}

// BackendMessage is a message that comes from the database or from a backend rather
// than from a socket.
type BackendMessage struct {
	From User
	Body json.RawMessage
}

// ParseBackendMessage reads one: any JSON. An object may say who speaks, in user_id
// and user_name, which else is the system; and where it has the member that is
// asked for, "data" or "content", that alone is the message's body. The body is
// bytes of b: who keeps it longer than those copies it. The error repeats nothing of
// what was sent.
func ParseBackendMessage(b []byte, member string) (BackendMessage, error) {
	a := BackendMessage{From: System, Body: b}
	if !utf8.Valid(b) {
		return a, errNoJSON
	}
	var raw [3]json.RawMessage
	names := []string{member, "user_id", "user_name"}
	switch _, err := readObject(b, names, raw[:]); {
	case errors.Is(err, errNoObject):
		return a, nil
	case err != nil:
		return a, errNoJSON
	}
	var who [3]string
	for i := 1; i < len(raw); i++ {
		var err error
		if who[i], err = speaker(raw[i]); err != nil && raw[0] != nil { // without a body of its own it is part of what is said
			return a, fmt.Errorf("%s: %w", names[i], err)
		}
	}
	if raw[0] != nil {
		a.Body = raw[0]
	}
	if who[1] != "" {
		a.From = User{ID: who[1], Name: who[1]}
	}
	if who[2] != "" {
		a.From.Name = who[2]
	}
	return a, nil
}

// errNoJSON tells nothing of what was sent.
var errNoJSON = errors.New("the message is not JSON")

// speaker is what JSON gives as an id or a name: a string, or a number as it is written;
// nothing where it is left out, null or empty.
func speaker(raw json.RawMessage) (string, error) {
	if isNull(raw) {
		return "", nil
	}
	s, ok := unquote(raw)
	if !ok {
		if kindOf(raw) != "a number" {
			return "", errors.New("want a string or a number, not " + kindOf(raw))
		}
		s = string(raw)
	}
	if err := CheckText(s, MaxName); err != nil {
		return "", err
	}
	return s, nil
}
