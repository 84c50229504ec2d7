package httpapi

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tablewire/tablewire/httpapi/auth"
	"github.com/tablewire/tablewire/protocol"
)

// TestAuthenticate serves with an application's own function.
func TestAuthenticate(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	expired := &protocol.Error{Message: "Token expired", Code: protocol.CloseUnauthorized}
	w := setup(t, func(c *Config) {
		c.APIKey = ""
		c.Authenticate = func(_ context.Context, credential string) (auth.Principal, error) {
			switch {
			case down.Load():
				return auth.Principal{}, errors.New("no route to the directory")
			case credential == "expired":
				return auth.Principal{}, expired
			case credential == "careless":
				return auth.Principal{}, &protocol.Error{Message: "Go away"}
			case credential == "silent":
				return auth.Principal{}, new(protocol.Error)
			case credential == "nobody":
				return auth.Principal{}, nil
			case credential == "":
				return auth.Principal{}, errors.New("called without a key")
			}
			return auth.Principal{Project: credential}, nil
		}
	})
	key := func(key string) string { return `{"api_key":"` + key + `","user_id":"u"}` }
	for _, project := range []string{"one", "two"} {
		c := w.speak(t, "/realtime/broadcast", key(project))
		c.sees(`{"event":"connected","project_id":"` + project + `","user_id":"u"}`)
	}
	c := w.speak(t, "/realtime/broadcast", key("expired"))
	c.sees(`{"error":"Token expired"}`)
	c.wantClose(protocol.CloseUnauthorized)
	c = w.speak(t, "/realtime/broadcast", key("careless"))
	c.sees(`{"error":"Go away"}`)
	c.wantClose(protocol.CloseUnauthorized)
	c = w.speak(t, "/realtime/broadcast", key("silent"))
	c.sees(`{"error":"Invalid API key"}`)
	c.wantClose(protocol.CloseUnauthorized)
	if status, body := w.get(t, "/realtime/rooms"); status != http.StatusUnauthorized || body != `{"error":"API key is required"}` {
		t.Errorf("without a key the list of rooms is answered %d %s", status, body)
	}
	if status, body := w.get(t, "/realtime/rooms", keyHeader, "expired"); status != http.StatusUnauthorized || body != `{"error":"Token expired"}` {
		t.Errorf("the list of rooms is answered %d %s", status, body)
	}

	for range 2 {
		c = w.speak(t, "/realtime/broadcast", key("nobody"))
		c.sees(`{"error":"Invalid API key","error_detail":"Project not found"}`)
		c.wantClose(protocol.CloseUnauthorized)
	}
	down.Store(true)
	for range 2 {
		w.speak(t, "/realtime/broadcast", key("one")).wantClose(protocol.CloseRestart)
	}
	if status, body := w.get(t, "/realtime/rooms", keyHeader, "one"); status != http.StatusServiceUnavailable ||
		body != `{"error":"Authentication is not available","error_detail":"try again in a moment"}` {
		t.Errorf("the list of rooms is answered %d %s", status, body)
	}
	down.Store(false)
	w.speak(t, "/realtime/broadcast", key("one")).read()
	log := w.log.String()
	if n := strings.Count(log, "returned an empty project"); n != 1 {
		t.Errorf("the log has %d lines about the empty project, want one:\n%s", n, log)
	}
	if n := strings.Count(log, "can't be authenticated"); n != 1 || !strings.Contains(log, "can be authenticated again") {
		t.Errorf("the outage has %d lines, want one and its end:\n%s", n, log)
	}
}

// TestBackendOfAnotherProject: a key of one project sends nothing to another.
func TestBackendOfAnotherProject(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) {
		c.APIKey = ""
		c.Authenticate = func(_ context.Context, key string) (auth.Principal, error) { return auth.Principal{Project: key}, nil }
	})
	admin := w.Admin()
	for key, want := range map[string]int{"": 202, ProjectID: 202, "other": 401} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/realtime/broadcast", strings.NewReader("1"))
		r.Header.Set(keyHeader, key)
		answer := httptest.NewRecorder()
		admin.ServeHTTP(answer, r)
		if answer.Code != want {
			t.Errorf("key %q: %d, want %d", key, answer.Code, want)
		}
	}
}
