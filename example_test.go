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

	"golang.org/x/sync/errgroup"

	"github.com/tablewire/tablewire"
	"github.com/tablewire/tablewire/protocol"
)

// A program serves the changes of its database next to its own routes. It ends when it is
// interrupted, and when one of its two parts fails.
func Example() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := serve(ctx)
	if err != nil {
		log.Print(err)
	}
	if problem, ok := errors.AsType[*protocol.Problem](err); ok {
		log.Print("to do: ", problem.Hint)
	}
}

func serve(ctx context.Context) error {
	server, err := tablewire.New(tablewire.Config{DatabaseURL: os.Getenv("DATABASE_URL"), APIKey: os.Getenv("API_KEY")})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/realtime/", server.Handler())
	mux.HandleFunc("/livez", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("mine\n")) })

	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", os.Getenv("LISTEN"))
	if err != nil {
		return err
	}
	host := &http.Server{Handler: mux, ConnState: server.ConnState, ReadHeaderTimeout: 10 * time.Second}
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
