#!/bin/bash
# r3labs/sse delivers half an event, delivers comments as events, and stops without an error when the server ends the
# stream.
#
# Versions: Go module github.com/r3labs/sse/v2 v2.10.0; for comparison github.com/tmaxmax/go-sse v0.12.0.
# Guess: HTML's standard discards what has no empty line at the end of the stream, ignores a comment, and has the client
#   reconnect when a stream ends. r3labs/sse has code to reconnect, with backoff.
# Behaviour: the half of an event comes as an event, with its id. A comment, such as the usual heartbeat, comes as an
#   event without data that has the last id. When the response ends as HTTP has it, Subscribe returns nil: only errors
#   such as a reset connection make it reconnect. go-sse does what the standard says.
# Why it matters: a server that restarts in an orderly way ends its responses. The consumer gets a row that is cut off
#   ('{"id":2,"pri' is no JSON, but a number or a text that is cut off passes), takes its id for seen, and then stops
#   following without an error. Each heartbeat is an empty row.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
mkdir "$work/go"
cat >"$work/go/main.go" <<'GO'
// Command main prints what two clients deliver of streams that end.
package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	r3labs "github.com/r3labs/sse/v2"
	"github.com/tmaxmax/go-sse"
)

// A client follows the stream at url until ctx ends, and returns the error that its caller gets.
type client func(ctx context.Context, url string, deliver func(data, id string)) error

func followR3labs(ctx context.Context, url string, deliver func(data, id string)) error {
	return r3labs.NewClient(url).SubscribeRawWithContext(ctx, func(e *r3labs.Event) { deliver(string(e.Data), string(e.ID)) })
}

func followGoSSE(ctx context.Context, url string, deliver func(data, id string)) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	conn := sse.NewConnection(request)
	conn.SubscribeToAll(func(e sse.Event) { deliver(e.Data, e.LastEventID) })
	return conn.Connect()
}

// run has a client follow a stream that the server ends, until it asks again or returns.
func run(what, stream string, follow client) {
	var (
		mu       sync.Mutex
		seen     []string
		requests int
	)
	again := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		requests++
		n := requests
		mu.Unlock()
		w.Header().Set("Content-Type", "text/event-stream")
		if n == 1 {
			fmt.Fprint(w, stream)
			return
		}
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		if n == 2 {
			close(again)
		}
		<-r.Context().Done()
	}))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- follow(ctx, server.URL, func(data, id string) {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, fmt.Sprintf("%s id=%s", data, id))
		})
	}()
	var result string
	select {
	case err := <-ended:
		result = fmt.Sprint("returned ", err)
		time.Sleep(100 * time.Millisecond)
	case <-again:
		result = "asked again"
	case <-time.After(20 * time.Second):
		result = "nothing happened"
	}
	mu.Lock()
	fmt.Printf("%s: %q, %s\n", what, seen, result)
	mu.Unlock()
	cancel()
	server.CloseClientConnections()
	server.Close()
}

func main() {
	for _, stream := range []struct{ what, text string }{
		{"half an event", "retry: 100\nid: 1\ndata: 1000\n\nid: 2\ndata: 20"},
		{"a comment", "retry: 100\nid: 1\ndata: 1000\n\n: heartbeat\n\n"},
	} {
		run("r3labs/sse, "+stream.what, stream.text, followR3labs)
		run("go-sse, "+stream.what, stream.text, followGoSSE)
	}
}
GO
(
  cd "$work/go"
  go mod init finding
  go get github.com/r3labs/sse/v2@v2.10.0 github.com/tmaxmax/go-sse@v0.12.0
  go mod tidy
  go build -o follow .
) >/dev/null 2>&1 || { echo "the Go program does not build" >&2; exit 1; }
"$work/go/follow" >"$work/seen"
run_node "$work/seen" <<'JS'
const lines = require('fs').readFileSync(process.argv[2], 'utf8').trim().split('\n');
[
  'r3labs/sse, half an event: ["1000 id=1" "20 id=2"], returned <nil>', 'go-sse, half an event: ["1000 id=1"], asked again',
  'r3labs/sse, a comment: ["1000 id=1" " id=1"], returned <nil>', 'go-sse, a comment: ["1000 id=1"], asked again',
].forEach((recorded, i) => lib.see(`line ${i + 1}`, lines[i] ?? 'nothing', recorded));
lib.end();
JS
