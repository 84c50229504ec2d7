package protocol_test

import (
	"strings"
	"testing"

	"github.com/tablewire/tablewire/protocol"
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
		_, told := protocol.ParseHello([]byte(tc.message))
		if told == nil || !strings.HasPrefix(told.Error(), tc.want) {
			t.Errorf("%.40q: told %v, want %q", tc.message, told, tc.want)
		}
	}
}

func TestFiltersOfNullAreNone(t *testing.T) {
	t.Parallel()
	h, told := protocol.ParseHello([]byte(`{"api_key":"k","filters":null}`))
	if told != nil || h.Filters != nil {
		t.Errorf("filters %s, told %v", h.Filters, told)
	}
}

func TestCollectionNames(t *testing.T) {
	t.Parallel()
	got := protocol.CollectionTables("a.b.c")
	want := []protocol.TableName{{"public", "a.b.c"}, {"a", "b.c"}, {"a.b", "c"}}
	if len(got) != len(want) {
		t.Fatalf("%q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%q, want %q", got[i], want[i])
		}
	}
	for name, want := range map[string]protocol.TableName{"users": {"public", "users"}, "shop.orders": {"shop", "orders"}} {
		if got := want.String(); got != name {
			t.Errorf("%q is called %q", want, got)
		}
	}
}
