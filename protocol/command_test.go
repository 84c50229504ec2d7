package protocol_test

import (
	"strings"
	"testing"

	"github.com/tablewire/tablewire/protocol"
)

// ParseCommand returns payloads byte for byte.
func TestPayloadsAreNotTouched(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{
		`null`, `"\u0041\/"`, `1e400`, `-0`, `{"a":1,"a":2}`, `[ 1 ,2 ]`, `{"b":1,"a":[{}]}`, `12345678901234567890.10`, `"\ud800"`,
	} {
		c, clientErr := protocol.ParseCommand([]byte(`{"type":"message","data":` + payload + `,"content":` + payload + `}`))
		if clientErr != nil {
			t.Errorf("%s: %v", payload, clientErr)
		} else if string(c.Data) != payload || string(c.Content) != payload {
			t.Errorf("%s became %s and %s", payload, c.Data, c.Content)
		}
	}
}

func TestParseCommandRefuses(t *testing.T) {
	t.Parallel()
	for _, m := range []string{``, `x`, `[]`, `{}`, `{"type":1}`, `{"type":"message"`, strings.Repeat(`{"data":`, 100_000)} {
		if c, clientErr := protocol.ParseCommand([]byte(m)); clientErr == nil {
			t.Errorf("%.40q was read as %+v", m, c)
		} else if clientErr.Code != 0 {
			t.Errorf("%.40q closes the socket", m)
		}
	}
}

// An error says where a message stops being JSON, in words for its author.
func TestErrorsOfInvalidJSON(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ message, want string }{
		{" \n", "the message is empty: want a JSON object"},
		{`null`, "want a JSON object"},
		{`nul`, "at byte 3: unexpected end of JSON input"},
		{`hello`, "at byte 1: invalid character 'h' looking for beginning of value"},
		{`{"type": ping}`, "at byte 10: invalid character 'p' looking for beginning of value"},
		{`{type:"ping"}`, "at byte 2: invalid character 't' looking for beginning of object key string"},
		{`{"a":{ nope:1}}`, "at byte 8: invalid character 'n' looking for beginning of object key string"},
		{`{"type":"ping", }`, "at byte 17: invalid character '}' looking for beginning of object key string"},
		{`{"type":"ping"} é`, "at byte 17: invalid character 'é' after top-level value"},
		{`{"data":[1, ]}`, "at byte 13: invalid character ']' looking for beginning of value"},
		{`{"data":[1}`, "at byte 11: invalid character '}' after array element (expecting ',' or ']')"},
		{`{"data":{"secret":"x" 1}}`, "at byte 23: invalid character '1' after object value (expecting ',' or '}')"},
		{`{"type":"ping`, "at byte 13: unexpected end of JSON input"},
		{`{"type":"\x"}`, "at byte 10: invalid escape sequence `\\x` in string"},
		{strings.Repeat("[", 100_000), "at byte 1001: nested deeper than 1000 levels"},
		{`{"type":7}`, "type: want a string, not a number"},
		{`{"type":true}`, "type: want a string, not a bool"},
		{`{"type":[]}`, "type: want a string, not an array"},
		{`{"type":{}}`, "type: want a string, not an object"},
		{`{"type":null}`, `"type" is missing: want {"type":"ping"}`},
		{`{"Type":"ping"}`, `unknown member "Type": did you mean "type"?`},
		{`{"typ":"message","content":1}`, `unknown member "typ": did you mean "type"?`},
		{`{"type":"message","contnet":1}`, `unknown member "contnet": did you mean "content"?`},
		{`{"type":"message","DATA":1}`, `unknown member "DATA": did you mean "data"?`},
		{`{"kind":"ping"}`, `"type" is missing: want {"type":"ping"}`},
	} {
		if _, clientErr := protocol.ParseCommand([]byte(tc.message)); clientErr == nil || clientErr.Detail != tc.want {
			t.Errorf("%.40q: error %v, want %s", tc.message, clientErr, tc.want)
		}
	}
}

// If a command has the member that an unknown one looks like, the unknown one is no typo.
func TestUnknownMemberBesideTheKnownOne(t *testing.T) {
	t.Parallel()
	for _, message := range []string{
		`{"type":"message","content":"hi","context":{"thread":7}}`,
		`{"date":"2026-11-30","type":"message","data":1}`,
		`{"type":"message","data":1,"meta":2,"sender":3,"user_id":"u","filter":4}`,
	} {
		if c, clientErr := protocol.ParseCommand([]byte(message)); clientErr != nil || c.Type != protocol.CommandMessage {
			t.Errorf("%s: %+v, error %v", message, c, clientErr)
		}
	}
}

func TestParseBackendMessage(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ in, body, id, name string }{
		{`{"data":{"x":1}}`, `{"x":1}`, "system", "system"},
		{`{"data":null,"user_id":"7","user_name":"Ada"}`, `null`, "7", "Ada"},
		{`{"text":"hi","user_id":"7"}`, `{"text":"hi","user_id":"7"}`, "7", "7"},
		{`{"user_name":"Ada","data":1}`, `1`, "system", "Ada"},
		{`"hi"`, `"hi"`, "system", "system"},
		{`[1, 2]`, `[1, 2]`, "system", "system"},
		{`{"user_id":7,"data":1}`, `1`, "7", "7"}, // as json_build_object has an integer
		{`{"user_id":null,"user_name":"","data":1}`, `1`, "system", "system"},
		{`{"user_id":{},"user_name":[]}`, `{"user_id":{},"user_name":[]}`, "system", "system"},
	} {
		a, err := protocol.ParseBackendMessage([]byte(tc.in), "data")
		if err != nil || string(a.Body) != tc.body || a.From != (protocol.User{ID: tc.id, Name: tc.name}) {
			t.Errorf("%s: %s from %+v, %v", tc.in, a.Body, a.From, err)
		}
	}
	for _, bad := range []string{``, `{`, `hello`, "\"\xff\"", `1 2`} {
		if _, err := protocol.ParseBackendMessage([]byte(bad), "data"); err == nil || err.Error() != "the message is not JSON" {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for bad, want := range map[string]string{
		`{"data":1,"user_id":{"a":1}}`:                                           "user_id: want a string or a number, not an object",
		`{"data":1,"user_name":true}`:                                            "user_name: want a string or a number, not a bool",
		`{"data":1,"user_id":"\u0001"}`:                                          "user_id: control characters are not allowed",
		`{"data":1,"user_id":"` + strings.Repeat("x", protocol.MaxName+1) + `"}`: "user_id: longer than 256 bytes",
	} {
		if _, err := protocol.ParseBackendMessage([]byte(bad), "data"); err == nil || err.Error() != want {
			t.Errorf("%.60q: %v, want %s", bad, err, want)
		}
	}
}
