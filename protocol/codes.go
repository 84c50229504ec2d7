package protocol

import (
	"fmt"

	"github.com/tablewire/tablewire/protocol/jsonstring"
)

// CloseCode of a WebSocket (RFC 6455, section 7.4).
type CloseCode uint16

// The close codes, by what a client should do next.
const (
	// Come back at once, or after a moment.
	CloseNormal       CloseCode = 1000 // the client closed
	CloseRestart      CloseCode = 1012 // the server drains: come back after a jittered delay
	CloseTimeout      CloseCode = 4408 // no first message in time: come back and send it
	CloseSlowConsumer CloseCode = 4008 // the client read too slowly: come back, and read faster or filter more

	// Come back later, with a growing delay.
	CloseRateLimit CloseCode = 4429

	// Don't come back before something is mended.
	CloseBadRequest   CloseCode = 4400 // the first message
	CloseUnauthorized CloseCode = 4401 // the key
	CloseForbidden    CloseCode = 4403 // the room is another project's
	CloseNotFound     CloseCode = 4404 // the collection or the room

	// Don't come back before the client is mended: it broke the protocol.
	CloseProtocolError CloseCode = 1002
	CloseInvalidText   CloseCode = 1007 // a text message that is not UTF-8
	CloseTooBig        CloseCode = 1009 // a message that is too long

	// Come back later: the server failed.
	CloseInternal CloseCode = 1011

	// Never sent, only counted: the peer's close frame had no code, or there was none.
	CloseNoStatus CloseCode = 1005
	CloseAbnormal CloseCode = 1006
)

// Error is what a client is told, and how its socket ends.
type Error struct {
	Message string    // the "error" of the API
	Detail  string    // the "error_detail"; left out when empty
	ForLog  string    // what the log may say of it: nothing of what the client sent, but names
	RoomID  string    // the "room_id"; left out when empty
	Code    CloseCode // 0 when the socket stays open
	TooLong bool      // it is that an id, a name or a title is longer than may be; for the metrics
}

func (e *Error) Error() string {
	if e.Detail == "" {
		return e.Message
	}
	return e.Message + ": " + e.Detail
}

// AppendJSON appends the error as the API shows it.
func (e *Error) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"error":`...)
	dst = jsonstring.Append(dst, e.Message)
	if e.Detail != "" {
		dst = append(dst, `,"error_detail":`...)
		dst = jsonstring.Append(dst, e.Detail)
	}
	if e.RoomID != "" {
		dst = append(dst, `,"room_id":`...)
		dst = jsonstring.Append(dst, e.RoomID)
	}
	return append(dst, '}')
}

// The errors of the API. Those with a detail of the case are functions.
var (
	ErrAuthTimeout        = &Error{Message: "Authentication timeout", Code: CloseTimeout}
	ErrKeyRequired        = &Error{Message: "API key is required", Code: CloseUnauthorized}
	ErrKeyInvalid         = &Error{Message: "Invalid API key", Detail: "Project not found", Code: CloseUnauthorized}
	ErrCollectionNotFound = &Error{Message: "Collection not found or access denied", Code: CloseNotFound}
)

// ErrRoomForbidden is told for a room whose id belongs to another project.
var ErrRoomForbidden = &Error{Message: "Room belongs to different project", Code: CloseForbidden}

// ErrRoomNotFound is told for a room that is not there.
func ErrRoomNotFound(id string) *Error {
	return &Error{Message: "Room not found", RoomID: id, Code: CloseNotFound}
}

// ErrRateLimit is told when a limit is reached that closes the socket.
func ErrRateLimit(detail string) *Error {
	return &Error{Message: "Rate limit exceeded", Detail: detail, Code: CloseRateLimit}
}

// ErrInvalidJSON is told for a first message that is no JSON object or too long.
func ErrInvalidJSON(detail string) *Error {
	return &Error{Message: "Invalid JSON", Detail: detail, Code: CloseBadRequest}
}

// ErrInvalidFilter is told for a filter that can't be used.
func ErrInvalidFilter(detail string) *Error {
	return &Error{Message: "Invalid filter", Detail: detail, Code: CloseBadRequest}
}

// ErrInvalidEvents is told for a list of events that can't be used.
func ErrInvalidEvents(detail string) *Error {
	return &Error{Message: "Invalid events", Detail: detail, ForLog: detail, Code: CloseBadRequest}
}

// ErrInvalidColumns is told for a list of columns that can't be used.
func ErrInvalidColumns(detail string) *Error {
	return &Error{Message: "Invalid columns", Detail: detail, ForLog: detail, Code: CloseBadRequest}
}

// ErrMessageTooLong is told for a later message that is longer than may be; the
// first one's error is ErrInvalidJSON.
func ErrMessageTooLong(limit int64) *Error {
	return &Error{Message: "Message too long", Detail: fmt.Sprintf("want at most %d bytes", limit), Code: CloseTooBig}
}

// ErrInvalidMessage is told for a later message that can't be understood; the socket
// stays open. ParseHello tells it, with CloseBadRequest, for a misspelt member.
func ErrInvalidMessage(detail string) *Error {
	return &Error{Message: "Invalid message", Detail: detail}
}
