// Package protocol is the wire of Tablewire: the messages that clients and the server
// exchange, the errors, and the close codes. It is part of the promised surface, with the
// root package. The field names, the order of the fields and the error texts are those of
// docs/wire.md; the files in testdata hold them, and tests compare byte for byte.
//
// The package holds values only: nothing here does I/O, starts a goroutine or logs, and
// everything may be used concurrently. Package [wal] below it has the vocabulary of the
// database's log: positions, relations and changes.
//
// # Messages
//
// Each message is one JSON object, in one WebSocket text frame unless the table says HTTP.
// The first message of a client says who it is and what it asks for; the server answers
// with "connected" or "joined", or with an error and a close code.
//
//	client → server                              parser
//	{"api_key":…,…}             first message    ParseHello, Hello.Options
//	{"type":"ping"}                              ParseCommand
//	{"type":"message",…}        chat             ParseCommand
//
//	server → client                              builder
//	{"event":"connected",…}     collection       AppendConnected
//	{"event":"create",…}        collection       AppendEvent
//	{"event":"update",…}        collection       AppendEvent
//	{"event":"delete",…}        collection       AppendEvent
//	{"event":"truncate",…}      collection       AppendEvent
//	{"event":"connected",…}     broadcast        AppendBroadcastConnected
//	{"type":"message",…}        broadcast        AppendBroadcastMessage
//	{"event":"joined",…}        room             AppendJoined
//	{"type":"user_joined",…}    room             AppendUserJoined
//	{"type":"user_left",…}      room             AppendUserLeft
//	{"type":"message",…}        room             AppendRoomMessage
//	{"error":…,…}               any              Error.AppendJSON
//	{"type":"pong"}             any              Pong
//	{"rooms":[…],…}             HTTP             AppendRooms
//
//	backend → server                             parser
//	any JSON                    chat             ParseBackendMessage
//
// Builders append to dst and return it, as the append of Go does; the caller owns dst.
// Parsers never panic, bound how deep a message nests ([MaxDepth]), and return the error
// that the client receives. Parsers ignore members that they don't know, because a client
// may be newer than the server. A member that looks like a typo of a known one is an
// error: a mistyped "filters" would show a client every row.
//
// # Close codes
//
// After an error of the first message, or one that ends a subscription, the server closes
// the socket. [CloseCode] says what the client should do next:
//
//	1012 CloseRestart, 4008 CloseSlowConsumer,
//	4408 CloseTimeout                             come back after a short, random delay
//	1011 CloseInternal, 4429 CloseRateLimit       come back later, with a growing delay
//	4400 CloseBadRequest, 4401 CloseUnauthorized,
//	4403 CloseForbidden, 4404 CloseNotFound       correct the request first
//	1002 CloseProtocolError, 1007 CloseInvalidText,
//	1009 CloseTooBig                              correct the client first
//	1000 CloseNormal                              nothing: the client closed
//
// A connection that ends without a close frame (1006 in most libraries) was cut by the
// network or by a server that died: come back as after 1012.
//
// # What is exported
//
// A Go client needs the close codes, the limits and the texts of [Error]. A program that
// embeds the server needs [Error], for its authentication, and [Problem], for what the
// server returns. The parsers and builders serve the server's packages and the tests of
// clients; they stay here so that one package, with one set of test vectors, defines both
// sides of each message. WebSocket frames are not here, because each client has a library
// for them: the server's are in internal/wsframe.
package protocol
