package httpapi

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tablewire/tablewire/httpapi/limit"
)

// TestRejectionsAreLogged: a client that is rejected for a mistake has a line in the log,
// which says why, without its key, its values or anybody's rows.
func TestRejectionsAreLogged(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 300)
	for name, tt := range map[string]struct{ path, message, line string }{
		"NoKey":            {"collections/users", `{}`, `msg="a client was refused: its API key is missing or wrong" path=/realtime/collections/users error="API key is required" address=127.0.0.1 count=1`},
		"WrongKey":         {"rooms/r", `{"api_key":"hush"}`, `msg="a client was refused: its API key is missing or wrong" path=/realtime/rooms/r error="Invalid API key" address=127.0.0.1 count=1`},
		"Collection":       {"collections/orders", `{"api_key":"` + testKey + `"}`, `msg="a client was refused: there is no such collection for it" path=/realtime/collections/orders error="Collection not found or access denied" reason="it was never made" address=127.0.0.1 count=1`},
		"LongCollection":   {"collections/" + long, `{"api_key":"` + testKey + `"}`, `path=/realtime/collections/xxx`},
		"NoName":           {"collections/a%00b", `{"api_key":"` + testKey + `"}`, `path="/realtime/collections/a\x00b" error="Collection not found or access denied" reason="no table can have such a name"`},
		"TwoLines":         {"collections/a%0Alevel=ERROR", `{"api_key":"` + testKey + `"}`, `path="/realtime/collections/a\nlevel=ERROR" error`},
		"Filter":           {"collections/users", `{"api_key":"` + testKey + `","filters":{"id_gte":"hush"}}`, `msg="a client was refused: its filter can't be used" path=/realtime/collections/users error="Invalid filter" reason="id_gte: the value can't be used on a column of type integer" address=127.0.0.1 count=1`},
		"FilterInGroup":    {"collections/users", `{"api_key":"` + testKey + `","filters":{"[or:a]id_in":["1","hush"]}}`, `reason="[or:a]id_in: the value can't be used on a column of type integer"`},
		"FilterIsNull":     {"collections/users", `{"api_key":"` + testKey + `","filters":{"id_isnull":"hush"}}`, `reason="id_isnull: the value can't be used on a column of type integer"`},
		"FilterNoColumn":   {"collections/users", `{"api_key":"` + testKey + `","filters":{"email":"hush"}}`, `reason="email: no such column in \"users\""`},
		"FilterOfLongName": {"collections/users", `{"api_key":"` + testKey + `","filters":{"` + long + `":"hush"}}`, `error="Invalid filter" reason=xxx`},
		"Misspelt":         {"broadcast", `{"api_key":"hush","filter":"hush"}`, `msg="a client was refused: its first message can't be used" path=/realtime/broadcast error="Invalid message" reason="unknown member \"filter\": did you mean \"filters\"?"`},
		"NotJSON":          {"broadcast", `{"api_key":hush}`, `msg="a client was refused: its first message can't be used" path=/realtime/broadcast error="Invalid JSON" address=`},
		"Events":           {"collections/users", `{"api_key":"` + testKey + `","events":["insert"]}`, `error="Invalid events" reason="\"insert\" is not an event`},
		"Columns":          {"collections/users", `{"api_key":"` + testKey + `","columns":["age"]}`, `error="Invalid columns" reason="age: no such column`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			c := w.dial(t, "/realtime/"+tt.path)
			c.send(tt.message)
			_ = c.SetReadDeadline(time.Now().Add(patient))
			for err := error(nil); err == nil; { // until it is closed
				_, _, err = c.ReadMessage()
			}
			w.stop()
			log := w.log.String()
			if !strings.Contains(log, " level=INFO msg=") || !strings.Contains(log, tt.line) || strings.Count(log, "\n") != 1 {
				t.Errorf("the log lacks a line with %s:\n%s", tt.line, log)
			}
			if strings.Contains(log, "hush") || strings.Contains(log, `secret`) || strings.Contains(log, strings.Repeat("x", 280)) {
				t.Errorf("the log says too much:\n%s", log)
			}
		})
	}
}

// TestRejectionsAreCounted: many mistakes make one line of a kind, and later one more, which
// counts the others. A plain request with a wrong key is of the same kind as a first message.
func TestRejectionsAreCounted(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for range 3 {
		for _, message := range []string{`{"api_key":"hush"}`, `{"api_key":"` + testKey + `","filters":{"nope":1}}`} {
			c := w.dial(t, "/realtime/collections/users")
			c.send(message)
			_ = c.SetReadDeadline(time.Now().Add(patient))
			for err := error(nil); err == nil; {
				_, _, err = c.ReadMessage()
			}
		}
	}
	if status, _ := w.get(t, "/realtime/rooms", "X-API-Key", "hush"); status != http.StatusUnauthorized {
		t.Errorf("the list of rooms is answered with %d", status)
	}
	w.awaitOpen(t, 0)
	w.clientLog.flush(t.Context(), time.Now().Add(limit.LogInterval))
	w.stop()
	log := w.log.String()
	for _, want := range []string{
		"its API key is missing or wrong\" path=/realtime/collections/users error=\"Invalid API key\" address=127.0.0.1 count=1\n",
		"its API key is missing or wrong\" path=/realtime/rooms error=\"Invalid API key\" address=127.0.0.1 count=3\n",
		"its filter can't be used\" path=/realtime/collections/users error=\"Invalid filter\" reason=\"nope: no such column in \\\"users\\\"\" address=127.0.0.1 count=1\n",
		" count=2\n",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s", want)
		}
	}
	if n := strings.Count(log, "\n"); n != 4 {
		t.Errorf("%d lines, want 4:\n%s", n, log)
	}
}

// TestOrdinaryEndsAreNotLogged: it is no mistake to come too late, or to ask for a room that
// does not exist.
func TestOrdinaryEndsAreNotLogged(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.AuthTimeout = 50 * time.Millisecond })
	late := w.dial(t, "/realtime/broadcast")
	late.want(`{"error":"Authentication timeout"}`)
	nowhere := w.dial(t, "/realtime/rooms/nope")
	nowhere.send(`{"api_key":"` + testKey + `"}`)
	nowhere.want(`{"error":"Room not found","room_id":"nope"}`)
	w.stop()
	if log := w.log.String(); log != "" {
		t.Errorf("the log says:\n%s", log)
	}
}
