package protocol_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tablewire/tablewire/protocol"
)

// encoding/json is the oracle: it says whether a message is JSON, at which byte it stops
// being JSON, and which members an object has. A map keeps names that differ in case apart.

// object parses a message with encoding/json; ok is false if it is not an object.
func object(message []byte) (members map[string]json.RawMessage, ok bool) {
	err := json.Unmarshal(message, &members)
	return members, err == nil && members != nil
}

// str parses a string member with encoding/json; ok is false for another type, and s is nil
// for null or a missing member.
func str(raw json.RawMessage) (s *string, ok bool) {
	if raw == nil {
		return nil, true
	}
	return s, json.Unmarshal(raw, &s) == nil
}

// checkParsers compares the parsers' results for a message with the oracle's.
func checkParsers(t interface {
	Helper()
	Errorf(format string, args ...any)
}, message []byte,
) {
	t.Helper()
	sent := bytes.Clone(message)
	report := func(parser, diff string) {
		t.Helper()
		t.Errorf("%s of %.2000q: -encoding/json +protocol\n%s", parser, sent, diff)
	}
	members, isObject := object(message)

	var wantCommand protocol.Command
	typ, ok := str(members["type"])
	refused := !isObject || !ok || typ == nil || misspelt(message, members)
	if !refused {
		wantCommand = protocol.Command{Type: *typ, Data: members["data"], Content: members["content"]}
	}
	command, clientErr := protocol.ParseCommand(message)
	if diff := cmp.Diff(wantCommand, command); diff != "" {
		report("ParseCommand", diff)
	}
	if refused != (clientErr != nil) {
		report("ParseCommand", fmt.Sprintf("refused %v, error %v", refused, clientErr))
	}
	if clientErr != nil {
		if diff := checkDetail(message, clientErr.Detail); diff != "" {
			report("ParseCommand", diff)
		}
	}

	wantHello := oracleHello(members, isObject, len(message))
	hello, clientErr := protocol.ParseHello(message)
	if clientErr != nil {
		hello = nil
		if diff := checkDetail(message, clientErr.Detail); diff != "" {
			report("ParseHello", diff)
		}
	}

	member := "content"
	wantSaid, isSaid := oracleBackendMessage(message, members, member)
	said, err := protocol.ParseBackendMessage(message, member)
	if isSaid != (err == nil) {
		report("ParseBackendMessage", fmt.Sprintf("sent %v, error %v", isSaid, err))
	}
	if diff := cmp.Diff(wantSaid, said); diff != "" && isSaid {
		report("ParseBackendMessage", diff)
	}

	if !bytes.Equal(message, sent) {
		t.Errorf("%.2000q became %.2000q", sent, message)
	}
	for i := range message { // the hello must not share the message's memory
		message[i] = '#'
	}
	if diff := cmp.Diff(wantHello, hello); diff != "" {
		report("ParseHello", diff)
	}
	if hello != nil {
		checkOptions(t, hello)
	}
}

// misspelt reports whether a command has a typo of a member that it lacks. The parser
// considers the first typo only, and a map has no order: so misspelt reads tokens.
func misspelt(message []byte, members map[string]json.RawMessage) bool {
	dec := json.NewDecoder(bytes.NewReader(message))
	_, _ = dec.Token() // the opening brace
	for dec.More() {
		name, _ := dec.Token()
		var value json.RawMessage
		_ = dec.Decode(&value)
		text, _ := name.(string)
		if slices.Contains(commandMembers, text) {
			continue
		}
		if meant := oracleTypo(text, commandMembers); len(meant) > 0 {
			return members[meant[0]] == nil
		}
	}
	return false
}

// oracleHello returns nil if ParseHello must refuse the message.
func oracleHello(members map[string]json.RawMessage, isObject bool, length int) *protocol.Hello {
	if !isObject {
		return nil
	}
	for name := range members {
		if !slices.Contains(helloMembers, name) && len(oracleTypo(name, helloMembers)) > 0 {
			return nil
		}
	}
	var h protocol.Hello
	for name, field := range map[string]struct {
		into *string
		max  int
	}{
		"api_key":    {&h.APIKey, length},
		"user_id":    {&h.UserID, protocol.MaxID},
		"user_name":  {&h.UserName, protocol.MaxName},
		"action":     {&h.Action, protocol.MaxName},
		"room_title": {&h.RoomTitle, protocol.MaxTitle},
	} {
		s, ok := str(members[name])
		if !ok || s != nil && protocol.CheckText(*s, field.max) != nil {
			return nil
		}
		if s != nil {
			*field.into = *s
		}
	}
	if h.APIKey == "" {
		return nil
	}
	for name, into := range map[string]*json.RawMessage{
		"filters": &h.Filters, "transitions": &h.Transitions, "events": &h.Events, "columns": &h.Columns,
	} {
		if raw := members[name]; raw != nil && string(raw) != "null" {
			*into = bytes.Clone(raw)
		}
	}
	return &h
}

