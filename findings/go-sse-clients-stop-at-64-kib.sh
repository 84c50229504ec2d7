#!/bin/bash
# An event of more than 64 KiB keeps two Go clients of server-sent events reconnecting, and hides what follows it.
#
# Versions: Go modules github.com/r3labs/sse/v2 v2.10.0 and github.com/tmaxmax/go-sse v0.12.0, both with their
#   defaults; for comparison github.com/launchdarkly/eventsource v1.11.0.
# Guess: an event has any length, as in browsers; a client that has a limit returns an error to its caller.
# Behaviour: bufio.Scanner's limit of 64 KiB holds for a whole event. The error "token too long" counts as a lost
#   connection: both wait, ask again and get the same event again. Subscribe and Connect return no error meanwhile, and
#   later events never come. launchdarkly/eventsource delivers both events.
# Why it matters: one row with a document of 64 KiB stops a consumer for good. It looks connected, and the server sends
#   the same event again and again. Connection.Buffer of go-sse and ClientMaxBufferSize of r3labs/sse set another limit.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
mkdir "$work/go"
cat >"$work/go/main.go" <<'GO'
// Command main prints what each client delivers of a large event and a small one, after three requests at the latest.
package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"

	launchdarkly "github.com/launchdarkly/eventsource"
	r3labs "github.com/r3labs/sse/v2"
	"github.com/tmaxmax/go-sse"
)

// A client follows the stream at url until ctx ends, counts events, and returns the error that its caller gets.
type client func(ctx context.Context, url string, events *atomic.Int64) error

func followR3labs(options ...func(*r3labs.Client)) client {
	return func(ctx context.Context, url string, events *atomic.Int64) error {
		return r3labs.NewClient(url, options...).SubscribeRawWithContext(ctx, func(*r3labs.Event) { events.Add(1) })
	}
}

func followGoSSE(limit int) client {
	return func(ctx context.Context, url string, events *atomic.Int64) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		conn := sse.NewConnection(request)
		if limit > 0 {
			conn.Buffer(nil, limit)
		}
		conn.SubscribeToAll(func(sse.Event) { events.Add(1) })
		return conn.Connect()
	}
}

func followLaunchDarkly(ctx context.Context, url string, events *atomic.Int64) error {
	stream, err := launchdarkly.SubscribeWithURL(url)
	if err != nil {
		return err
	}
	defer stream.Close()
	for {
		select {
		case <-stream.Events:
			events.Add(1)
		case <-ctx.Done():
			return nil
		}
	}
}

func run(name string, size int, follow client) {
	var events, requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprintf(w, "id: 1\ndata: %s\n\nid: 2\ndata: small\n\n", strings.Repeat("x", size))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- follow(ctx, server.URL, &events) }()
	result := "still running"
	deadline := time.After(20 * time.Second)
wait:
	for requests.Load() < 3 && events.Load() < 2 {
		select {
		case err := <-ended:
			result = fmt.Sprint("ended: ", err)
			break wait
		case <-deadline:
			break wait
		case <-time.After(10 * time.Millisecond):
		}
	}
	fmt.Printf("%s, %d: requests %d, events %d, %s\n", name, size, requests.Load(), events.Load(), result)
	cancel()
	server.CloseClientConnections()
	server.Close()
}

func main() {
	for _, size := range []int{65000, 66000} {
		run("r3labs/sse", size, followR3labs())
		run("go-sse", size, followGoSSE(0))
		run("launchdarkly/eventsource", size, followLaunchDarkly)
	}
	run("r3labs/sse with a larger limit", 66000, followR3labs(r3labs.ClientMaxBufferSize(1<<20)))
	run("go-sse with a larger limit", 66000, followGoSSE(1<<20))
}
GO
(
  cd "$work/go"
  go mod init finding
  go get github.com/r3labs/sse/v2@v2.10.0 github.com/tmaxmax/go-sse@v0.12.0 github.com/launchdarkly/eventsource@v1.11.0
  go mod tidy
  go build -o follow .
) >/dev/null 2>&1 || { echo "the Go program does not build" >&2; exit 1; }
"$work/go/follow" >"$work/seen"
run_node "$work/seen" <<'JS'
const lines = require('fs').readFileSync(process.argv[2], 'utf8').trim().split('\n');
const [both, none] = ['requests 1, events 2, still running', 'requests 3, events 0, still running'];
[['r3labs/sse, 65000', both], ['go-sse, 65000', both], ['launchdarkly/eventsource, 65000', both],
  ['r3labs/sse, 66000', none], ['go-sse, 66000', none], ['launchdarkly/eventsource, 66000', both],
  ['r3labs/sse with a larger limit, 66000', both], ['go-sse with a larger limit, 66000', both],
].forEach(([what, recorded], i) => lib.see(`line ${i + 1}`, lines[i] ?? 'nothing', `${what}: ${recorded}`));
lib.end();
JS
