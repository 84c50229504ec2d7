package httpapi

import "testing"

func TestIsPing(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]bool{
		plainPing: true, ` { "type" : "ping" } `: true, "{\r\n\t\"type\":\"ping\"\n}": true,
		``: false, ` `: false, `{"type":"ping"`: false, `{"type":"ping"}}`: false, `{"type":"ping"} x`: false,
		`{"ty pe":"ping"}`: false, `{"type":"ping "}`: false, `{"type":"message"}`: false, "{\"type\":\"ping\"\v}": false,
	} {
		if isPing([]byte(message)) != want {
			t.Errorf("%q: want %v", message, want)
		}
	}
}
