// Package protocol is the wire: the messages that clients send and receive, their
// errors and their close codes. It holds values only; nothing here does I/O, starts a
// goroutine or logs. What the messages speak of is in package wal.
//
// # Messages
//
// What a socket carries is WebSocket text frames, each one JSON object:
//
//	server → client                         builder
//	{"event":"connected",…}                 [AppendConnected]
//	{"event":"create"|"update"|"delete",…}  [AppendEvent]
//	{"event":"truncate",…}                  [AppendEvent]
//	{"error":…}                             [Error.AppendJSON]
//	{"type":"pong"}                         [Pong]
//
//	client → server                         parser
//	{"api_key":…,"filters":…}               [ParseHello], [Hello.Options]
//	{"type":"ping"}                         [ParseCommand]
//
// Builders append to a slice and keep the key order of the API's documentation.
// A [Frame] is such a message with its frame header (RFC 6455, section 5.2) in
// front: server frames are not masked, so one frame is shared by all who get it.
package protocol
