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
	// Filters are a copy of the client's bytes, for the echo and for the filter's
	// parser; nil where it sent none.
	Filters json.RawMessage
	// UserID and UserName are who it is, on a broadcast and in a room.
	UserID, UserName string
	// Action and RoomTitle are what it wants of a room.
	Action, RoomTitle string
	// Transitions, Events and Columns are for a watcher, copied as they were sent and
	// read by Options: to any other socket they are members that it does not know.
	Transitions, Events, Columns json.RawMessage
}

// The longest texts that a client may give, in bytes.
const (
	MaxID    = 256 // of a user or a room
	MaxName  = 256 // of a user
	MaxTitle = 512 // of a room
)

// The members of a first message, in the order in which they are checked.
const (
	helloAPIKey = iota
	helloUserID
	helloUserName
	helloAction
	helloRoomTitle
	helloFilters
	helloTransitions
	helloEvents
	helloColumns
	helloMembers
)

var helloNames = [helloMembers]string{
	"api_key", "user_id", "user_name", "action", "room_title",
	"filters", "transitions", "events", "columns",
}

// ParseHello reads a first message. What it returns is its own and stays as it is
// when the message's bytes are used again. The error is what the client is told.
func ParseHello(message []byte) (*Hello, *Error) {
	var raw [helloMembers]json.RawMessage
	typo, err := readObject(message, helloNames[:], raw[:])
	switch {
	case err != nil:
		return nil, ErrInvalidJSON(err.Error())
	case typo != nil: // Before all else: a filter that is misspelt must not be none
		return nil, errMistaken(typo)
	}
	h := new(Hello)
	for i, field := range [...]struct {
		into *string
		max  int
	}{
		helloAPIKey:    {&h.APIKey, len(message)},
		helloUserID:    {&h.UserID, MaxID},
		helloUserName:  {&h.UserName, MaxName},
		helloAction:    {&h.Action, MaxName},
		helloRoomTitle: {&h.RoomTitle, MaxTitle},
	} {
		if isNull(raw[i]) {
			continue
		}
		var ok bool
		if *field.into, ok = unquote(raw[i]); !ok {
			return nil, ErrInvalidJSON(helloNames[i] + ": want a string")
		}
		if err := CheckText(*field.into, field.max); err != nil {
			told := ErrInvalidJSON(helloNames[i] + ": " + err.Error())
			told.TooLong = errors.Is(err, ErrTextTooLong)
			return nil, told
		}
	}
	if h.APIKey == "" {
		return nil, ErrKeyRequired
	}
	h.Filters = cloneUnlessNull(raw[helloFilters])
	h.Transitions = cloneUnlessNull(raw[helloTransitions])
	h.Events = cloneUnlessNull(raw[helloEvents])
	h.Columns = cloneUnlessNull(raw[helloColumns])
	return h, nil
}

// errMistaken is told for a first message with a member that is misspelt.
func errMistaken(typo *mistake) *Error {
	told := ErrInvalidMessage(typo.Error())
	told.ForLog, told.Code = told.Detail, CloseBadRequest
	return told
}

// ErrTextTooLong is CheckText's error for what is longer than it may be.
var ErrTextTooLong = errors.New("longer")

// CheckText refuses an id, a name or a title that is longer than limit bytes, is no
// UTF-8 or has control characters in it.
func CheckText(s string, limit int) error {
	switch {
	case len(s) > limit:
		return fmt.Errorf("%w than %d bytes", ErrTextTooLong, limit)
	case !utf8.ValidString(s):
		return errors.New("not UTF-8")
	case strings.ContainsFunc(s, unicode.IsControl):
		return errors.New("control characters are not allowed")
	}
	return nil
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

func cloneUnlessNull(raw json.RawMessage) json.RawMessage {
	if isNull(raw) {
		return nil
	}
	return bytes.Clone(raw)
}
