package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
)

// Hello is a client's first message: who it is and what it asks for. A member that the
// client left out, or sent as null, is empty.
type Hello struct {
	// APIKey is what the client authenticates with; never empty.
	APIKey string
	// Filters are the client's filters as it sent them: the filter compiler reads them,
	// and the "connected" message repeats them.
	Filters json.RawMessage
	// UserID and UserName name the client on a broadcast and in a room.
	UserID, UserName string
	// Action and RoomTitle say whether a client creates a room, and with which title.
	Action, RoomTitle string
	// Transitions, Events and Columns are the options of a subscription as the client sent
	// them; see Options. Other endpoints ignore them, as they ignore unknown members.
	Transitions, Events, Columns json.RawMessage
}

// The members of a first message, in the order in which ParseHello checks them.
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

// ParseHello parses a first message. The result shares no memory with message. The error
// is the answer to the client.
func ParseHello(message []byte) (*Hello, *Error) {
	var raw [helloMembers]json.RawMessage
	typo, err := readObject(message, helloNames[:], raw[:])
	switch {
	case err != nil:
		return nil, ErrInvalidJSON(err.Error())
	case typo != nil: // first of all: a mistyped "filters" must not subscribe to every row
		return nil, errTypo(typo)
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
			clientErr := ErrInvalidJSON(helloNames[i] + ": " + err.Error())
			clientErr.TooLong = errors.Is(err, ErrTextTooLong)
			return nil, clientErr
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

// errTypo answers a first message with a mistyped member.
func errTypo(t *typo) *Error {
	clientErr := ErrInvalidMessage(t.Error())
	clientErr.ForLog, clientErr.Code = clientErr.Detail, CloseBadRequest
	return clientErr
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

func cloneUnlessNull(raw json.RawMessage) json.RawMessage {
	if isNull(raw) {
		return nil
	}
	return bytes.Clone(raw)
}
