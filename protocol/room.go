package protocol

import (
	"strconv"
	"time"

	"github.com/tablewire/tablewire/protocol/jsonstring"
)

// Room identifies a room in its messages.
type Room struct {
	ID    string
	Title string
}

// AppendJoined appends the message that confirms that a user joined a room. participants
// counts the users in the room, this one included.
func AppendJoined(dst []byte, room Room, participants int, userID string) []byte {
	dst = append(dst, `{"event":"joined","room_id":`...)
	dst = jsonstring.Append(dst, room.ID)
	dst = append(dst, `,"room_title":`...)
	dst = jsonstring.Append(dst, room.Title)
	dst = append(dst, `,"participants":`...)
	dst = strconv.AppendInt(dst, int64(participants), 10)
	dst = append(dst, `,"user_id":`...)
	dst = jsonstring.Append(dst, userID)
	return append(dst, '}')
}

// AppendUserJoined appends the message that a user joined. participants is the number of
// users after that.
func AppendUserJoined(dst []byte, room Room, participants int, user User, at time.Time) []byte {
	return appendPresence(dst, "user_joined", room, participants, user, at)
}

// AppendUserLeft appends the message that a user left. participants is the number of users
// after that.
func AppendUserLeft(dst []byte, room Room, participants int, user User, at time.Time) []byte {
	return appendPresence(dst, "user_left", room, participants, user, at)
}

func appendPresence(dst []byte, event string, room Room, participants int, user User, at time.Time) []byte {
	dst = append(dst, `{"type":"`...)
	dst = append(dst, event...)
	dst = append(dst, `",`...)
	dst = appendUser(dst, user)
	dst = appendTimestamp(dst, at)
	dst = appendRoomInfo(dst, room)
	dst = append(dst, `,"participants":`...)
	dst = strconv.AppendInt(dst, int64(participants), 10)
	return append(dst, '}', '}')
}

// AppendRoomMessage appends a message to all members of a room. content is the sender's
// JSON; its bytes are copied as they are.
func AppendRoomMessage(dst []byte, room Room, from User, at time.Time, content []byte) []byte {
	dst = append(dst, `{"type":"message",`...)
	dst = appendUser(dst, from)
	dst = append(dst, `,"content":`...)
	dst = append(dst, content...)
	dst = appendTimestamp(dst, at)
	dst = appendRoomInfo(dst, room)
	return append(dst, '}', '}')
}

// appendRoomInfo appends the member room_info and leaves its object open.
func appendRoomInfo(dst []byte, room Room) []byte {
	dst = append(dst, `,"room_info":{"id":`...)
	dst = jsonstring.Append(dst, room.ID)
	dst = append(dst, `,"title":`...)
	return jsonstring.Append(dst, room.Title)
}

// RoomListing is one room in the list of rooms.
type RoomListing struct {
	Room
	CreatedBy    string
	CreatedAt    time.Time
	Participants []User // in the order in which they joined
}

// AppendRooms appends the list of rooms, the answer to GET /realtime/rooms.
func AppendRooms(dst []byte, rooms []RoomListing) []byte {
	dst = append(dst, `{"rooms":[`...)
	for i := range rooms {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendListing(dst, &rooms[i])
	}
	dst = append(dst, `],"total":`...)
	dst = strconv.AppendInt(dst, int64(len(rooms)), 10)
	return append(dst, '}')
}

func appendListing(dst []byte, r *RoomListing) []byte {
	dst = append(dst, `{"id":`...)
	dst = jsonstring.Append(dst, r.ID)
	dst = append(dst, `,"title":`...)
	dst = jsonstring.Append(dst, r.Title)
	dst = append(dst, `,"created_by":`...)
	dst = jsonstring.Append(dst, r.CreatedBy)
	dst = append(dst, `,"participants":`...)
	dst = strconv.AppendInt(dst, int64(len(r.Participants)), 10)
	dst = append(dst, `,"participant_list":[`...)
	for i, u := range r.Participants {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"id":`...)
		dst = jsonstring.Append(dst, u.ID)
		dst = append(dst, `,"name":`...)
		dst = jsonstring.Append(dst, u.Name)
		dst = append(dst, '}')
	}
	dst = append(dst, `],"created_at":`...)
	dst = strconv.AppendInt(dst, r.CreatedAt.Unix(), 10)
	return append(dst, '}')
}
