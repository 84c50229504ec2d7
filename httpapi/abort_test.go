package httpapi

import (
	"io"
	"net/http"
	"testing"
)

// A handler behind Config.Root that gives up on its client breaks the connection off: what
// the client has of the answer does not look complete.
func TestAbortedAnswer(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) {
		c.Root = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half an ")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		})
	})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.http.URL+"/page", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err == nil {
		t.Errorf("the answer %q looks complete", body)
	}
}
