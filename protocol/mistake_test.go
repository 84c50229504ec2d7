package protocol_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/tablewire/tablewire/protocol"
)

// The members that a first message and a later one have.
var (
	helloMembers   = []string{"api_key", "user_id", "user_name", "action", "room_title", "filters", "transitions", "events", "columns"}
	commandMembers = []string{"type", "data", "content"}
)

// contractMembers are all that any client's message has by the contract, whether this
// server knows it or not: none of them is a mistake for another.
var contractMembers = append([]string{
	"cursor", "snapshot", "tx", "token", "sub", "collection", "room", "broadcast", "order", "limit", "after",
}, append(helloMembers, commandMembers...)...)

func quoted(name string) string {
	b, _ := json.Marshal(name) // a string never fails
	return string(b)
}

// TestMisspeltMembers: a typo in a first message never turns a filter off.
func TestMisspeltMembers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, meant string }{
		{"filter", "filters"},
		{"Filters", "filters"},
		{"FILTER", "filters"},
		{"filtesr", "filters"},
		{"filters ", "filters"},
		{"fіlters", "filters"}, // a Cyrillic letter in it
		{"fi\u0000lters", "filters"},
		{"where", "filters"},
		{"WHERE", "filters"},
		{"column", "columns"},
		{"colums", "columns"},
		{"event", "events"},
		{"transition", "transitions"},
		{"apikey", "api_key"},
		{"apiKey", "api_key"},
		{"api-key", "api_key"},
		{"API_KEY", "api_key"},
		{"userId", "user_id"},
		{"username", "user_name"},
		{"roomTitle", "room_title"},
		{"Action", "action"},
	} {
		for _, message := range []string{
			`{"api_key":"k",%s:{"status":"paid"}}`,
			`{%s:{"status":"paid"},"api_key":1,"user_id":{}}`,        // whatever else is wrong
			`{"\u0061pi_key":"k","filters":{},%s:{"status":"paid"}}`, // beside the right one: one of them is not meant
		} {
			message = fmt.Sprintf(message, quoted(tc.name))
			_, told := protocol.ParseHello([]byte(message))
			want := fmt.Sprintf("unknown member %q: did you mean %q?", tc.name, tc.meant)
			if told == nil || told.Message != "Invalid message" || told.Detail != want || told.Code != protocol.CloseBadRequest {
				t.Errorf("%s: told %+v, want %s", message, told, want)
			}
		}
	}
	if _, told := protocol.ParseHello([]byte(`{"api_key":"k","filter":{}`)); told == nil || told.Message != "Invalid JSON" {
		t.Errorf("what is no JSON: told %v", told)
	}
}

// Members that no message has are ignored, whatever they hold: clients may be newer.
func TestUnknownMembersAreIgnored(t *testing.T) {
	t.Parallel()
	for _, name := range append([]string{
		"filters_version", "columns_order", "client", "version", "sdk", "ts", "id", "name", "user", "title", "key", "x-api-key",
		"query", "fields", "select", "here", "", "fltr", "event_types", "é", strings.Repeat("filters", 100),
	}, contractMembers...) {
		if slices.Contains(helloMembers, name) {
			continue
		}
		message := `{"api_key":"k",` + quoted(name) + `:{"filter":{"where":[]}},"filters":{"Filter":1,"where":2,"apiKey":3}}`
		h, told := protocol.ParseHello([]byte(message))
		if told != nil || string(h.Filters) != `{"Filter":1,"where":2,"apiKey":3}` {
			t.Errorf("%.60q: told %v", name, told)
		}
	}
	for _, name := range contractMembers {
		if _, told := protocol.ParseCommand([]byte(`{` + quoted(name) + `:1,"type":"message"}`)); told != nil {
			t.Errorf("%q in a later message: told %v", name, told)
		}
	}
}

// What the published clients send in their first messages.
func TestPublishedClients(t *testing.T) {
	t.Parallel()
	for _, message := range []string{
		`{"api_key":"k"}`,
		`{"api_key":"k","filters":{"status":"active"}}`,
		`{"api_key":"k","user_id":"user_123","user_name":"John Doe"}`,
		`{"api_key":"k","user_id":"user_123","user_name":"John Doe","action":"create","room_title":"General Chat"}`,
		`{"api_key":"k","user_id":"user_123","user_name":"John Doe","action":"join"}`,
	} {
		if _, told := protocol.ParseHello([]byte(message)); told != nil {
			t.Errorf("%s: %v", message, told)
		}
	}
}

// apart is the number of letters inserted, deleted, replaced or exchanged with their
// neighbour that make one text of another, no letter twice: the textbook's table.
func apart(a, b []rune) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		for j := range rows[i] {
			switch {
			case i == 0 || j == 0:
				rows[i][j] = i + j
				continue
			case a[i-1] == b[j-1]:
				rows[i][j] = rows[i-1][j-1]
			default:
				rows[i][j] = 1 + rows[i-1][j-1]
			}
			rows[i][j] = min(rows[i][j], rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

// oracleMistaken gives the members that an unknown name may be a mistake for.
func oracleMistaken(name string, members []string) (meant []string) {
	lower := strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, name)
	for _, m := range members {
		if name != m && (apart([]rune(lower), []rune(m)) <= 1 || m == "filters" && lower == "where") {
			meant = append(meant, m)
		}
	}
	return meant
}

// Every edit of one letter of every member is another member or is refused, and names
// drawn at random are refused exactly where they are that near.
func TestMistakesAreOneEditAway(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		members, parse := helloMembers, func(name string) *protocol.Error {
			_, told := protocol.ParseHello([]byte(`{"api_key":"k",` + quoted(name) + `:null}`))
			return told
		}
		if rapid.Bool().Draw(t, "later") {
			members, parse = commandMembers, func(name string) *protocol.Error {
				_, told := protocol.ParseCommand([]byte(`{"type":"message",` + quoted(name) + `:null}`))
				if told == nil && slices.Contains(oracleMistaken(name, members), "type") {
					return protocol.ErrInvalidMessage("beside type") // it is another one there
				}
				return told
			}
		}
		name := drawEdited(t, rapid.SampledFrom(members).Draw(t, "member"))
		if slices.Contains(members, name) {
			return
		}
		told, meant := parse(name), oracleMistaken(name, members)
		if (told != nil) != (len(meant) > 0) {
			t.Errorf("%q: told %v, near %q", name, told, meant)
		}
		if told != nil && told.Message != "Invalid message" {
			t.Errorf("%q: told %v", name, told)
		}
	})
}

// drawEdited edits a name up to three times.
func drawEdited(t *rapid.T, name string) string {
	runes := []rune(name)
	letter := rapid.OneOf(rapid.RuneFrom([]rune("abcdefghijklmnopqrstuvwxyz_-sS K")), rapid.Rune().Filter(utf8.ValidRune))
	for range rapid.IntRange(1, 3).Draw(t, "edits") {
		i := rapid.IntRange(0, len(runes)).Draw(t, "at")
		switch edit := rapid.IntRange(0, 4).Draw(t, "edit"); {
		case edit == 0 || i == len(runes):
			runes = slices.Insert(runes, i, letter.Draw(t, "letter"))
		case edit == 1:
			runes = slices.Delete(runes, i, i+1)
		case edit == 2:
			runes[i] = letter.Draw(t, "letter")
		case edit == 3 && i > 0:
			runes[i-1], runes[i] = runes[i], runes[i-1]
		default:
			runes = []rune(strings.ToUpper(string(runes)))
		}
	}
	return string(runes)
}
