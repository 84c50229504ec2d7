package page

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Config configures the page. It stands in the document as JSON: everybody who can open the
// page can read it, the API key included.
type Config struct {
	// APIKey is the key in the first message of each socket.
	APIKey string `json:"api_key"`

	// Backend is the path of a backend, relative to the page. The page asks it for the rows
	// that exist (GET rows/{collection}?filters={json}, answered with a JSON array of create
	// events) and, if the page was opened on this machine, to make or change a row
	// (POST change). Empty means that no backend exists: rows then appear when they change.
	Backend string `json:"backend,omitempty"`

	// Collections lists the tables that the page can show, in this order. It shows the first
	// one first.
	Collections []Collection `json:"collections"`
}

// Collection is a table that the page can show.
type Collection struct {
	// Name is the collection's name.
	Name string `json:"name"`

	// Key lists the columns of the key. Default: id.
	Key []string `json:"key,omitempty"`

	// Badges has a colour for values of a column, as in {"status": {"paid": "blue"}}. The
	// colours are amber, blue, violet, teal, green, red and grey. Values without one are grey.
	Badges map[string]map[string]string `json:"badges,omitempty"`

	// Filters are examples beside the filter box.
	Filters []Filter `json:"filters,omitempty"`

	// Inserts and Updates report whether the backend can insert a row, and update one.
	Inserts bool `json:"inserts,omitempty"`
	Updates bool `json:"updates,omitempty"`
}

// Filter is an example of a filter.
type Filter struct {
	Label string `json:"label"` // text of the button, such as "over 100"
	Text  string `json:"text"`  // the filter as a person types it, such as "status=paid total_gte=100"
}

//go:embed static
var files embed.FS

// scripts lists the scripts in the order in which they are joined into one module. A script may
// use at load time only what stands above it.
var scripts = []string{
	"value.js", "filter.js", "rows.js", "table.js", "meter.js", "backend.js",
	"socket.js", "status.js", "wire.js",
	"person.js", "people.js", "talk.js", "speaker.js", "room.js", "broadcast.js", "chat.js",
	"main.js",
}

// Handler returns a handler that serves the page at / and answers 404 on other paths. The page
// opens its sockets at realtime/, relative to its own address: serve it on the host of the API,
// one level above.
func Handler(config Config) http.Handler {
	page, policy := build(config)
	sum := sha256.Sum256(page)
	etag := `"` + hex.EncodeToString(sum[:8]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", etag)
		if r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Length", fmt.Sprint(len(page)))
		if r.Method == http.MethodGet {
			_, _ = w.Write(page)
		}
	})
}

// build joins the files into the document, and returns it with its Content-Security-Policy.
func build(config Config) (page []byte, policy string) {
	style := read("style.css")
	var script strings.Builder
	for _, name := range scripts {
		script.WriteString(read(name))
		script.WriteByte('\n')
	}
	page = []byte(strings.NewReplacer(
		"{{style}}", style,
		"{{script}}", script.String(),
		"{{config}}", string(encode(config)),
	).Replace(read("page.html")))
	policy = strings.Join([]string{
		"default-src 'none'",
		"script-src " + source(script.String()),
		"style-src " + source(style),
		"img-src data:",
		"connect-src 'self'",
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'none'",
		"require-trusted-types-for 'script'",
		"trusted-types 'none'",
	}, "; ")
	return page, policy
}

// encode returns the configuration as JSON that can stand in a script element: json.Marshal
// escapes <, > and &.
func encode(config Config) []byte {
	data, err := json.Marshal(config)
	if err != nil {
		panic(err) // strings, slices and maps of them can always be encoded
	}
	return data
}

// source returns the policy's source expression for the text of an inline element: its hash.
func source(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// read returns the text of a file in static/.
func read(name string) string {
	data, err := files.ReadFile("static/" + name)
	if err != nil {
		panic(err) // it is embedded
	}
	return string(data)
}
