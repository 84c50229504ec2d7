package protocol

import (
	"fmt"

	"github.com/tablewire/tablewire/protocol/jsonstring"
)

// Error is an error that a client receives as a message, and that may close its socket.
// Treat an Error as immutable: several goroutines may share one.
type Error struct {
	Message string    // the member "error"
	Detail  string    // the member "error_detail"; left out if empty
	ForLog  string    // what the log may say about the error; of the client's message it holds only names
	RoomID  string    // the member "room_id"; left out if empty
	Code    CloseCode // the close code; 0 if the socket stays open
	TooLong bool      // the cause is an id, a name or a title past its limit; for metrics
}

// Error returns the message and the detail, as a log or a test shows them.
func (e *Error) Error() string {
	if e.Detail == "" {
		return e.Message
	}
	return e.Message + ": " + e.Detail
}

// AppendJSON appends the error's message on the wire, a JSON object.
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

// The errors that are the same for all clients. Functions build the others.
var (
	ErrAuthTimeout        = &Error{Message: "Authentication timeout", Code: CloseTimeout}
	ErrKeyRequired        = &Error{Message: "API key is required", Code: CloseUnauthorized}
	ErrKeyInvalid         = &Error{Message: "Invalid API key", Detail: "Project not found", Code: CloseUnauthorized}
	ErrCollectionNotFound = &Error{Message: "Collection not found or access denied", Code: CloseNotFound}
	ErrRoomForbidden      = &Error{Message: "Room belongs to different project", Code: CloseForbidden}
)

// ErrRoomNotFound answers a client that joins, or sends to, a room that does not exist.
func ErrRoomNotFound(id string) *Error {
	return &Error{Message: "Room not found", RoomID: id, Code: CloseNotFound}
}

// ErrRateLimit answers a client that reached a limit, and closes its socket.
func ErrRateLimit(detail string) *Error {
	return &Error{Message: "Rate limit exceeded", Detail: detail, Code: CloseRateLimit}
}

// ErrInvalidJSON answers a first message that is too long, is not a JSON object, or has a
// member of the wrong type.
func ErrInvalidJSON(detail string) *Error {
	return &Error{Message: "Invalid JSON", Detail: detail, Code: CloseBadRequest}
}

// ErrInvalidFilter answers a filter that does not compile, or that no longer fits its
// table.
func ErrInvalidFilter(detail string) *Error {
	return &Error{Message: "Invalid filter", Detail: detail, Code: CloseBadRequest}
}

// ErrInvalidEvents answers a list of events that can't be used.
func ErrInvalidEvents(detail string) *Error {
	return &Error{Message: "Invalid events", Detail: detail, ForLog: detail, Code: CloseBadRequest}
}

// ErrInvalidColumns answers a list of columns that can't be used, or that no longer fits
// its table.
func ErrInvalidColumns(detail string) *Error {
	return &Error{Message: "Invalid columns", Detail: detail, ForLog: detail, Code: CloseBadRequest}
}

// ErrMessageTooLong answers a later message of more than limit bytes. A first message that
// is too long gets ErrInvalidJSON.
func ErrMessageTooLong(limit int64) *Error {
	return &Error{Message: "Message too long", Detail: fmt.Sprintf("want at most %d bytes", limit), Code: CloseTooBig}
}

// ErrInvalidMessage answers a later message that can't be used; the socket stays open.
// [ParseHello] returns it with [CloseBadRequest] for a member that looks like a typo.
func ErrInvalidMessage(detail string) *Error {
	return &Error{Message: "Invalid message", Detail: detail}
}
