// Package pgoutput decodes the messages of PostgreSQL's pgoutput plugin: protocol
// version 1, values in text format (PostgreSQL manual, "Logical Replication
// Message Formats"). It does no I/O and keeps no state.
//
// # Messages
//
// An XLogData message carries one of these. Its first byte says which:
//
//	B  begin      final LSN, time, xid                   [DecodeBegin]
//	O  origin     LSN, name                              [DecodeOrigin]
//	R  relation   OID, name, identity, columns           [DecodeRelation]
//	Y  type       OID, name                              [DecodeType]
//	I  insert     OID, N tuple                           [DecodeInsert]
//	U  update     OID, [K or O tuple], N tuple           [DecodeUpdate]
//	D  delete     OID, K or O tuple                      [DecodeDelete]
//	T  truncate   options, OIDs                          [DecodeTruncate]
//	M  message    flags, LSN, prefix, content            [DecodeMessage]
//	C  commit     commit LSN, end LSN, time              [DecodeCommit]
//
// Integers are big-endian, strings end in a zero byte. A tuple is a count of
// columns, then for each one a letter:
//
//	n             NULL; in a K tuple: not sent
//	u             unchanged TOAST, not sent
//	t len bytes   text
//	b len bytes   binary, which the stream does not ask for: an error
//
// A relation message comes before the first row of its table, and again whenever
// the table changed.
//
// # Guarantees
//
// Every decoder takes the whole message, with its type byte, and reads all of it: bytes
// left over are an error. Malformed input causes a [*SyntaxError], never a panic. A decoder
// checks every count against the message's length before it allocates.
//
// The row decoders append [wal.Value]s to slices that the caller owns, and allocate nothing
// while those have room. The values, like [Message.Content], alias the message: they are
// valid until its bytes change. All other results are copies.
//
// All functions are safe to call concurrently.
package pgoutput
