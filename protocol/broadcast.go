package protocol

import (
	"time"

	"github.com/tablewire/tablewire/protocol/jsonstring"
)

// AppendBroadcastConnected appends the message that confirms a broadcast socket.
func AppendBroadcastConnected(dst []byte, projectID, userID string) []byte {
	dst = append(dst, `{"event":"connected","project_id":`...)
	dst = jsonstring.Append(dst, projectID)
	dst = append(dst, `,"user_id":`...)
	dst = jsonstring.Append(dst, userID)
	return append(dst, '}')
}

// AppendBroadcastMessage appends a message to all members of a broadcast. data is the
// sender's JSON; its bytes are copied as they are.
func AppendBroadcastMessage(dst []byte, from User, at time.Time, data []byte) []byte {
	dst = append(dst, `{"type":"message",`...)
	dst = appendUser(dst, from)
	dst = appendTimestamp(dst, at)
	dst = append(dst, `,"data":`...)
	dst = append(dst, data...)
	return append(dst, '}')
}

// timestampLayout is RFC 3339 in UTC, to the millisecond.
const timestampLayout = "2006-01-02T15:04:05.000Z"

func appendTimestamp(dst []byte, at time.Time) []byte {
	dst = append(dst, `,"timestamp":"`...)
	dst = at.UTC().AppendFormat(dst, timestampLayout)
	return append(dst, '"')
}
