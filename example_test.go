package tablewire_test

import (
	"context"
	"log"
	"net/http"
	"os"
	"os/signal"

	"github.com/tablewire/tablewire"
)

// A program serves the changes of its database next to its own routes.
func Example() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	server, err := tablewire.New(tablewire.Config{DatabaseURL: os.Getenv("DATABASE_URL"), APIKey: os.Getenv("API_KEY")})
	if err != nil {
		log.Print(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/realtime/", server.Handler())
	mux.HandleFunc("/livez", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("mine\n")) })
	host := &http.Server{Addr: os.Getenv("LISTEN"), Handler: mux, ConnState: server.ConnState}
	go func() { log.Print(host.ListenAndServe()) }()
	err = server.Run(ctx) // until the program is interrupted
	_ = host.Close()
	log.Print(err)
}
