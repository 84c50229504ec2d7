package httpapi

import (
	"net/http"
	"testing"
)

// TestCORS: a page that may connect may list the rooms as well; no other page may.
func TestCORS(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.AllowedOrigins = []string{"https://app.example.com"} })
	for origin, allowed := range map[string]string{
		"https://app.example.com": "https://app.example.com",
		"https://evil.example":    "",
		"":                        "",
	} {
		for _, method := range []string{http.MethodOptions, http.MethodGet} {
			r, err := http.NewRequestWithContext(t.Context(), method, w.http.URL+"/realtime/rooms", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Origin", origin)
			resp, err := w.http.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if got := resp.Header.Get("Access-Control-Allow-Origin"); got != allowed {
				t.Errorf("%s from %q: allowed %q, want %q", method, origin, got, allowed)
			}
			if method == http.MethodOptions && resp.StatusCode != http.StatusNoContent {
				t.Errorf("OPTIONS from %q: %d", origin, resp.StatusCode)
			}
		}
	}
}
