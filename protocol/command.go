package protocol

import (
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// Command is a client's later message.
type Command struct {
	Type string
	// Data and Content are what a message carries, on a broadcast and in a room: the
	// client's own bytes, known to be JSON; nil where it sent none.
	Data, Content json.RawMessage
}

// The types of a client's messages.
const (
	CommandPing    = "ping"
	CommandMessage = "message"
)

// Pong answers a client's ping.
var Pong = TextFrame([]byte(`{"type":"pong"}`))

// ParseCommand reads a later message. The error is what the client is told; the socket stays open.
func ParseCommand(message []byte) (Command, *Error) {
	var m struct {
		Type    *string         `json:"type"`
		Data    json.RawMessage `json:"data"`
		Content json.RawMessage `json:"content"`
	}
	if err := unmarshalObject(message, &m); err != nil {
		return Command{}, ErrInvalidMessage(err.Error())
	}
	if m.Type == nil {
		return Command{}, ErrInvalidMessage(`"type" is missing: want {"type":"ping"}`)
	}
	return Command{Type: *m.Type, Data: m.Data, Content: m.Content}, nil
}

// Announcement is a message that comes from the database or from a backend rather
// than from a socket.
type Announcement struct {
	From User
	Body json.RawMessage
}

// ParseAnnouncement reads one: any JSON. An object may say who speaks, in user_id
// and user_name, which else is the system; and where it has the member that is
// asked for, "data" or "content", that alone is the message's body.
func ParseAnnouncement(b []byte, member string) (Announcement, error) {
	a := Announcement{From: System, Body: b}
	var whole map[string]json.RawMessage
	if !utf8.Valid(b) || !json.Valid(b) {
		return a, errNoJSON
	}
	if json.Unmarshal(b, &whole) != nil {
		return a, nil // not an object
	}
	if body, ok := whole[member]; ok {
		a.Body = body
	}
	id, name := text(whole["user_id"]), text(whole["user_name"])
	if id != "" {
		a.From = User{ID: id, Name: id}
	}
	if name != "" {
		a.From.Name = name
	}
	return a, nil
}

// errNoJSON tells nothing of what was sent.
var errNoJSON = errors.New("the message is not JSON")

// text is a JSON string that may stand for an id or a name, else nothing.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil || CheckText(s, MaxName) != nil {
		return ""
	}
	return s
}
