package protocol

import "github.com/tablewire/tablewire/protocol/jsonstring"

// User is the sender of a chat message or a participant of a room. Clients name
// themselves: the server checks the text ([CheckText]) and not who it is.
type User struct {
	ID   string
	Name string
}

// System is the sender of a message from a trigger or a backend that names no user.
var System = User{ID: "system", Name: "system"}

func appendUser(dst []byte, u User) []byte {
	dst = append(dst, `"user_id":`...)
	dst = jsonstring.Append(dst, u.ID)
	dst = append(dst, `,"user_name":`...)
	return jsonstring.Append(dst, u.Name)
}
