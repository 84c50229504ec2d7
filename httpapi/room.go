package httpapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/httpapi/auth"
	"github.com/tablewire/tablewire/protocol"
)

// room is the endpoint of a client in a room.
type room struct {
	server *Server
	id     string
	member *fanout.Member
}

func roomOf(s *Server, r *http.Request) endpoint {
	return &room{server: s, id: restOfPath(r, roomsPath)}
}

// join joins the room, which queues "joined".
func (r *room) join(_ context.Context, q *fanout.Queue, p auth.Principal, hello *protocol.Hello) error {
	if err := checkRoomID(r.id); err != nil {
		return err
	}
	request := fanout.JoinRequest{
		Project: p.Project, Room: protocol.Room{ID: r.id, Title: hello.RoomTitle},
		User: userOf(hello), Queue: q,
	}
	switch hello.Action {
	case "create":
		request.Create = true
	case "join", "":
	default:
		return errAction
	}
	if request.Room.Title == "" {
		request.Room.Title = r.id
	}
	member, err := r.server.cfg.Rooms.Join(request)
	if err != nil {
		return err
	}
	r.member = member
	return nil
}

func (r *room) command(c protocol.Command) *protocol.Error {
	switch {
	case c.Type != protocol.CommandMessage:
		return errUnknownCommand(c, wantMessage)
	case c.Content == nil:
		return errNoContent
	}
	r.server.cfg.Rooms.SendFrom(r.member, c.Content)
	return nil
}

func (r *room) path() string { return roomsPath + r.id }

func (r *room) leave() {
	if r.member != nil {
		r.server.cfg.Rooms.Leave(r.member)
	}
}

var (
	errAction    = protocol.ErrInvalidJSON(`action: want "create" or "join"`)
	errNoContent = protocol.ErrInvalidMessage(`"content" is missing: want {"type":"message","content":...}`)
)

// checkRoomID returns the error for an id that no room can have.
func checkRoomID(id string) *protocol.Error {
	if id == "" {
		return errRoomID("the path has none")
	}
	if err := protocol.CheckText(id, protocol.MaxID); err != nil {
		clientErr := errRoomID(err.Error())
		clientErr.TooLong = errors.Is(err, protocol.ErrTextTooLong)
		return clientErr
	}
	return nil
}

func errRoomID(detail string) *protocol.Error {
	return &protocol.Error{Message: "Invalid room id", Detail: detail, Code: protocol.CloseBadRequest}
}
