package protocol

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// BackendMessage is a chat message that SQL or a backend sends, rather than a socket.
type BackendMessage struct {
	From User
	// Body is valid JSON. It shares the memory of the parsed message.
	Body json.RawMessage
}

// ParseBackendMessage parses any JSON as a message of a backend. member is the name of the
// member that holds the body: "data" for a broadcast, "content" for a room. If b is an
// object that has the member, its value alone is the body; else all of b is. The members
// user_id and user_name of an object name the sender; without them [System] is the sender.
// A caller that keeps Body longer than b copies it. The error repeats nothing of b.
func ParseBackendMessage(b []byte, member string) (BackendMessage, error) {
	m := BackendMessage{From: System, Body: b}
	if !utf8.Valid(b) {
		return m, errNotJSON
	}
	var raw [3]json.RawMessage
	names := []string{member, "user_id", "user_name"}
	switch _, err := readObject(b, names, raw[:]); {
	case errors.Is(err, errNotObject):
		return m, nil
	case err != nil:
		return m, errNotJSON
	}
	var sender [3]string
	for i := 1; i < len(raw); i++ {
		var err error
		if sender[i], err = parseSender(raw[i]); err != nil && raw[0] != nil { // without the member, user_id is part of the body
			return m, fmt.Errorf("%s: %w", names[i], err)
		}
	}
	if raw[0] != nil {
		m.Body = raw[0]
	}
	if sender[1] != "" {
		m.From = User{ID: sender[1], Name: sender[1]}
	}
	if sender[2] != "" {
		m.From.Name = sender[2]
	}
	return m, nil
}

// errNotJSON repeats nothing of the message.
var errNotJSON = errors.New("the message is not JSON")

// parseSender parses an id or a name: a string, or a number, whose digits become the text.
// It returns "" for a value that is missing, null or empty.
func parseSender(raw json.RawMessage) (string, error) {
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
