package protocol_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/jsonstring"
	"github.com/tablewire/tablewire/protocol/wal"
)

// golden returns an example of the API's documentation, without its white space. A message
// must equal its example byte for byte. The server's timestamps have milliseconds.
func golden(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, b); err != nil {
		t.Fatal(err)
	}
	return compact.String()
}

var text = wal.Type{Name: "text", Kind: wal.KindText}

func textColumn(name string, key bool) wal.Column {
	return wal.NewColumn(name, text, key, jsonstring.Append[[]byte])
}

func users(identity wal.Identity) *wal.Relation {
	return &wal.Relation{
		Schema: "public", Name: "users", Identity: identity,
		Columns: []wal.Column{
			textColumn("id", true), textColumn("name", false), textColumn("email", false),
			textColumn("status", false), textColumn("created_at", false),
		},
	}
}

func row(values ...string) []wal.Value {
	r := make([]wal.Value, len(values))
	for i, v := range values {
		r[i] = wal.Value{State: wal.Text, Text: []byte(v)}
	}
	return r
}

func john(status string) []wal.Value {
	return row("doc_abc123", "John Doe", "john@example.com", status, "2024-01-15T10:30:00Z")
}

func key(id string) []wal.Value {
	return append(row(id), make([]wal.Value, 4)...)
}

var (
	general     = protocol.Room{ID: "general-chat", Title: "General Chat"}
	johnDoe     = protocol.User{ID: "user_123", Name: "John Doe"}
	janeSmith   = protocol.User{ID: "user_456", Name: "Jane Smith"}
	halfPastTen = time.Date(2024, 1, 15, 10, 30, 0, 0, time.UTC)
)

func TestMessagesEqualTheDocumentation(t *testing.T) {
	t.Parallel()
	change := func(c *wal.Change) string { return string(appendChange(nil, `"users"`, c)) }
	usual, full := users(wal.IdentityDefault), users(wal.IdentityFull)
	for name, got := range map[string]string{
		"connected": string(protocol.AppendConnected(nil, "users", []byte(`{"status":"active"}`))),
		"create":    change(&wal.Change{Op: wal.Create, Relation: usual, New: john("active")}),
		"update":    change(&wal.Change{Op: wal.Update, Relation: full, New: john("premium"), Old: john("active"), OldFull: true}),
		"delete":    change(&wal.Change{Op: wal.Delete, Relation: usual, Old: key("doc_abc123")}),
		"truncate":  change(&wal.Change{Op: wal.Truncate, Relation: usual}),
		"pong":      protocol.Pong,

		"broadcast_connected": string(protocol.AppendBroadcastConnected(nil, "project_abc", "user_123")),
		"broadcast_message":   string(protocol.AppendBroadcastMessage(nil, johnDoe, halfPastTen, []byte(`{"text":"Hello everyone!","custom_field":"any JSON data"}`))),
		"joined":              string(protocol.AppendJoined(nil, general, 3, "user_123")),
		"user_joined":         string(protocol.AppendUserJoined(nil, general, 4, janeSmith, halfPastTen)),
		"user_left":           string(protocol.AppendUserLeft(nil, general, 3, johnDoe, halfPastTen.Add(5*time.Minute))),
		"room_message":        string(protocol.AppendRoomMessage(nil, general, johnDoe, halfPastTen, []byte(`"Hello everyone!"`))),
		"rooms": string(protocol.AppendRooms(nil, []protocol.RoomListing{
			{Room: general, CreatedBy: "user_123", CreatedAt: time.Unix(1705315800, 0), Participants: []protocol.User{johnDoe, janeSmith}},
			{Room: protocol.Room{ID: "support", Title: "Customer Support"}, CreatedBy: "admin_001", CreatedAt: time.Unix(1705316000, 0), Participants: []protocol.User{{ID: "admin_001", Name: "Admin"}, {ID: "user_789", Name: "Customer"}}},
		})),

		"error_room_not_found":       string(protocol.ErrRoomNotFound("non-existent-room").AppendJSON(nil)),
		"error_room_forbidden":       string(protocol.ErrRoomForbidden.AppendJSON(nil)),
		"error_key_required":         string(protocol.ErrKeyRequired.AppendJSON(nil)),
		"error_key_invalid":          string(protocol.ErrKeyInvalid.AppendJSON(nil)),
		"error_auth_timeout":         string(protocol.ErrAuthTimeout.AppendJSON(nil)),
		"error_collection_not_found": string(protocol.ErrCollectionNotFound.AppendJSON(nil)),
		"error_invalid_filter":       string(protocol.ErrInvalidFilter(`age_gte: "abc" is not an integer`).AppendJSON(nil)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(golden(t, name), got); diff != "" {
				t.Errorf("-documented +sent\n%s", diff)
			}
		})
	}
}

// Options change events as these examples show.
func TestMessagesOfOptions(t *testing.T) {
	t.Parallel()
	usual, full := users(wal.IdentityDefault), users(wal.IdentityFull)
	entered := protocol.Outcome{Op: wal.Create, ByFilter: true}
	left := protocol.Outcome{Op: wal.Delete, ByFilter: true}
	known := &wal.Change{Op: wal.Update, Relation: full, New: john("premium"), Old: john("active"), OldFull: true}
	unknown := &wal.Change{Op: wal.Update, Relation: usual, New: john("premium")}
	event := func(seen protocol.Outcome, c *wal.Change, columns ...string) string {
		chosen, err := protocol.ChooseColumns(c.Relation, columns)
		if err != nil {
			t.Fatal(err)
		}
		return string(protocol.AppendEvent(nil, protocol.Projection{CollectionJSON: `"users"`, Columns: chosen}, seen, c))
	}
	_, events := (&protocol.Hello{Events: json.RawMessage(`["updated"]`)}).Options()
	_, columns := protocol.ChooseColumns(usual, []string{"name", "nme"})
	for name, got := range map[string]string{
		"enter":          event(entered, known),
		"leave":          event(left, unknown),
		"leave_full":     event(left, known),
		"columns_create": event(protocol.Outcome{Op: wal.Create}, &wal.Change{Op: wal.Create, Relation: usual, New: john("active")}, "name"),
		"columns_update": event(protocol.Outcome{Op: wal.Update}, known, "status", "name"),
		"columns_delete": event(protocol.Outcome{Op: wal.Delete}, &wal.Change{Op: wal.Delete, Relation: full, Old: john("active"), OldFull: true}, "name"),

		"error_invalid_events":  string(events.AppendJSON(nil)),
		"error_invalid_columns": string(protocol.ErrInvalidColumns(columns.Error()).AppendJSON(nil)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(golden(t, name), got); diff != "" {
				t.Errorf("-documented +sent\n%s", diff)
			}
		})
	}
}

func TestHelloIsTheDocumentedOne(t *testing.T) {
	h, clientErr := protocol.ParseHello([]byte(golden(t, "hello")))
	if clientErr != nil {
		t.Fatal(clientErr)
	}
	want := &protocol.Hello{APIKey: "your-api-key", Filters: json.RawMessage(`{"status":"active","age_gte":"18","role_in":"admin,moderator"}`)}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestHelloWithOptions(t *testing.T) {
	t.Parallel()
	h, clientErr := protocol.ParseHello([]byte(golden(t, "hello_options")))
	if clientErr != nil {
		t.Fatal(clientErr)
	}
	got, clientErr := h.Options()
	if clientErr != nil {
		t.Fatal(clientErr)
	}
	want := protocol.SubscriptionOptions{
		Transitions: true, Columns: []string{"name", "id"},
		Events: wal.OpSetOf(wal.Delete, wal.Create),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
