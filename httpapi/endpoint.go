package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/httpapi/auth"
	"github.com/tablewire/tablewire/protocol"
)

// endpoint is what a session is for. A new endpoint implements it and gets a route; the
// session does everything else in a connection's life.
type endpoint interface {
	// join puts the first message of a client into effect once it is known who sent it. What
	// the client gets goes through its queue. An error of type [*protocol.Error] goes to the
	// client; after any other it is asked to come back.
	join(ctx context.Context, q *fanout.Queue, p auth.Principal, hello *protocol.Hello) error
	// command takes a later message that is no ping.
	command(c protocol.Command) *protocol.Error
	// leave takes back what join did. It is called once, also if join failed or never was
	// called.
	leave()
	// path is the endpoint's path, for the log.
	path() string
}

// whyer is an endpoint that knows more of why join failed than the client may see.
type whyer interface {
	// why returns the reason for the log. It may take long.
	why(ctx context.Context) string
}

// newEndpoint makes the endpoint that a request is for.
type newEndpoint func(*Server, *http.Request) endpoint

const wantMessage = `"message" or "ping"`

// errUnknownCommand is for a message of a type that an endpoint doesn't have.
func errUnknownCommand(c protocol.Command, want string) *protocol.Error {
	typ := c.Type
	if len(typ) > 64 {
		typ = typ[:64]
	}
	return protocol.ErrInvalidMessage(`"type" is ` + strconv.Quote(typ) + ": want " + want)
}

// asProtocolError finds the error for the client in an error.
func asProtocolError(err error) (*protocol.Error, bool) {
	var clientErr *protocol.Error
	ok := errors.As(err, &clientErr)
	return clientErr, ok
}

// userOf returns the user that a client says it is. A client that says nothing gets an ID that
// nobody else has.
func userOf(hello *protocol.Hello) protocol.User {
	u := protocol.User{ID: hello.UserID, Name: hello.UserName}
	if u.ID == "" {
		u.ID = anonymousID()
	}
	if u.Name == "" {
		u.Name = u.ID
	}
	return u
}

// anonymousID returns an id that nobody can guess or has had before.
func anonymousID() string {
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails
	return "anon_" + hex.EncodeToString(random[:])
}
