package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/lmittmann/tint"
	"github.com/mattn/go-isatty"

	"github.com/tablewire/tablewire/protocol"
)

// cli is the command line: one field a subcommand, one file each.
type cli struct {
	Serve    serveCmd    `cmd:"" help:"Stream the changes of a database to browsers."`
	Demo     demoCmd     `cmd:"" help:"Show it at work, with a private PostgreSQL and a page: no database needed."`
	SetupSQL setupSQLCmd `cmd:"" name:"setup-sql" help:"Print the statements that serve would run, for making the publication and the slot by hand."`
	Health   healthCmd   `cmd:"" help:"Ask a running server whether it is ready; for container health checks."`

	Version kong.VersionFlag `help:"Print the version."`
}

// app is what a subcommand runs with.
type app struct {
	ctx            context.Context
	stdout, stderr io.Writer
}

// exitCode carries what kong wants to exit with, through a panic.
type exitCode int

// run is the program: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
	defer func() {
		if r := recover(); r != nil {
			exit, ok := r.(exitCode)
			if !ok {
				panic(r)
			}
			code = int(exit)
		}
	}()
	parser := kong.Must(&cli{},
		kong.Name("tablewire"),
		kong.Description("Tablewire follows a PostgreSQL database through logical replication and streams the changes of its tables to browsers over WebSockets."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { panic(exitCode(code)) }),
		kong.Vars{"version": version()},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	parsed, err := parser.Parse(args)
	if err != nil {
		reportUsage(stderr, err, args)
		return 2
	}
	if err := parsed.Run(&app{ctx: ctx, stdout: stdout, stderr: stderr}); err != nil {
		report(stderr, err)
		return 1
	}
	return 0
}

// reportUsage tells what is wrong with the command line. It quotes none of it where it
// has a database's URL: a shell cuts one that is not quoted at a blank or a & of its
// password, and the rest is what kong would complain of.
func reportUsage(w io.Writer, err error, args []string) {
	if slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "--database-url") || strings.Contains(arg, "://") }) {
		fmt.Fprintln(w, "tablewire: the command line can't be understood")
		fmt.Fprintln(w, "  to do: put the database's URL in single quotes, or into TABLEWIRE_DATABASE_URL; tablewire --help lists the commands and their flags")
		return
	}
	fmt.Fprintf(w, "tablewire: %v\n", err)
	fmt.Fprintln(w, "  to do: tablewire --help lists the commands and their flags")
}

// report tells the operator what went wrong and what to do about it.
func report(w io.Writer, err error) {
	fmt.Fprintf(w, "tablewire: %s\n", nameFlags(err.Error()))
	if problem, ok := errors.AsType[*protocol.Problem](err); ok {
		fmt.Fprintf(w, "  to do: %s\n", nameFlags(problem.Hint))
		fmt.Fprintf(w, "  problem: %s\n", problem.ID)
	}
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "tablewire (unknown version)"
	}
	return "tablewire " + info.Main.Version
}

// newLogger logs to w: as JSON, or as text, coloured on a terminal.
func newLogger(w io.Writer, format string, level slog.Level) *slog.Logger {
	if format == "json" {
		return slog.New(flagNamer{slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})})
	}
	file, ok := w.(*os.File)
	terminal := ok && isatty.IsTerminal(file.Fd())
	return slog.New(flagNamer{tint.NewTextHandler(w, &tint.Options{Level: level, NoColor: !terminal, TimeFormat: "15:04:05.000"})})
}
