// Command list is an application with one page: a list of the paid orders in a database, which
// changes when the orders do. It shows the two parts that an application adds to Tablewire:
// list.js, which follows the changes, and a route that returns the rows that exist.
//
// Start Tablewire as the README says, then run:
//
//	export TABLEWIRE_DATABASE_URL=postgres://... TABLEWIRE_API_KEY=...
//	go run ./examples/list
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

//go:embed page.html
var page string

// script is the program of the README.
//
//go:embed list.js
var script string

// paidOrders selects the rows that the page's filter matches, as one JSON array. Run it on the
// primary: a standby's rows may be older than the changes.
const paidOrders = `
SELECT coalesce(jsonb_agg(to_jsonb(o)), '[]')
FROM (SELECT id, customer, total FROM orders WHERE status = 'paid' ORDER BY id) AS o`

func main() {
	listen := flag.String("listen", "localhost:3000", "address of the page")
	tablewire := flag.String("tablewire", "localhost:8080", "address of Tablewire")
	flag.Parse()
	if err := run(*listen, *tablewire, os.Getenv("TABLEWIRE_DATABASE_URL"), os.Getenv("TABLEWIRE_API_KEY")); err != nil {
		log.Fatal(err)
	}
}

// run serves the page until the program is interrupted.
func run(listen, tablewire, databaseURL, apiKey string) error {
	if databaseURL == "" || apiKey == "" {
		return errors.New("set TABLEWIRE_DATABASE_URL and TABLEWIRE_API_KEY, as for tablewire serve")
	}
	database, err := pgx.ParseConfig(databaseURL)
	if err != nil { // its text may quote the password
		return errors.New("TABLEWIRE_DATABASE_URL can't be understood: write it as postgres://user:password@host:port/database")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: routes(database, program(tablewire, apiKey)), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	log.Printf("the list is at http://localhost:%d", l.Addr().(*net.TCPAddr).Port)
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// program returns the README's program with the address of this Tablewire and the API key.
func program(tablewire, apiKey string) string {
	key, _ := json.Marshal(apiKey) // never fails for a string
	return strings.NewReplacer("localhost:8080", tablewire, "'the key from above'", string(key)).Replace(script)
}

// routes returns the handler of the page, its program, and the rows.
func routes(database *pgx.ConnConfig, program string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { answer(w, "text/html", page) })
	mux.HandleFunc("GET /list.js", func(w http.ResponseWriter, _ *http.Request) { answer(w, "text/javascript", program) })
	mux.HandleFunc("GET /orders", func(w http.ResponseWriter, r *http.Request) {
		rows, err := orders(r.Context(), database)
		if err != nil {
			log.Printf("read the orders: %v", err)
			http.Error(w, "the orders can't be read", http.StatusInternalServerError)
			return
		}
		answer(w, "application/json", rows)
	})
	return mux
}

// orders reads the rows. It opens a connection for each request; use a pool in your application.
func orders(ctx context.Context, database *pgx.ConnConfig) (rows string, err error) {
	conn, err := pgx.ConnectConfig(ctx, database)
	if err != nil {
		return "", err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	err = conn.QueryRow(ctx, paidOrders).Scan(&rows)
	return rows, err
}

// answer writes a response.
func answer(w http.ResponseWriter, contentType, text string) {
	w.Header().Set("Content-Type", contentType+"; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(text)) // an error means that the browser has closed the connection
}
