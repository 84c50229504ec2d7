package protocol_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

func TestParseHelloRefuses(t *testing.T) {
	for _, tc := range []struct{ message, want string }{
		{``, "Invalid JSON: the message is empty"},
		{`[]`, "Invalid JSON: want a JSON object"},
		{`"x"`, "Invalid JSON: want a JSON object"},
		{`{"api_key":`, "Invalid JSON: at byte 11"},
		{`{"api_key":1}`, "Invalid JSON: api_key: want a string"},
		{`{} {}`, "Invalid JSON: at byte 4"},
		{`{}`, "API key is required"},
		{`{"api_key":""}`, "API key is required"},
		{`{"api_key":null}`, "API key is required"},
		{strings.Repeat("[", 100_000), "Invalid JSON"},
	} {
		_, clientErr := protocol.ParseHello([]byte(tc.message))
		if clientErr == nil || !strings.HasPrefix(clientErr.Error(), tc.want) {
			t.Errorf("%.40q: error %v, want %q", tc.message, clientErr, tc.want)
		}
	}
}

// Options is strict, though ParseHello accepts any JSON for the options: other endpoints
// ignore them.
func TestSubscriptionOptions(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 100)
	for _, tc := range []struct{ members, want string }{
		{`"transitions":"true"`, "Invalid JSON: transitions: want true or false"},
		{`"transitions":1`, "Invalid JSON: transitions: want true or false"},
		{`"events":"create"`, "Invalid JSON: events: want a list of strings"},
		{`"events":[1]`, "Invalid JSON: events: want a list of strings"},
		{`"events":{}`, "Invalid JSON: events: want a list of strings"},
		{`"events":[]`, "Invalid events: the list is empty: leave it out to be sent all events"},
		{`"events":["create","updated"]`, `Invalid events: "updated" is not an event: want create, update, delete or truncate`},
		{`"events":["Create"]`, `Invalid events: "Create" is not an event: want create, update, delete or truncate`},
		{`"events":[null]`, `Invalid events: "" is not an event: want create, update, delete or truncate`},
		{`"events":["` + long + `"]`, `Invalid events: "` + long[:64] + `…" is not an event: want create, update, delete or truncate`},
		{`"columns":"id"`, "Invalid JSON: columns: want a list of strings"},
		{`"columns":[["id"]]`, "Invalid JSON: columns: want a list of strings"},
		{`"columns":["c"` + strings.Repeat(`,"c"`, protocol.MaxColumns) + `]`, "Invalid columns: the list is longer than 1600 names"},
	} {
		h, clientErr := protocol.ParseHello([]byte(`{"api_key":"k",` + tc.members + `}`))
		if clientErr != nil {
			t.Errorf("%.60q: the message itself is refused: %v", tc.members, clientErr)
			continue
		}
		_, clientErr = h.Options()
		if clientErr == nil || clientErr.Error() != tc.want || clientErr.Code != protocol.CloseBadRequest {
			t.Errorf("%.60q: error %v, want %q", tc.members, clientErr, tc.want)
		}
	}
	for _, tc := range []struct {
		members string
		want    protocol.SubscriptionOptions
	}{
		{`"user_id":"x"`, protocol.SubscriptionOptions{}},
		{`"transitions":null,"events":null,"columns":null`, protocol.SubscriptionOptions{}},
		{`"transitions":false`, protocol.SubscriptionOptions{}},
		{`"events":["truncate","update","delete","create","create"]`, protocol.SubscriptionOptions{}}, // all is as good as none
		{`"events":["truncate"]`, protocol.SubscriptionOptions{Events: wal.OpSetOf(wal.Truncate)}},
		{`"columns":[]`, protocol.SubscriptionOptions{Columns: []string{}}},
		{`"columns":["a","a"],"transitions":true`, protocol.SubscriptionOptions{Transitions: true, Columns: []string{"a", "a"}}},
	} {
		h, clientErr := protocol.ParseHello([]byte(`{"api_key":"k",` + tc.members + `}`))
		if clientErr != nil {
			t.Fatal(clientErr)
		}
		got, clientErr := h.Options()
		if clientErr != nil {
			t.Errorf("%s: %v", tc.members, clientErr)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", tc.members, diff)
		}
	}
}

func TestChooseColumns(t *testing.T) {
	t.Parallel()
	rel := users(wal.IdentityDefault)
	choose := func(names ...string) wal.Columns {
		c, err := protocol.ChooseColumns(rel, names)
		if err != nil {
			t.Error(err)
		}
		return c
	}
	if all, named := choose(), choose("id", "name", "email", "status", "created_at"); all != "" || all == named {
		t.Error("a list of all columns is not the same as none: a column that is added later is not in it")
	}
	if choose("name") != choose("name", "id", "name") {
		t.Error("the key is always chosen, and a repetition says nothing")
	}
	for _, name := range []string{"nme", "", "Name", "name "} {
		if _, err := protocol.ChooseColumns(rel, []string{"name", name}); err == nil || err.Error() != name+`: no such column in "users"` {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestFiltersOfNullAreNone(t *testing.T) {
	t.Parallel()
	h, clientErr := protocol.ParseHello([]byte(`{"api_key":"k","filters":null}`))
	if clientErr != nil || h.Filters != nil {
		t.Errorf("filters %s, error %v", h.Filters, clientErr)
	}
}
