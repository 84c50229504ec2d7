package protocol

// CloseCode is the status code of a WebSocket close frame (RFC 6455, section 7.4). Codes
// from 4000 on are this protocol's own.
type CloseCode uint16

// The close codes, grouped by what a client should do next.
const (
	CloseNormal CloseCode = 1000 // the client closed: nothing to do

	// Come back after a short, random delay.
	CloseRestart      CloseCode = 1012 // the server stops, or the client's rows may be wrong: load them again
	CloseSlowConsumer CloseCode = 4008 // the client read too slowly: read faster, or filter more
	CloseTimeout      CloseCode = 4408 // the first message came too late

	// Come back later, with a growing delay.
	CloseInternal  CloseCode = 1011 // the server failed
	CloseRateLimit CloseCode = 4429 // a limit was reached

	// Correct the request before coming back.
	CloseBadRequest   CloseCode = 4400 // the first message, a filter or a list of columns or events can't be used
	CloseUnauthorized CloseCode = 4401 // the key is missing or wrong
	CloseForbidden    CloseCode = 4403 // the room belongs to another project
	CloseNotFound     CloseCode = 4404 // there is no such collection or room

	// Correct the client: it broke the protocol.
	CloseProtocolError CloseCode = 1002
	CloseInvalidText   CloseCode = 1007 // a text message is not UTF-8
	CloseTooBig        CloseCode = 1009 // a message is too long

	// Nobody sends these codes. They count, in metrics, how clients' sockets ended.
	CloseNoStatus CloseCode = 1005 // the peer's close frame had no code
	CloseAbnormal CloseCode = 1006 // the connection ended without a close frame
)
