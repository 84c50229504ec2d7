// Package page is the demo's page: it that watches tables live, with a chat and a broadcast
// beside them: one HTML document with its styles and scripts inside, which needs
// nothing but the realtime API of the server that it came from.
//
// The page is put together once, from the files in static/. It loads nothing from
// elsewhere, works offline, and its Content-Security-Policy allows only its own
// script and style, by their hashes. What comes from the database or from other
// people is shown as text; the policy's Trusted Types make any other way fail.
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

// Config is what the page is told. It is readable by everyone who can open the
// page, the key included.
type Config struct {
	// APIKey is sent in the first message of each socket.
	APIKey string `json:"api_key"`
	// Backend is the path, beside the page, of a backend that has the rows of the tables, at
	// rows/{collection}?filters={json} as a JSON array of create events, and makes or
	// changes one on a POST to change, for pages on this machine. Nothing: there is
	// none, and rows appear as they change.
	Backend string `json:"backend,omitempty"`
	// Collections are the tables that the page offers, in this order. The first is
	// watched at once.
	Collections []Collection `json:"collections"`
}

// Collection is a table that the page offers.
type Collection struct {
	// Name of the collection.
	Name string `json:"name"`
	// Key is the columns that tell one row from another. Default: id.
	Key []string `json:"key,omitempty"`
	// Badges gives the values of a column a tone each, as {"status": {"paid": "blue"}}.
	// The tones are amber, blue, violet, teal, green, red and grey; a value with none
	// is grey.
	Badges map[string]map[string]string `json:"badges,omitempty"`
	// Filters are the examples that the page offers beside the filter box.
	Filters []Filter `json:"filters,omitempty"`
	// Inserts and Updates say whether the backend makes rows of the table, and changes them.
	Inserts bool `json:"inserts,omitempty"`
	Updates bool `json:"updates,omitempty"`
}

// Filter is an example of a filter.
type Filter struct {
	Label string `json:"label"` // what it finds: "over 100"
	Text  string `json:"text"`  // as it is typed: "status=paid total_gte=100"
}

//go:embed static
var files embed.FS

// scripts in the order of their use; together they are one module.
var scripts = []string{
	"value.js", "filter.js", "rows.js", "table.js", "meter.js", "backend.js",
	"socket.js", "status.js", "wire.js",
	"person.js", "people.js", "talk.js", "speaker.js", "room.js", "broadcast.js", "chat.js",
	"main.js",
}

// Handler serves the page at / and nothing else. It is for a page on the same
// host as the API, at the path above it: the sockets are opened relative to the
// page's own address.
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

// build puts the page together and makes the policy that allows it.
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

// encode makes JSON that can stand in a script element: json.Marshal escapes <, > and &.
func encode(config Config) []byte {
	data, err := json.Marshal(config)
	if err != nil {
		panic(err) // there are only strings in it
	}
	return data
}

// source names an inline element for the policy, by its hash.
func source(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func read(name string) string {
	data, err := files.ReadFile("static/" + name)
	if err != nil {
		panic(err) // it is embedded
	}
	return string(data)
}