func oracleBackendMessage(message []byte, members map[string]json.RawMessage, member string) (a protocol.BackendMessage, ok bool) {
	if !utf8.Valid(message) || !json.Valid(message) {
		return a, false
	}
	a = protocol.BackendMessage{From: protocol.System, Body: bytes.Clone(message)}
	if body, ok := members[member]; ok {
		a.Body = body
	}
	who := map[string]string{}
	for _, name := range []string{"user_id", "user_name"} {
		raw := members[name]
		s, ok := str(raw)
		if number := json.Number(""); !ok && raw[0] != '"' && json.Unmarshal(raw, &number) == nil {
			text := string(raw)
			s, ok = &text, true
		}
		ok = ok && (s == nil || protocol.CheckText(*s, protocol.MaxName) == nil)
		if _, hasBody := members[member]; !ok && hasBody {
			return a, false
		}
		if ok && s != nil {
			who[name] = *s
		}
	}
	if id := who["user_id"]; id != "" {
		a.From = protocol.User{ID: id, Name: id}
	}
	if name := who["user_name"]; name != "" {
		a.From.Name = name
	}
	return a, true
}

// checkOptions compares how Options reads the JSON of the options. The oracle can't say
// which values are allowed.
func checkOptions(t interface {
	Helper()
	Errorf(format string, args ...any)
}, h *protocol.Hello,
) {
	t.Helper()
	var transitions bool
	var events, columns []string
	ok := true
	for _, field := range []struct {
		raw  json.RawMessage
		into any
	}{{h.Transitions, &transitions}, {h.Events, &events}, {h.Columns, &columns}} {
		ok = ok && (field.raw == nil || json.Unmarshal(field.raw, field.into) == nil)
	}
	e, clientErr := h.Options()
	if refused := clientErr != nil && clientErr.Message == "Invalid JSON"; refused == ok {
		t.Errorf("options %s %s %s: error %v", h.Transitions, h.Events, h.Columns, clientErr)
	}
	if clientErr != nil {
		return
	}
	if diff := cmp.Diff(columns, e.Columns); diff != "" || e.Transitions != transitions {
		t.Errorf("options %s %s: transitions %v, columns -encoding/json +protocol\n%s", h.Transitions, h.Columns, e.Transitions, diff)
	}
}

// checkDetail compares an error's detail with encoding/json's error: both name the byte at
// which a message stops being JSON. For a bad escape encoding/json names a later byte.
func checkDetail(message []byte, detail string) string {
	var whole any
	var syntax *json.SyntaxError
	if !errors.As(json.Unmarshal(message, &whole), &syntax) {
		if strings.HasPrefix(detail, "at byte ") {
			return "an error about JSON: " + detail
		}
		return ""
	}
	if len(bytes.TrimLeft(message, " \t\r\n")) == 0 {
		return cmp.Diff("the message is empty: want a JSON object", detail)
	}
	want := fmt.Sprintf("at byte %d: ", syntax.Offset)
	if strings.HasPrefix(detail, want) || strings.Contains(detail, ": invalid escape sequence ") {
		return ""
	}
	return "got " + detail + ", want " + want + syntax.Error()
}

