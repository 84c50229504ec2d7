// Package protocol is the vocabulary that all of Tablewire shares: what a change
// is, where it stands in the log, and what goes over the wire. It holds values
// only; nothing here does I/O, starts a goroutine or logs.
//
// # Changes
//
// A [Batch] is what the replication stream hands to the fan-out: changes in
// commit order, whole transactions or a piece of one that is too long to hold.
// A [Change] has a [Relation] and one or two rows of raw [Value]s: the text that
// PostgreSQL sent, not yet looked at. The bytes belong to the batch and are
// valid until the function that received the batch returns.
//
// # Messages
//
// What a socket carries is WebSocket text frames, each one JSON object:
//
//	server → client                         builder
//	{"event":"connected",…}                 [AppendConnected]
//	{"event":"create"|"update"|"delete",…}  [AppendEvent], [AppendChange]
//	{"event":"truncate",…}                  [AppendEvent], [AppendChange]
//	{"error":…}                             [Error.AppendJSON]
//	{"type":"pong"}                         [Pong]
//
//	client → server                         parser
//	{"api_key":…,"filters":…}               [ParseHello], [Hello.Extensions]
//	{"type":"ping"}                         [ParseCommand]
//
// Builders append to a slice and keep the key order of the API's documentation.
// A [Frame] is such a message with its frame header (RFC 6455, section 5.2) in
// front: server frames are not masked, so one frame is shared by all who get it.
package protocol
