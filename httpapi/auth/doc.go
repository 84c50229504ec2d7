// Package auth says who a credential belongs to.
//
// An [Authenticator] is a function: it gets the credential that a client sent, such as
// the "api_key" of a first message or the header X-Api-Key, and returns the client's
// [Principal]. [StaticKey] makes the simplest one, for one project with one key. An
// application that knows its users already gives one of its own to package httpapi
// (Config.Authenticate) and needs nothing else of this package.
//
// # Errors
//
// [protocol.ErrKeyRequired] and [protocol.ErrKeyInvalid], or any other
// [*protocol.Error] with a close code, reach the client as they are. Every other error
// means that nobody can tell at the moment: the client is asked to come back, and the
// error is logged once an outage.
//
// # What an Authenticator owes
//
// It is called concurrently, once for each connection and for each plain request with a
// key that is not empty. Without a key the client gets [protocol.ErrKeyRequired]. It should return soon after its context has ended. It must keep credentials out of
// its errors, because errors are logged.
package auth
