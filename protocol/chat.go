package protocol

import (
	"time"

	"github.com/tablewire/tablewire/protocol/jsonstring"
)

// User is who speaks on a broadcast or in a room, as the client says it.
type User struct {
	ID   string
	Name string
}

// System is who speaks where nobody is named: a trigger or a backend.
var System = User{ID: "system", Name: "system"}

// timestamp is RFC 3339 in UTC to the millisecond.
const timestamp = "2006-01-02T15:04:05.000Z"

// AppendBroadcastConnected appends the message that confirms a broadcast socket.
func AppendBroadcastConnected(dst []byte, projectID, userID string) []byte {
	dst = append(dst, `{"event":"connected","project_id":`...)
	dst = jsonstring.Append(dst, projectID)
	dst = append(dst, `,"user_id":`...)
	dst = jsonstring.Append(dst, userID)
	return append(dst, '}')
}

// AppendBroadcastMessage appends a message to everybody. data is the sender's JSON,
// whose bytes pass unchanged.
func AppendBroadcastMessage(dst []byte, from User, at time.Time, data []byte) []byte {
	dst = append(dst, `{"type":"message",`...)
	dst = appendUser(dst, from)
	dst = appendTimestamp(dst, at)
	dst = append(dst, `,"data":`...)
	dst = append(dst, data...)
	return append(dst, '}')
}

func appendUser(dst []byte, u User) []byte {
	dst = append(dst, `"user_id":`...)
	dst = jsonstring.Append(dst, u.ID)
	dst = append(dst, `,"user_name":`...)
	return jsonstring.Append(dst, u.Name)
}

func appendTimestamp(dst []byte, at time.Time) []byte {
	dst = append(dst, `,"timestamp":"`...)
	dst = at.UTC().AppendFormat(dst, timestamp)
	return append(dst, '"')
}
