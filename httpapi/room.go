package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/httpapi/auth"
	"github.com/tablewire/tablewire/protocol"
)

// room is a socket in a room.
type room struct {
	server *Server
	id     string
	member *fanout.Member
}

func roomOf(s *Server, r *http.Request) kind {
	return &room{server: s, id: restOfPath(r, roomsPath)}
}

// join enters the room, which queues "joined".
func (r *room) join(_ context.Context, k *socket, p auth.Principal, hello *protocol.Hello) error {
	if err := checkRoomID(r.id); err != nil {
		r.server.limits.texts(err, k.from.ip)
		return err
	}
	entry := fanout.JoinRequest{
		Project: p.Project, Room: protocol.Room{ID: r.id, Title: hello.RoomTitle},
		User: speaker(hello), Queue: &k.queue,
	}
	switch hello.Action {
	case "create":
		entry.Create = true
	case "join", "":
	default:
		return errAction
	}
	if entry.Room.Title == "" {
		entry.Room.Title = r.id
	}
	member, err := r.server.cfg.Rooms.Join(entry)
	if err != nil {
		r.server.limits.refused(err, k.from.ip)
		return err
	}
	r.member = member
	return nil
}

func (r *room) command(c protocol.Command, _ []byte) *protocol.Error {
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

// checkRoomID refuses an id that no room can have.
func checkRoomID(id string) *protocol.Error {
	if id == "" {
		return errRoomID("the path has none")
	}
	if err := protocol.CheckText(id, protocol.MaxID); err != nil {
		told := errRoomID(err.Error())
		told.TooLong = errors.Is(err, protocol.ErrTextTooLong)
		return told
	}
	return nil
}

func errRoomID(detail string) *protocol.Error {
	return &protocol.Error{Message: "Invalid room id", Detail: detail, Code: protocol.CloseBadRequest}
}

// listRooms answers with the project's rooms.
func (s *Server) listRooms(w http.ResponseWriter, r *http.Request) {
	p, status, told := s.authenticateRequest(r, s.addressOf(r))
	if told != nil {
		refuse(w, status, told)
		return
	}
	text := s.lists.get(r.Context(), p.Project, func() []byte {
		return protocol.AppendRooms(nil, s.cfg.Rooms.List(p.Project))
	})
	if text == nil { // who asked has gone, or making it failed
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	// A long list is not kept for one who does not read it.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.times.stall)) // not every writer has one
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, text)
}
