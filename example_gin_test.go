package tablewire_test

import (
	"context"
	"log"
	"net/http"
	"os"
	"os/signal"

	"github.com/gin-gonic/gin"

	"github.com/tablewire/tablewire"
)

// A Gin application gets the routes below /realtime/, and keeps all others.
func Example_gin() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	server, err := tablewire.New(tablewire.Config{DatabaseURL: os.Getenv("DATABASE_URL"), APIKey: os.Getenv("API_KEY")})
	if err != nil {
		log.Print(err)
		return
	}
	app := gin.New()
	server.Routes(app)
	app.GET("/livez", func(c *gin.Context) { c.String(http.StatusOK, "mine\n") })
	host := &http.Server{Addr: os.Getenv("LISTEN"), Handler: app, ConnState: server.ConnState}
	go func() { log.Print(host.ListenAndServe()) }()
	err = server.Run(ctx) // until the program is interrupted
	_ = host.Close()
	log.Print(err)
}
