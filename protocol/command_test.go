package protocol_test

import (
	"strings"
	"testing"

	"github.com/tablewire/tablewire/protocol"
)

// What a client sends passes unchanged, byte for byte.
func TestPayloadsAreNotTouched(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{
		`null`, `"\u0041\/"`, `1e400`, `-0`, `{"a":1,"a":2}`, `[ 1 ,2 ]`, `{"b":1,"a":[{}]}`, `12345678901234567890.10`, `"\ud800"`,
	} {
		c, told := protocol.ParseCommand([]byte(`{"type":"message","data":` + payload + `,"content":` + payload + `}`))
		if told != nil {
			t.Errorf("%s: %v", payload, told)
		} else if string(c.Data) != payload || string(c.Content) != payload {
			t.Errorf("%s became %s and %s", payload, c.Data, c.Content)
		}
	}
}

func TestParseCommandRefuses(t *testing.T) {
	t.Parallel()
	for _, m := range []string{``, `x`, `[]`, `{}`, `{"type":1}`, `{"type":"message"`, strings.Repeat(`{"data":`, 100_000)} {
		if c, told := protocol.ParseCommand([]byte(m)); told == nil {
			t.Errorf("%.40q was read as %+v", m, c)
		} else if told.Code != 0 {
			t.Errorf("%.40q closes the socket", m)
		}
	}
}

func TestParseAnnouncement(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ in, body, id, name string }{
		{`{"data":{"x":1}}`, `{"x":1}`, "system", "system"},
		{`{"data":null,"user_id":"7","user_name":"Ada"}`, `null`, "7", "Ada"},
		{`{"text":"hi","user_id":"7"}`, `{"text":"hi","user_id":"7"}`, "7", "7"},
		{`{"user_name":"Ada","data":1}`, `1`, "system", "Ada"},
		{`"hi"`, `"hi"`, "system", "system"},
		{`[1, 2]`, `[1, 2]`, "system", "system"},
		{`{"user_id":7,"data":1}`, `1`, "system", "system"},
	} {
		a, err := protocol.ParseAnnouncement([]byte(tc.in), "data")
		if err != nil || string(a.Body) != tc.body || a.From != (protocol.User{ID: tc.id, Name: tc.name}) {
			t.Errorf("%s: %s from %+v, %v", tc.in, a.Body, a.From, err)
		}
	}
	for _, bad := range []string{``, `{`, `hello`, "\"\xff\"", `1 2`} {
		if _, err := protocol.ParseAnnouncement([]byte(bad), "data"); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
