package main

import (
	"fmt"
	"io"
	"net"
	"os/exec"
)

// welcome prints the demo's addresses, and what to try.
func welcome(w io.Writer, addr net.Addr, adminURL, databaseURL, apiKey string) {
	fmt.Fprintf(w, `
  Tablewire is live. Open the page and watch the tables change:

    %s

  Change rows  %s
  Database     %s
  API key      %s
  Metrics      %s/metrics
  Next         README.md: "Use it on your database"; the page has the steps too
  Stop         Ctrl+C

`, pageURL(addr), howToChange(databaseURL), databaseURL, apiKey, adminURL)
}

// howToChange says how to change a row by hand: with the page's button and, if psql is
// installed, with a command to paste. The command changes a column that the page shows.
func howToChange(databaseURL string) string {
	const button = `press "Change a row" in the page`
	if _, err := exec.LookPath("psql"); err != nil {
		return button
	}
	return button + fmt.Sprintf(`, or paste:
               psql "%s" -c "UPDATE orders SET total = total + 5 WHERE id = (SELECT max(id) FROM orders)"`, databaseURL)
}

// pageURL returns an address of the page that a browser on this machine can open.
func pageURL(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return "http://" + addr.String() + "/"
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port) + "/"
}
