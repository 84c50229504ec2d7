package httpapi_test

import (
	"context"
	"log"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/httpapi"
)

// A Gin application that exists takes the sockets in beside its own routes.
func ExampleServer_Routes() {
	var collections httpapi.Collections // package cdc has one
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
