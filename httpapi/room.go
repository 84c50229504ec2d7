package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/tablewire/tablewire/fanout"
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
func (r *room) join(_ context.Context, k *socket, p *project, hello *protocol.Hello) error {
	if err := checkRoomID(r.id); err != nil {
		r.server.limits.texts(err, k.from.ip)
		return err
	}
	entry := fanout.JoinRequest{
		Project: p.ID, Room: protocol.Room{ID: r.id, Title: hello.RoomTitle},
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
func (s *Server) listRooms(c *gin.Context) {
	p, err := s.keys.project(strings.TrimSpace(c.GetHeader(keyHeader)))
	if err != nil {
		s.notices.refused(c.Request.Context(), err, c.Request.URL.Path, s.addressOf(c.Request), nil)
		refuse(c, http.StatusUnauthorized, err)
		return
	}
	text := s.lists.get(c.Request.Context(), p.ID, func() []byte {
		return protocol.AppendRooms(nil, s.cfg.Rooms.List(p.ID))
	})
	if text == nil { // who asked has gone, or making it failed
		c.Status(http.StatusInternalServerError)
		return
	}
	// A long list is not kept for one who does not read it.
	_ = http.NewResponseController(c.Writer).SetWriteDeadline(time.Now().Add(s.times.stall)) // not every writer has one
	c.Header("Cache-Control", "no-store")
	c.Data(http.StatusOK, "application/json", text)
}

// keyHeader carries the key of a request that is no socket.
const keyHeader = "X-Api-Key"
