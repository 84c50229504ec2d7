package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// healthCmd checks whether a server is ready.
type healthCmd struct {
	URL     string        `help:"Address of the server." default:"http://127.0.0.1:8080" env:"TABLEWIRE_HEALTH_URL"`
	Timeout time.Duration `help:"Longest time to wait for the answer." default:"3s"`
}

// Run requests /readyz and prints the answer. It fails unless the server is ready.
func (c *healthCmd) Run(a *app) error {
	ctx, cancel := context.WithTimeout(a.ctx, c.Timeout)
	defer cancel()
	base := strings.TrimSuffix(c.URL, "/")
	if !strings.Contains(base, "://") {
		base = "http://" + base
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("make a request to %s: %w", c.URL, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err != nil {
		return fmt.Errorf("read the server's answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server is not ready: %s", body)
	}
	_, err = fmt.Fprintf(a.stdout, "%s\n", body)
	return err
}
