package httpapi_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/httpapi"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// oneTable is a [httpapi.Collections] with a single table.
type oneTable struct{ *wal.Relation }

func (t oneTable) Resolve(_ context.Context, name string) (*wal.Relation, error) {
	if name != t.Name {
		return nil, protocol.ErrCollectionNotFound
	}
	return t.Relation, nil
}

func (oneTable) Exposed(*wal.Relation) bool { return true }

func (oneTable) Unsent(context.Context, *wal.Relation) ([]wal.UnsentColumn, error) { return nil, nil }

func (oneTable) Why(context.Context, string) string { return "there is only one table" }

// A server without a database: a client follows a table, and the test publishes a change.
func Example() {
	number := wal.Type{OID: 23, Base: 23, Name: "integer", Kind: wal.KindInt, Bits: 32}
	asJSON := func(dst, text []byte) []byte { return append(dst, text...) }
	todos := &wal.Relation{OID: 1, Schema: "public", Name: "todos", Columns: []wal.Column{wal.NewColumn("id", number, true, asJSON)}}

	hub := fanout.New(fanout.Config{})
	server, err := httpapi.New(httpapi.Config{Hub: hub, Collections: oneTable{todos}, APIKey: "secret"})
	if err != nil {
		log.Print(err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = hub.Run(ctx) })
	running.Go(func() { _ = server.Run(ctx) })
	front := httptest.NewServer(server.Handler())
	defer running.Wait()
	defer cancel()
	defer front.Close()

	url := "ws" + strings.TrimPrefix(front.URL, "http") + "/realtime/collections/todos"
	client, answer, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		log.Print(err)
		return
	}
	defer client.Close()
	defer answer.Body.Close()
	read := func() {
		if _, message, err := client.ReadMessage(); err == nil {
			fmt.Printf("%s\n", message)
		}
	}
	_ = client.WriteMessage(websocket.TextMessage, []byte(`{"api_key":"secret"}`))
	read()
	_ = hub.Publish(&wal.Batch{Changes: []wal.Change{
		{Op: wal.Create, Relation: todos, New: []wal.Value{{State: wal.Text, Text: []byte("1")}}},
	}})
	read()
	// Output:
	// {"event":"connected","collection_id":"todos","filters":{}}
	// {"event":"create","collection_id":"todos","data":{"id":1}}
}

// A Gin application mounts the realtime routes next to its own.
func ExampleServer_Routes() {
	var collections httpapi.Collections // such as cdc/catalog has
	hub := fanout.New(fanout.Config{})
	server, err := httpapi.New(httpapi.Config{Hub: hub, Collections: collections, APIKey: "secret"})
	if err != nil {
		log.Print(err)
		return
	}
	app := gin.New()
	app.GET("/hello", func(c *gin.Context) { c.String(http.StatusOK, "hello") })
	server.Routes(app)

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { _ = hub.Run(ctx) }()
	go func() { _ = server.Run(ctx) }()
	listener := &http.Server{Addr: ":8080", Handler: app, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	if err := listener.ListenAndServe(); err != nil {
		log.Print(err)
	}
}
