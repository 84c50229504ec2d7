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

// The known members of a first message and of a command.
var (
	helloMembers   = []string{"api_key", "user_id", "user_name", "action", "room_title", "filters", "transitions", "events", "columns"}
	commandMembers = []string{"type", "data", "content"}
)

// contractMembers are all members of the wire contract, also those that this server does
// not know yet: none of them may look like a typo of another.
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
			`{%s:{"status":"paid"},"api_key":1,"user_id":{}}`,        // other members are wrong, too
			`{"\u0061pi_key":"k","filters":{},%s:{"status":"paid"}}`, // next to the right one: the client can't mean both
		} {
			message = fmt.Sprintf(message, quoted(tc.name))
			_, clientErr := protocol.ParseHello([]byte(message))
			want := fmt.Sprintf("unknown member %q: did you mean %q?", tc.name, tc.meant)
			if clientErr == nil || clientErr.Message != "Invalid message" || clientErr.Detail != want || clientErr.Code != protocol.CloseBadRequest {
				t.Errorf("%s: error %+v, want %s", message, clientErr, want)
			}
		}
	}
	if _, clientErr := protocol.ParseHello([]byte(`{"api_key":"k","filter":{}`)); clientErr == nil || clientErr.Message != "Invalid JSON" {
		t.Errorf("not JSON: error %v", clientErr)
	}
}

// Unknown members are ignored, whatever their values: clients may be newer.
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
		h, clientErr := protocol.ParseHello([]byte(message))
		if clientErr != nil || string(h.Filters) != `{"Filter":1,"where":2,"apiKey":3}` {
			t.Errorf("%.60q: error %v", name, clientErr)
		}
	}
	for _, name := range contractMembers {
		if _, clientErr := protocol.ParseCommand([]byte(`{` + quoted(name) + `:1,"type":"message"}`)); clientErr != nil {
			t.Errorf("%q in a later message: error %v", name, clientErr)
		}
	}
}

// The first messages of the published clients are accepted.
func TestPublishedClients(t *testing.T) {
	t.Parallel()
	for _, message := range []string{
		`{"api_key":"k"}`,
		`{"api_key":"k","filters":{"status":"active"}}`,
		`{"api_key":"k","user_id":"user_123","user_name":"John Doe"}`,
		`{"api_key":"k","user_id":"user_123","user_name":"John Doe","action":"create","room_title":"General Chat"}`,
		`{"api_key":"k","user_id":"user_123","user_name":"John Doe","action":"join"}`,
	} {
		if _, clientErr := protocol.ParseHello([]byte(message)); clientErr != nil {
			t.Errorf("%s: %v", message, clientErr)
		}
	}
}

// editDistance is the textbook's table: the number of letters inserted, deleted, replaced
// or exchanged with their neighbour, no letter twice (optimal string alignment).
func editDistance(a, b []rune) int {
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

// oracleTypo returns the members of which name may be a typo.
func oracleTypo(name string, members []string) (meant []string) {
	lower := strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, name)
	for _, m := range members {
		if name != m && (editDistance([]rune(lower), []rune(m)) <= 1 || m == "filters" && lower == "where") {
			meant = append(meant, m)
		}
	}
	return meant
}

// A name is refused exactly if it is one edit away from a known member.
func TestTyposAreOneEditAway(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		members, parse := helloMembers, func(name string) *protocol.Error {
			_, clientErr := protocol.ParseHello([]byte(`{"api_key":"k",` + quoted(name) + `:null}`))
			return clientErr
		}
		if rapid.Bool().Draw(t, "later") {
			members, parse = commandMembers, func(name string) *protocol.Error {
				_, clientErr := protocol.ParseCommand([]byte(`{"type":"message",` + quoted(name) + `:null}`))
				if clientErr == nil && slices.Contains(oracleTypo(name, members), "type") {
					return protocol.ErrInvalidMessage("beside type") // a command with a type ignores a typo of it
				}
				return clientErr
			}
		}
		name := drawEdited(t, rapid.SampledFrom(members).Draw(t, "member"))
		if slices.Contains(members, name) {
			return
		}
		clientErr, meant := parse(name), oracleTypo(name, members)
		if (clientErr != nil) != (len(meant) > 0) {
			t.Errorf("%q: error %v, near %q", name, clientErr, meant)
		}
		if clientErr != nil && clientErr.Message != "Invalid message" {
			t.Errorf("%q: error %v", name, clientErr)
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
