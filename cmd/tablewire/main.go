// Command tablewire streams the changes of a PostgreSQL database to browsers.
//
// The subcommands are serve, demo, setup-sql and health, a file each. Every flag is an
// environment variable too; "tablewire COMMAND --help" lists both. The program exits with 0
// after an orderly end, with 1 after an error, and with 2 if the command line is wrong.
//
// This package has flags and output; package tablewire does the work.
package main

import (
	"context"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), stopSignals()...)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	ctx, release := withParent(ctx)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	release()
	os.Exit(code)
}
