package harness

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// ChatMessage is any message that the server sends on the broadcast or in a room.
type ChatMessage struct {
	Event        string          `json:"event"`
	Type         string          `json:"type"`
	UserID       string          `json:"user_id"`
	UserName     string          `json:"user_name"`
	Timestamp    string          `json:"timestamp"`
	Data         json.RawMessage `json:"data"`
	Content      json.RawMessage `json:"content"`
	RoomID       string          `json:"room_id"`
	RoomTitle    string          `json:"room_title"`
	Participants int             `json:"participants"`
	Error        string          `json:"error"`
	RoomInfo     struct {
		ID           string `json:"id"`
		Title        string `json:"title"`
		Participants int    `json:"participants"`
	} `json:"room_info"`
}

// ListedRoom is a room in the list of rooms.
type ListedRoom struct {
	ID              string `json:"id"`
	Title           string `json:"title"`
	CreatedBy       string `json:"created_by"`
	Participants    int    `json:"participants"`
	ParticipantList []struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"participant_list"`
	CreatedAt int64 `json:"created_at"` // seconds since 1970
}

// ListRooms requests the list of rooms.
func ListRooms(ctx context.Context, s *Server) ([]ListedRoom, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Addr+"/realtime/rooms", http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-API-Key", APIKey)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("list rooms: status %d", resp.StatusCode)
	}
	var list struct {
		Rooms []ListedRoom `json:"rooms"`
		Total int          `json:"total"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil {
		return nil, fmt.Errorf("list rooms: %w", err)
	}
	if list.Total != len(list.Rooms) {
		return nil, fmt.Errorf("list rooms: total is %d, with %d rooms", list.Total, len(list.Rooms))
	}
	return list.Rooms, nil
}
