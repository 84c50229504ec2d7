package tablewire_test

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/sync/errgroup"

	"github.com/tablewire/tablewire"
	"github.com/tablewire/tablewire/protocol"
)

// A Gin application gets the routes below /realtime/, and keeps all others.
func Example_gin() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := serveGin(ctx)
	if err != nil {
		log.Print(err)
	}
	if problem, ok := errors.AsType[*protocol.Problem](err); ok {
		log.Print("to do: ", problem.Hint)
	}
}

func serveGin(ctx context.Context) error {
	server, err := tablewire.New(tablewire.Config{DatabaseURL: os.Getenv("DATABASE_URL"), APIKey: os.Getenv("API_KEY")})
	if err != nil {
		return err
	}
	app := gin.New()
	server.Routes(app)
	app.GET("/livez", func(c *gin.Context) { c.String(http.StatusOK, "mine\n") })

	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", os.Getenv("LISTEN"))
	if err != nil {
		return err
	}
	host := &http.Server{Handler: app, ConnState: server.ConnState, ReadHeaderTimeout: 10 * time.Second}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer host.Close()
		return server.Run(ctx) // until the program is interrupted, or the HTTP server fails
	})
	g.Go(func() error {
		if err := host.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	return g.Wait()
}
