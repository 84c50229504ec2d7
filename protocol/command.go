package protocol

import (
	"encoding/json"
	"slices"
)

// Command is a message that a client sends after its first one.
type Command struct {
	Type string
	// Data and Content are the payload of a message on a broadcast and in a room: valid
	// JSON as the client sent it, or nil if the client left the member out. They share the
	// memory of the parsed message.
	Data, Content json.RawMessage
}

// The types of commands that the server knows.
const (
	CommandPing    = "ping"
	CommandMessage = "message"
)

// Pong is the message that answers a client's {"type":"ping"}.
const Pong = `{"type":"pong"}`

// The members of a command.
const (
	commandType = iota
	commandData
	commandContent
	commandMembers
)

var commandNames = [commandMembers]string{"type", "data", "content"}

// ParseCommand parses a message after the first one. A caller that keeps Data or Content
// longer than message copies them. The error is the answer to the client; the socket stays
// open.
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

// kindOf names the JSON type of a value that is neither a string nor null.
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