// FuzzParsers compares the parsers of clients' messages with encoding/json.
func FuzzParsers(f *testing.F) {
	for _, seed := range []string{
		``, ` `, `null`, `[]`, `{}`, `{} {}`, `[] x`, `{"type":`, `{"type":"ping"}`, `{"type":"message","content":[1,{"a":null}],"data":-0.5e+7}`,
		`{"type":1}`, `{"type":null}`, `{"type":"x","type":"ping"}`, `{"Type":"ping"}`, `{"\u0074ype":"p\u0069ng"}`,
		" {\t\"type\" :\r\n\"message\" , \"content\" : [ 1 , 2 ] } \n", `{"type":"\ud800","content":"\udc00\ud83d\ude00"}`, `{"type":"\ud83d"}`,
		`{"api_key":"k","filters":{"a":1},"transitions":true,"events":["create",null],"columns":["\u00e9","é"]}`,
		`{"api_key":"k","transitions":0,"events":{},"columns":[[]]}`, `{"api_key":"k","filters":null,"user_id":"\u0000"}`,
		`{"user_id":"7","user_name":"Ada","content":1}`, `{"a":01}`, `{"a":1,}`, `{"a":[1,]}`, `{"a" 1}`, `{1:2}`, `{"a":tru}`, `{"a":"` + "\x01" + `"}`,
		`{"a":"\x"}`, `{"a":"\u12"}`, "{\"api_key\":\"\xff\",\"type\":\"\xff\"}", `{"a":[}`, `{"a":]}`, `{"a":1]`, `[1}`, `]`, `-`, `1.`, `{"a":1`, `{"":""}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		if bytes.Count(message, []byte("["))+bytes.Count(message, []byte("{")) <= protocol.MaxDepth { // TestDepth tests deeper ones
			checkParsers(t, message)
		}
	})
}

// A message nested MaxDepth levels deep is parsed as the oracle parses it. A deeper one is
// refused at the byte of the first level too many, whatever follows.
func TestDepth(t *testing.T) {
	t.Parallel()
	for _, level := range [][2]string{{"[", "]"}, {`{"a":`, "}"}} {
		nested := func(depth int) string {
			return strings.Repeat(level[0], depth) + "1" + strings.Repeat(level[1], depth)
		}
		const within = protocol.MaxDepth - 1 // the message itself is a level
		for _, message := range []string{
			nested(protocol.MaxDepth),
			`{"type":"message","content":` + nested(within) + `}`,
			`{"api_key":"k","filters":` + nested(within) + `}`,
			`{"api_key":"k","other":` + nested(within) + `}`,
			`{"content":` + nested(within)[:within],
		} {
			checkParsers(t, []byte(message))
		}
		for _, value := range []string{nested(within + 1), nested(100_000), strings.Repeat(level[0], 100_000)} {
			for _, before := range []string{`{"type":"message","api_key":"k","content":`, `{"type":"message","api_key":"k","other":`} {
				want := fmt.Sprintf("at byte %d: nested deeper than 1000 levels", len(before)+within*len(level[0])+1)
				message := []byte(before + value + "}")
				_, clientErr := protocol.ParseCommand(message)
				if clientErr == nil || clientErr.Detail != want {
					t.Errorf("%.60q: error %v, want %s", message, clientErr, want)
				}
				if _, clientErr = protocol.ParseHello(message); clientErr == nil || clientErr.Detail != want {
					t.Errorf("%.60q: error %v, want %s", message, clientErr, want)
				}
			}
			if _, err := protocol.ParseBackendMessage([]byte("["+value+"]"), "content"); err == nil {
				t.Errorf("%.60q is sent", value)
			}
		}
	}
}

// The messages here are closer to JSON, and to the parsers' members, than a fuzzer's.
func TestParsersAgreeWithJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		message := []byte(drawObject(t))
		for range rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "damages") {
			i := rapid.IntRange(0, len(message)-1).Draw(t, "where")
			switch rapid.IntRange(0, 2).Draw(t, "how") {
			case 0:
				message = message[:i]
			case 1:
				message[i] = rapid.SampledFrom([]byte("{}[]\",:\\u0e-. \n\x00\x7f\xff")).Draw(t, "byte")
			case 2:
				message = append(message[:i], message[i+1:]...)
			}
			if len(message) == 0 {
				break
			}
		}
		checkParsers(t, message)
	})
}

// drawObject draws an object with members that the parsers look for.
func drawObject(t *rapid.T) string {
	var b strings.Builder
	blank := func() {
		b.WriteString(rapid.SampledFrom([]string{"", "", "", " ", "\t", "\r\n"}).Draw(t, "blank"))
	}
	blank()
	b.WriteByte('{')
	for i := range rapid.IntRange(0, 6).Draw(t, "members") {
		if i > 0 {
			b.WriteByte(',')
		}
		blank()
		b.WriteString(drawName(t))
		blank()
		b.WriteByte(':')
		blank()
		b.WriteString(drawValue(t, 3))
		blank()
	}
	b.WriteByte('}')
	blank()
	return b.String()
}

func drawName(t *rapid.T) string {
	name := rapid.SampledFrom([]string{
		"type", "data", "content", "api_key", "filters", "user_id", "user_name", "action", "room_title", "transitions", "events", "columns", "other", "", "filter", "where", "date", "contents", "apiKey", "filtesr",
	}).Draw(t, "name")
	switch rapid.IntRange(0, 5).Draw(t, "spelling") {
	case 0:
		return `"` + strings.ToUpper(name) + `"`
	case 1: // all escaped
		var b strings.Builder
		for _, c := range name {
			fmt.Fprintf(&b, `\u%04x`, c)
		}
		return `"` + b.String() + `"`
	}
	return `"` + name + `"`
}

func drawValue(t *rapid.T, depth int) string {
	kind := rapid.IntRange(0, 6).Draw(t, "kind")
	if depth == 0 {
		kind %= 4
	}
	switch kind {
	case 0, 1:
		return `"` + strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{
			"a", "message", "ping", "create", "é", "\U0001F600", `\"`, `\\`, `\/`, `\n`, `\u0000`, `\u00e9`, `\ud800`, `\udc00`, `\ud83d\ude00`, "<", "\x7f", "\u2028", " ", "{", "]",
		}), 0, 3).Draw(t, "text"), "") + `"`
	case 2:
		return rapid.SampledFrom([]string{"0", "-0", "1", "-1.50", "1e400", "12345678901234567890.10", "1E-7"}).Draw(t, "number")
	case 3:
		return rapid.SampledFrom([]string{"null", "true", "false"}).Draw(t, "literal")
	case 4:
		return drawObject(t)
	}
	elements := make([]string, rapid.IntRange(0, 3).Draw(t, "elements"))
	for i := range elements {
		elements[i] = drawValue(t, depth-1)
	}
	return "[" + strings.Join(elements, rapid.SampledFrom([]string{",", " ,\n"}).Draw(t, "comma")) + "]"
}
